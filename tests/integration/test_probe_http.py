"""The HTTP probe against servers on loopback, most of them hostile."""

import asyncio
import gzip
import time

import pytest
from fakes.context import FakeResolver
from fakes.loopback import EXPIRED, SELF_SIGNED, hang_up, reset, silence, tcp_server
from fakes.ports import free_port
from fakes.probing import probe_once

from netmon.sdk import Outcome
from probes.http import HttpProbe

PROCESSING = "probe_http_duration_seconds processing"


def says(*pieces: bytes, heard: list[bytes] | None = None):
    """Answer every request with these bytes, and keep the connection open."""

    async def talk(reader, writer):
        request = await reader.readuntil(b"\r\n\r\n")
        if heard is not None:
            heard.append(request)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        await reader.read()

    return talk


def response(body=b"hello", status="200 OK", **headers):
    lines = {"Content-Length": str(len(body)), **{k.replace("_", "-"): v for k, v in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def redirect(location):
    return says(response(b"", "302 Found", Location=location))


async def fetch(talk, settings=None, certificate=None, timeout_seconds=5.0, **overrides):
    async with tcp_server(talk, certificate) as port:
        scheme = "http" if certificate is None else "https"
        url = f"{scheme}://localhost:{port}/page"
        return await probe_once(HttpProbe, url, settings, timeout_seconds, **overrides)


async def test_a_page_is_fetched_and_its_phases_add_up():
    heard = []
    found = await fetch(says(response(), heard=heard))
    assert found.outcome is Outcome.OK, found.detail
    assert heard[0].startswith(b"GET /page HTTP/1.1\r\n")
    assert b"Accept-Encoding: identity\r\n" in heard[0]
    expected = {
        "probe_http_status_code": 200,
        "probe_http_version": 1.1,
        "probe_http_ssl": 0,
        "probe_http_redirects": 0,
        "probe_http_content_length": 5,
        "probe_http_uncompressed_body_length": 5,
        "probe_ip_protocol": 4,
        "probe_ssl_earliest_cert_expiry": None,
        "probe_failed_due_to_regex": 0,
        "netmon_probe_kernel_timestamps": 1,
    }
    assert {name: found[name] for name in expected} == expected
    phases = [
        found[f"probe_http_duration_seconds {p}"] for p in ("resolve", "connect", "processing", "transfer")
    ]
    assert 0 < sum(phases) < found["probe_duration_seconds"]
    assert found["probe_http_duration_seconds tls"] == 0


async def test_the_first_byte_is_timed_by_the_kernel_while_the_loop_is_busy():
    async def answer_then_block(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response())
        # No look at any socket, while the answer waits in the kernel.
        asyncio.get_running_loop().call_soon(time.sleep, 0.1)
        await reader.read()

    found = await fetch(answer_then_block)
    assert found["netmon_probe_kernel_timestamps"] == 1
    assert found[PROCESSING] < 0.05
    assert found["probe_duration_seconds"] > 0.1


@pytest.mark.parametrize(
    ("talk", "settings", "outcome"),
    [
        (says(response(status="404 Not Found")), {}, Outcome.REJECTED),
        (says(response(status="404 Not Found")), {"valid_status": "404"}, Outcome.OK),
        (says(response(status="401 Unauthorized")), {}, Outcome.DENIED),
        (says(response(b"all is well")), {"body_pattern": "well$"}, Outcome.OK),
        (says(response(b"all is lost")), {"body_pattern": "well$"}, Outcome.REJECTED),
        (says(response(b"", Content_Length="5")), {"method": "HEAD"}, Outcome.OK),
        (says(b"HTTP/1.1 103 Early Hints\r\n\r\n", response()), {}, Outcome.OK),
        (hang_up, {}, Outcome.GARBLED),
        (reset, {}, Outcome.GARBLED),
        (says(b"SSH-2.0-no web server here\r\n\r\n"), {}, Outcome.GARBLED),
        (says(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000), {}, Outcome.GARBLED),
        (says(b"HTTP/1.1 103 Wait\r\n\r\n" * 5000), {"max_bytes": "1kB"}, Outcome.GARBLED),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), {}, Outcome.GARBLED),
    ],
    ids=[
        "404", "404 wanted", "401", "pattern", "other pattern", "HEAD", "early hints", "hangs up", "resets",
        "not HTTP", "endless header", "endless hints", "negative length",
    ],
)  # fmt: skip
async def test_an_answer_has_its_outcome(talk, settings, outcome):
    found = await fetch(talk, settings)
    assert found.outcome is outcome, found.detail


