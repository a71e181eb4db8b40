"""An InfluxDB that fails as told, and remembers what it has taken."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_REASONS = {204: "No Content", 302: "Found", 429: "Too Many Requests"}


@dataclass(frozen=True)
class Reply:
    """What the next write is answered with. `commit` says whether its lines are kept all the same."""

    status: int = 204
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    commit: bool = False
    hang: bool = False
    cut: bool = False


def error(status: int, words: str, **headers: str) -> Reply:
    """An answer in InfluxDB's own form."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json.dumps({"error": words}).encode(), named)


@dataclass
class Request:
    """One request that came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class FaultyInflux:
    """Takes writes; `replies` are used up first, `forbidden` words are refused for ever."""

    version: str = "1.6.7"
    write_status: int = 204
    replies: deque[Reply] = field(default_factory=deque)
    forbidden: Sequence[bytes] = ()
    max_lines: int = 1_000_000
    taken: list[bytes] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    answers: dict[str, Reply] = field(default_factory=dict)
    url: str = ""

    def writes(self) -> list[Request]:
        return [one for one in self.requests if "write" in one.target]

    def _reply(self, request: Request) -> Reply:
        path = request.target.partition("?")[0]
        known = self.answers.get(f"{request.method} {path}")
        if known is not None:
            return known
        if path == "/ping":
            return Reply(204, headers={"X-Influxdb-Version": self.version} if self.version else {})
        if not path.endswith("write"):
            return error(404, "not found")
        lines = request.body.split(b"\n")
        reply = self.replies.popleft() if self.replies else self._judge(lines)
        if reply.commit or (reply.status == 204 and not reply.hang):
            self.taken += [line for line in lines if not self._bad(line)]
        return reply

    def _judge(self, lines: list[bytes]) -> Reply:
        if len(lines) > self.max_lines:
            return error(413, "Request Entity Too Large")
        bad = sum(map(self._bad, lines))
        if bad:
            reply = error(400, f"partial write: field type conflict dropped={bad}")
            return Reply(reply.status, reply.body, commit=True)
        return Reply(self.write_status)

    def _bad(self, line: bytes) -> bool:
        return any(word in line for word in self.forbidden)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await read_request(reader):
                self.requests.append(request)
                reply = self._reply(request)
                if reply.hang:
                    await reader.read()
                if reply.hang or reply.cut:
                    break
                writer.write(encoded(reply))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def faulty_influx(tls: ssl.SSLContext | None = None, **settings: object) -> AsyncIterator[FaultyInflux]:
    """Serve on a loopback port until the test ends."""
    fake = FaultyInflux(**settings)
    server = await asyncio.start_server(fake._serve, "127.0.0.1", 0, ssl=tls)
    fake.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield fake


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
    if not head:
        return None
    first, *lines = head.decode().split("\r\n")[:-2]
    method, target, _ = first.split(" ")
    headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    if headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    return Request(method, target, headers, body)


def encoded(reply: Reply) -> bytes:
    headers = dict(reply.headers)
    if reply.status != 204:
        headers["Content-Length"] = str(len(reply.body))
    lines = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
    return f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'X')}\r\n{lines}\r\n".encode() + reply.body
