"""What lies beyond the simulated line: web servers and a resolver that are late, lossy or gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from random import Random
from typing import cast

from collectors.demo.day import Moment

_BODY = b"A service beyond the line.\n"
_RESPONSE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: keep-alive\r\n"
    b"Content-Length: " + str(len(_BODY)).encode() + b"\r\n\r\n" + _BODY
)
_LARGEST_REQUEST = 8192
_ANSWERED, _ONE = b"\x81\x80", b"\x00\x01"
_TTL_SECONDS = 300
_AGAIN_AFTER_SECONDS = (1.0, 2.0, 4.0)


class Line:
    """Delays and drops what crosses it, as the moment says."""

    def __init__(self, moment: Callable[[], Moment], random: Random) -> None:
        self._moment, self._random = moment, random

    def lost(self) -> bool:
        """Tell whether a packet that crosses now is lost."""
        now = self._moment()
        return now.cut or self._random.random() < now.loss_ratio

    def delay_seconds(self) -> float:
        """Return how long a round trip takes now, with a little jitter."""
        return self._moment().rtt_seconds * self._random.uniform(0.95, 1.15)

    def cross(self, then: Callable[[], None]) -> None:
        """Call `then` after a round trip; what is lost is sent again as by TCP, then given up."""
        self._send(then, iter(_AGAIN_AFTER_SECONDS))

    def _send(self, then: Callable[[], None], again: Iterator[float]) -> None:
        asyncio.get_running_loop().call_later(self.delay_seconds(), self._arrive, then, again)

    def _arrive(self, then: Callable[[], None], again: Iterator[float]) -> None:
        if not self.lost():
            then()
        elif (wait_seconds := next(again, None)) is not None:
            asyncio.get_running_loop().call_later(wait_seconds, self._send, then, again)


class Resolver(asyncio.DatagramProtocol):
    """Answers every DNS question after the line's round trip, or not at all."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to answer."""
        # A cast, for asyncio's own datagram transport is no DatagramTransport before Python 3.12.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        """Answer later."""
        if len(data) > 12 and not self._line.lost():
            loop = asyncio.get_running_loop()
            loop.call_later(self._line.delay_seconds(), self._send, dns_reply(data), addr)

    def _send(self, reply: bytes, addr: tuple[str | object, int]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(reply, addr)


def dns_reply(query: bytes) -> bytes:
    """Return the query as an answered one: its question, and one record of its type (RFC 1035 section 4)."""
    end = 12
    while end < len(query) and query[end]:
        end += query[end] + 1
    question = query[12 : end + 5]
    kind = question[-4:]
    address = kind[:2] == _ONE
    data = b"\x7f\x00\x00\x01" if address else b"\xc0\x0c"
    record = b"\xc0\x0c" + kind + _TTL_SECONDS.to_bytes(4, "big") + len(data).to_bytes(2, "big") + data
    return query[:2] + _ANSWERED + _ONE + _ONE + bytes(4) + question + record


class Web(asyncio.Protocol):
    """Answers every request after the round trip; while the line is cut it accepts and stays silent."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._head = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to answer."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer later, once the head is whole; hang up on a head without end."""
        self._head = (self._head + data)[: _LARGEST_REQUEST + 1]
        if b"\r\n\r\n" in self._head:
            self._head = b""
            self._line.cross(self._answer)
        elif len(self._head) > _LARGEST_REQUEST and self._transport is not None:
            self._transport.close()

    def _answer(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(_RESPONSE)
            self._transport.close()


async def serve_web(line: Line, host: str) -> tuple[asyncio.Server, int]:
    """Start a web server beyond the line."""
    server = await asyncio.get_running_loop().create_server(lambda: Web(line), host, 0)
    return server, int(server.sockets[0].getsockname()[1])


async def serve_resolver(line: Line, host: str) -> tuple[asyncio.DatagramTransport, int]:
    """Start a resolver beyond the line."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Resolver(line), local_addr=(host, 0))
    return transport, int(transport.get_extra_info("sockname")[1])
