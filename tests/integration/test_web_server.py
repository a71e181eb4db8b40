"""The web server as clients meet it: real sockets on loopback, a made-up site behind it."""

import asyncio
import json
import socket
import ssl
import subprocess
from base64 import b64encode
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from hashlib import sha256

import aiohttp
import pytest
from fakes.context import FakeClock
from fakes.site_sample import sample_site

from netmon.clock import SystemClock
from netmon.errors import ConfigError, Mistake, NetmonError
from netmon.web.server import WebServer
from netmon.web.settings import Limits, Tls, WebSettings

TOKEN = "0123456789abcdef0123456789abcdef"
ACTION = b"POST /-/reload HTTP/1.1\r\nHost: localhost\r\n"
LOOPBACK = WebSettings(listen="127.0.0.1:0")


@dataclass
class Answer:
    """A response that was read to its end."""

    status: int
    headers: Mapping[str, str]
    content_type: str
    body: bytes

    @property
    def problem(self):
        assert self.content_type == "application/problem+json"
        return json.loads(self.body)


class Running:
    """A server and a client of it."""

    def __init__(self, server, site, session):
        self.server, self.site, self.session = server, site, session

    @property
    def base(self):
        return f"http://{self.server.addresses[0]}"

    async def get(self, path, **options):
        return await self.ask("GET", path, **options)

    async def ask(self, method, path, base=None, **options):
        async with self.session.request(method, (base or self.base) + path, **options) as answer:
            return Answer(answer.status, answer.headers, answer.content_type, await answer.read())

    async def open(self, which=0):
        host, port = self.server.addresses[which].rsplit(":", 1)
        return await asyncio.open_connection(host, int(port))


@asynccontextmanager
async def serving(settings=LOOPBACK, site=None):
    site = site or sample_site(FakeClock())
    server = WebServer(site, settings)
    await server.start()
    try:
        async with asyncio.timeout(20), aiohttp.ClientSession() as session:
            yield Running(server, site, session)
    finally:
        await server.stop()


async def test_the_page_and_its_files_come_with_headers_that_keep_them_safe():
    async with serving() as web:
        for path, content_type in (
            ("/", "text/html"),
            ("/device?name=sw1", "text/html"),
            ("/static/netmon.css", "text/css"),
            ("/static/refresh.js", "text/javascript"),
            ("/static/icon.svg", "image/svg+xml"),
        ):
            answer = await web.get(path)
            assert (answer.status, answer.content_type) == (200, content_type)
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "style-src 'self'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["Server"] == "netmon"
            assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "path",
    ["/static/../server.py", "/static/%2e%2e/server.py", "/static/", "/static/page.html", "/etc/passwd"],
)
async def test_only_files_of_the_table_are_served(path):
    async with serving() as web:
        reader, writer = await web.open()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        head = (await reader.read()).decode()
        writer.close()
        assert head.startswith("HTTP/1.1 404 ")


async def test_a_page_of_another_name_that_points_here_learns_nothing():
    async with serving() as web:
        answer = await web.get("/api/v1/verdict", headers={"Host": "rebound.example"})
        assert answer.status == 421
        assert "allowed_hosts" in answer.problem["detail"]
    async with serving(replace(LOOPBACK, allowed_hosts=("netmon.example",))) as web:
        assert (await web.get("/", headers={"Host": "netmon.example"})).status == 200


async def test_healthy_at_once_and_ready_when_the_sources_run():
    async with serving() as web:
        web.site.is_ready = False
        assert (await web.get("/-/healthy")).status == 200
        assert (await web.get("/-/ready")).status == 503
        web.site.is_ready = True
        assert (await web.get("/-/ready")).status == 200


async def test_the_scrape_is_what_the_daemon_exposes():
    async with serving() as web:
        web.site.pieces = tuple(f"x{n} 1\n".encode() * 1000 for n in range(100))
        answer = await web.get("/metrics")
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert answer.body == b"".join(web.site.pieces)
        assert (await web.ask("HEAD", "/metrics")).status == 200


async def test_a_scrape_storm_is_told_to_come_back():
    async with serving(replace(LOOPBACK, limits=Limits(scrapes_at_once=1))) as web:
        web.site.pieces = (b"x 1\n" * 10_000,) * 2000
        reader, writer = await web.open()
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readexactly(1000)
        answer = await web.get("/metrics")
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "1"
        writer.transport.abort()