async def test_a_body_that_ends_too_early_is_garbled():
    async def cut_off(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf")

    assert (await fetch(cut_off)).outcome is Outcome.GARBLED


async def test_a_body_without_end_is_cut_at_the_limit():
    async def pour(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")
            await writer.drain()

    found = await fetch(pour, {"max_bytes": "200kB"})
    assert (found.outcome, found["probe_http_status_code"]) == (Outcome.PARTIAL, 200)
    assert found["probe_http_uncompressed_body_length"] is None


async def test_an_announced_gigabyte_is_not_fetched():
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
    found = await fetch(says(head, b"x" * 300_000), {"max_bytes": "100kB"})
    assert (found.outcome, found["probe_http_content_length"]) == (Outcome.PARTIAL, 1_000_000_000)


async def test_a_gzip_bomb_is_not_unpacked():
    bomb = gzip.compress(bytes(20_000_000))
    found = await fetch(says(response(bomb, Content_Encoding="gzip")))
    assert found.outcome is Outcome.OK
    assert found["probe_http_content_length"] == len(bomb) < 50_000
    assert found["probe_http_uncompressed_body_length"] is None


async def test_silence_is_a_timeout():
    found = await fetch(silence, timeout_seconds=0.2)
    assert (found.outcome, found["probe_success"]) == (Outcome.TIMEOUT, 0)


async def test_a_closed_port_refuses():
    found = await probe_once(HttpProbe, f"http://127.0.0.1:{free_port()}/")
    assert found.outcome is Outcome.REFUSED


async def test_redirects_are_followed_and_counted():
    async def talk(reader, writer):
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        done = path == b"/3"
        step = int(path[1:]) if path[1:].isdigit() else 0
        moved = response(b"", "301 Moved Permanently", Location=f"/{step + 1}")
        writer.write(response() if done else moved)
        await reader.read()

    found = await fetch(talk)
    assert (found.outcome, found["probe_http_redirects"]) == (Outcome.OK, 3)


async def test_a_redirect_is_an_answer_when_it_is_not_to_be_followed():
    found = await fetch(redirect("/elsewhere"), {"follow_redirects": False, "valid_status": "302"})
    assert (found.outcome, found["probe_http_status_code"]) == (Outcome.OK, 302)


async def test_a_redirect_in_a_circle_ends():
    found = await fetch(redirect("/page"))
    assert found.outcome is Outcome.REJECTED
    assert "more than 5 redirects" in found.detail


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://metadata.test/",
        "http://0.0.0.0/",
        "file:///etc/passwd",
    ],
)
async def test_a_redirect_through_the_fence_is_refused(location):
    resolver = FakeResolver({"metadata.test": ("169.254.169.254",)})
    found = await fetch(redirect(location), resolver=resolver)
    assert found.outcome is Outcome.REJECTED, found.detail


async def test_configured_headers_do_not_leave_for_another_origin():
    heard_first, heard_second = [], []
    async with tcp_server(says(response(), heard=heard_second)) as second:
        moved = response(b"", "302 Found", Location=f"http://localhost:{second}/")
        found = await fetch(says(moved, heard=heard_first), {"headers": {"Authorization": "Bearer x"}})
    assert found.outcome is Outcome.OK
    assert b"authorization: bearer x" in heard_first[0].lower()
    assert b"authorization" not in heard_second[0].lower()


async def test_a_trusted_certificate_and_when_it_ends():
    found = await fetch(says(response()), {"ca_file": str(SELF_SIGNED)}, SELF_SIGNED)
    assert (found.outcome, found["probe_http_ssl"]) == (Outcome.OK, 1), found.detail
    assert found["probe_ssl_earliest_cert_expiry"] == 4_102_444_800.0
    assert found["probe_http_duration_seconds tls"] > 0
    assert found["netmon_probe_kernel_timestamps"] == 1


@pytest.mark.parametrize(
    ("certificate", "settings", "host", "reason"),
    [
        (SELF_SIGNED, {}, "localhost", "self-signed"),
        (EXPIRED, {"ca_file": str(EXPIRED)}, "localhost", "expired"),
        (SELF_SIGNED, {"ca_file": str(SELF_SIGNED)}, "other.test", "other.test"),
    ],
    ids=["self-signed", "expired", "wrong name"],
)
async def test_a_certificate_that_is_not_to_be_trusted_is_rejected(certificate, settings, host, reason):
    resolver = FakeResolver({"other.test": ("127.0.0.1",)})
    async with tcp_server(says(response()), certificate) as port:
        found = await probe_once(HttpProbe, f"https://{host}:{port}/", settings, resolver=resolver)
    assert found.outcome is Outcome.REJECTED
    assert reason in found.detail
    assert (found["probe_http_ssl"], found["probe_http_status_code"]) == (1, None)


async def test_without_verification_an_expired_certificate_is_reported():
    found = await fetch(says(response()), {"verify": False}, EXPIRED)
    assert (found.outcome, found["probe_ssl_earliest_cert_expiry"]) == (Outcome.OK, 1_609_459_200.0)


async def test_a_handshake_that_stalls_is_a_timeout():
    async with tcp_server(silence) as port:
        found = await probe_once(HttpProbe, f"https://127.0.0.1:{port}/", {"verify": False}, 0.2)
    assert found.outcome is Outcome.TIMEOUT


async def test_a_handshake_that_is_no_tls_is_garbled():
    async def not_tls(reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()

    for talk in (hang_up, not_tls):
        async with tcp_server(talk) as port:
            found = await probe_once(HttpProbe, f"https://127.0.0.1:{port}/", {"verify": False})
        assert found.outcome is Outcome.GARBLED, found.detail


async def test_nothing_is_left_open_after_a_probe_is_cancelled():
    connected, gone = asyncio.Event(), asyncio.Event()

    async def watch(reader, _writer):
        connected.set()
        while await reader.read(1000):
            pass
        gone.set()

    async with tcp_server(watch) as port, asyncio.timeout(5):
        probing = asyncio.create_task(probe_once(HttpProbe, f"http://127.0.0.1:{port}/"))
        await connected.wait()
        probing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await probing
        await gone.wait()
