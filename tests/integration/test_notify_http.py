"""Webhook and heartbeat over loopback: signature, identity, faults."""

import asyncio
import gc
import json
import warnings
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from fakes.clock import FakeClock
from fakes.delivering import until
from fakes.loopback import SELF_SIGNED, hang_up, reset, server_tls, silence, tcp_server
from fakes.notify_server import serving
from fakes.telling import incident, message

from netmon.clock import SystemClock
from netmon.errors import DeliveryError, Parked, Rejected, RetryLater, Unreachable
from netmon.notices.heartbeat import Heartbeat
from netmon.notices.http_session import HttpSettings
from netmon.notices.webhook import Webhook, signature

TOKEN, SECRET = "token-of-the-desk", "secret-of-the-desk"


@asynccontextmanager
async def desk(status=200, tls=None, **headers):
    """A server that takes everything, or answers with another status."""
    posts = []

    async def take(request):
        posts.append((dict(request.headers), await request.read()))
        return web.json_response({}, status=status, headers=headers)

    app = web.Application()
    app.router.add_post("/alerts", take)
    async with serving(app, tls) as url:
        yield f"{url}/alerts", posts


def webhook(url, **settings):
    return Webhook("desk", HttpSettings(url, **{"timeout_seconds": 10.0, **settings}), FakeClock(), SECRET)


@pytest.fixture
def told():
    stamp = FakeClock().stamp()
    return message(incident(stamp), stamp)


async def test_a_message_is_posted_signed_with_an_identity(told):
    async with desk() as (url, posts):
        hook = webhook(url, token=TOKEN)
        await hook.send(told)
        await hook.send(told, again=True)
        await hook.close()
    headers, body = posts[0]
    found = json.loads(body)
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Idempotency-Key"] == posts[1][0]["Idempotency-Key"] == told.id
    when, _, given = headers["Netmon-Signature"].partition(",v1=")
    assert given == signature(SECRET, when.removeprefix("t="), body)
    assert (found["format"], found["status"], found["again"]) == (1, "firing", False)
    assert found["incident"]["id"] == told.id.partition("/")[0]
    assert found["labels"]["alertname"] == "NetmonSite"


@pytest.mark.parametrize(
    ("status", "headers", "error", "after"),
    [
        (429, {"Retry-After": "7"}, RetryLater, 7.0),
        (503, {}, RetryLater, None),
        (502, {}, Unreachable, None),
        (401, {}, Parked, None),
        (302, {"Location": "http://192.0.2.99/"}, Parked, None),
        (400, {}, Rejected, None),
    ],
)
async def test_what_an_answer_means(told, status, headers, error, after):
    async with desk(status, **headers) as (url, posts):
        hook = webhook(url, token=TOKEN)
        with pytest.raises(error) as caught:
            await hook.send(told)
        await hook.close()
    assert getattr(caught.value, "after_seconds", None) == after
    assert len(posts) == 1, "a redirect is not followed: it would carry token and text away"
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("talk", [silence, hang_up, reset], ids=["silence", "hang up", "reset"])
async def test_no_answer_is_unreachable(talk, told):
    async with tcp_server(talk) as port:
        hook = webhook(f"http://127.0.0.1:{port}/", timeout_seconds=0.3)
        with pytest.raises(Unreachable):
            await hook.send(told)
        await hook.close()


async def test_a_certificate_must_be_good(told):
    async with desk(tls=server_tls(SELF_SIGNED)) as (url, posts):
        bad, good = webhook(url), webhook(url, ca_file=str(SELF_SIGNED))
        with pytest.raises(Parked, match="TLS"):
            await bad.send(told)
        await good.send(told)
        await bad.close()
        await good.close()
    assert len(posts) == 1


async def test_a_heartbeat_beats_and_tells_once_when_it_does_not_arrive(caplog):
    async with desk() as (url, posts):
        hook = Webhook("centre", HttpSettings(url), SystemClock())
        heart = Heartbeat(hook, 0.01, SystemClock())
        heart.site = "lib"
        task = asyncio.create_task(heart.run())
        async with asyncio.timeout(120):
            await until(lambda: heart.beats_total > 2)
        assert json.loads(posts[0][1])["sort"] == "heartbeat"
        hook._session._settings = HttpSettings("http://127.0.0.1:9")
        async with asyncio.timeout(120):
            await until(lambda: heart.missed_total > 3)
        task.cancel()
        await asyncio.wait([task])
        await hook.close()
    assert [one.levelname for one in caplog.records if "heartbeat" in one.message] == ["WARNING"]


async def test_every_fault_is_an_error_of_ours(told):
    hook = webhook("http://127.0.0.1:9/")
    with pytest.raises(DeliveryError):
        await hook.send(told)
    await hook.close()


async def test_a_heartbeat_and_a_message_at_once_open_one_session(told):
    async with desk() as (url, _):
        hook = webhook(url)
        with warnings.catch_warnings(record=True) as left_open:
            warnings.simplefilter("always", ResourceWarning)
            await asyncio.gather(hook.send(told), hook.beat("lib"))
            gc.collect()
        await hook.close()
    assert [str(one.message) for one in left_open] == []


async def test_an_answer_that_is_no_http_tells_nothing_of_a_secret_address(told):
    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nBroken header\r\n\r\n")
        await writer.drain()
        writer.close()

    async with tcp_server(talk) as port:
        hook = webhook(f"http://127.0.0.1:{port}/services/{SECRET}")
        with pytest.raises(Unreachable) as found:
            await hook.send(told)
        await hook.close()
    assert SECRET not in str(found.value)