async def test_reload_applies_or_says_every_mistake():
    async with serving() as web:
        assert (await web.ask("POST", "/-/reload")).status == 200
        assert (await web.ask("PUT", "/-/reload")).status == 200
        assert web.site.reloads == 2
        web.site.reload_error = ConfigError((Mistake("netmon.toml", "web.lisen", "is unknown", "listen?"),))
        answer = await web.ask("POST", "/-/reload")
        assert answer.status == 500
        assert answer.problem["mistakes"] == [
            {"file": "netmon.toml", "path": "web.lisen", "problem": "is unknown", "hint": "listen?"}
        ]


async def test_another_site_cannot_reload_through_a_browser():
    async with serving() as web:
        for origin in ("http://evil.example", "null", "http://127.0.0.1:1"):
            assert (await web.ask("POST", "/-/reload", headers={"Origin": origin})).status == 403
        own = {"Origin": web.base}
        assert (await web.ask("POST", "/-/reload", headers=own)).status == 200
        assert web.site.reloads == 1


async def test_a_get_never_acts():
    async with serving() as web:
        answer = await web.get("/-/reload")
        assert answer.status == 405
        assert set(answer.headers["Allow"].split(",")) == {"POST", "PUT"}
        assert web.site.reloads == 0


async def test_with_a_token_everything_but_signs_of_life_needs_it():
    settings = replace(LOOPBACK, token_sha256=(sha256(TOKEN.encode()).hexdigest(),))
    async with serving(settings) as web:
        for path in ("/", "/metrics", "/api/v1/verdict", "/static/netmon.css"):
            assert (await web.get(path)).status == 401
            assert (await web.get(path, headers={"Authorization": f"Bearer {TOKEN}"})).status == 200
            basic = {"Authorization": "Basic " + b64encode(f"me:{TOKEN}".encode()).decode()}
            assert (await web.get(path, headers=basic)).status == 200
        assert (await web.ask("POST", "/-/reload")).status == 401
        assert (await web.get("/-/healthy")).status == 200
        assert (await web.get("/-/ready")).status == 200
        statuses = [
            (await web.get("/metrics", headers={"Authorization": "Bearer wrong"})).status for _ in range(7)
        ]
        assert statuses == [401] * 5 + [429] * 2


async def test_an_idle_a_slow_and_a_deaf_client_are_let_go():
    limits = Limits(head_seconds=0.2)
    async with serving(replace(LOOPBACK, limits=limits)) as web:
        web.site.pieces = (b"x 1\n" * 10_000,) * 500
        idle, slow, deaf = [await web.open() for _ in range(3)]
        slow[1].write(b"GET / HTTP/1.1\r\nHost: lo")
        deaf[1].write(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with asyncio.timeout(5):
            assert await idle[0].read() == b""
            assert await slow[0].read() == b""
            while web.server._listeners[0].door.open:  # noqa: ASYNC110 - the server has no event for it
                await asyncio.sleep(0.02)
        for _, writer in (idle, slow, deaf):
            writer.transport.abort()


async def test_more_connections_than_fit_are_closed_and_counted():
    async with serving(replace(LOOPBACK, limits=Limits(connections=3))) as web:
        kept = [await web.open() for _ in range(3)]
        refused_reader, refused = await web.open()
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await refused_reader.readexactly(1)
        assert web.server.refused_connections_total == 1
        for _, writer in (*kept, (None, refused)):
            writer.transport.abort()


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        ACTION + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
        ACTION + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET http://[ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
    ids=["huge head", "two framings", "two lengths", "TLS to plain", "broken target"],
)
async def test_what_is_not_http_is_refused_and_kept_out_of_the_log(request_bytes, caplog):
    async with serving(replace(LOOPBACK, limits=Limits(head_seconds=0.2))) as web:
        reader, writer = await web.open()
        writer.write(request_bytes)
        head = await reader.read()
        writer.close()
        assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
        # TLS to a plain port is so common a mistake that aiohttp itself does not log it.
        assert web.server.bad_requests_total == (1 if b"HTTP" in request_bytes else 0)
        assert web.site.reloads == 0
        assert (await web.get("/-/healthy")).status == 200
    assert [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []


async def test_the_technician_page_shows_and_changes_nothing():
    settings = replace(LOOPBACK, technician="0.0.0.0:0")
    async with serving(settings, sample_site(FakeClock(), line_down=True)) as web:
        base = "http://127.0.0.1:" + web.server.addresses[1].rsplit(":", 1)[1]
        answer = await web.get("/", base=base)
        assert answer.status == 200
        assert len(answer.body) < 50_000
        assert "style-src 'sha256-" in answer.headers["Content-Security-Policy"]
        assert b"The line is down." in answer.body
        for path in ("/metrics", "/api/v1/verdict", "/-/reload", "/api/openapi.json", "/static/netmon.css"):
            assert (await web.get(path, base=base)).status == 404
        assert (await web.ask("POST", "/", base=base)).status == 405


async def test_who_calls_the_technician_page_by_a_strange_name_is_told_the_address_in_plain_words():
    settings = replace(LOOPBACK, technician="0.0.0.0:0")
    async with serving(settings) as web:
        base = "http://127.0.0.1:" + web.server.addresses[1].rsplit(":", 1)[1]
        answer = await web.get("/", base=base, headers={"Host": "rebound.example"})
        assert answer.status == 421
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.body.decode() == f"This box does not go by that name.\nThe page is at {base}/\n"
        assert (await web.get("/", base=base, headers={"Host": "netmon.local:9878"})).status == 200


async def test_the_technician_page_has_a_rate_limit():
    limits = Limits(technician_requests_per_minute=3)
    async with serving(replace(LOOPBACK, technician="127.0.0.1:0", limits=limits)) as web:
        base = f"http://{web.server.addresses[1]}"
        assert [(await web.get("/", base=base)).status for _ in range(5)] == [200, 200, 200, 429, 429]


async def test_a_history_that_is_in_trouble_leaves_the_pages_standing():
    async with serving() as web:
        web.site.stuck = True
        assert (await web.get("/")).status == 200
        answer = await web.get("/api/v1/readings?measurement=icmp")
        assert answer.status == 503
        assert answer.problem["detail"] == "the history cannot be read: the disk does not answer"


async def test_a_history_that_hangs_costs_the_page_its_deadline_only():
    site = sample_site(SystemClock())

    async def never(_question):
        await asyncio.Event().wait()

    site.query = never
    async with serving(replace(LOOPBACK, technician="127.0.0.1:0"), site) as web:
        loop = asyncio.get_running_loop()
        slow = asyncio.ensure_future(web.get("/"))
        await asyncio.sleep(0)
        began = loop.time()
        assert (await web.get("/", base=f"http://{web.server.addresses[1]}")).status == 200
        assert loop.time() - began < 1
        assert (await slow).status == 200
        assert loop.time() - began < 4


async def test_an_answer_that_takes_too_long_is_a_problem_with_advice():
    site = sample_site(FakeClock())

    async def never(_question):
        await asyncio.Event().wait()

    site.query = never
    async with serving(replace(LOOPBACK, limits=Limits(answer_seconds=0.05)), site) as web:
        answer = await web.get("/api/v1/events")
        assert answer.status == 503
        assert "ask for less" in answer.problem["detail"]


async def test_tls_is_spoken_with_the_configured_certificate(tmp_path):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(  # noqa: ASYNC221 - before anything runs
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    settings = WebSettings(listen="127.0.0.1:0", tls=Tls(certificate, key))
    async with serving(settings) as web:
        trust = ssl.create_default_context(cafile=certificate)
        answer = await web.get("/-/healthy", base=f"https://{web.server.addresses[0]}", ssl=trust)
        assert answer.status == 200
    key.write_text("nonsense")
    with pytest.raises(NetmonError, match="are not a certificate and its key"):
        await WebServer(sample_site(FakeClock()), settings).start()


async def test_an_address_that_is_taken_is_said_in_words():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        server = WebServer(sample_site(FakeClock()), WebSettings(listen=address))
        with pytest.raises(NetmonError, match=f"cannot listen on {address}"):
            await server.start()


async def test_stopping_ends_open_connections_and_may_be_done_twice():
    server = WebServer(sample_site(FakeClock()), replace(LOOPBACK, limits=Limits(stop_seconds=0.1)))
    await server.start()
    host, port = server.addresses[0].rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    async with asyncio.timeout(5):
        await server.stop()
        await server.stop()
        assert await reader.read() == b""
    writer.close()
