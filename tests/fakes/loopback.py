"""Servers on loopback, port 0, that behave as a test tells them to."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

TLS = Path(__file__).parents[1] / "fixtures" / "tls"
SELF_SIGNED = TLS / "self_signed_until_2100.pem"
EXPIRED = TLS / "expired_in_2021.pem"

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def tcp_server(talk: Talk, certificate: Path | None = None, port: int = 0) -> AsyncIterator[int]:
    """Serve connections with `talk`, each closed when it returns; gives the port."""
    talking: set[asyncio.Task] = set()

    async def serve(reader, writer):
        talking.add(asyncio.current_task())
        try:
            # Cancelled is how the test's end reaches a server that waits; nobody else asks for this task.
            with suppress(ConnectionError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await talk(reader, writer)
        finally:
            talking.discard(asyncio.current_task())
            writer.close()
            with suppress(ConnectionError, ssl.SSLError, TimeoutError):
                await writer.wait_closed()

    server = await asyncio.start_server(
        serve, "127.0.0.1", port, ssl=server_tls(certificate), ssl_shutdown_timeout=tls_only(certificate)
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tuple(talking):
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)


def server_tls(certificate: Path | ssl.SSLContext | None) -> ssl.SSLContext | None:
    if certificate is None or isinstance(certificate, ssl.SSLContext):
        return certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def tls_only(certificate: Path | None) -> float | None:
    return None if certificate is None else 0.1


async def silence(_reader, _writer) -> None:
    """Accept, and never say a word."""
    await asyncio.Event().wait()


async def hang_up(_reader, _writer) -> None:
    """Accept, and close at once."""


async def reset(_reader, writer) -> None:
    """Accept, and answer with a reset."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class UdpServer(asyncio.DatagramProtocol):
    """Answers each datagram with what `answer` returns for it."""

    def __init__(self, answer: Callable[[bytes], list[bytes]]) -> None:
        self.answer = answer
        self.heard: list[bytes] = []

    def connection_made(self, transport):
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data, addr):
        self.heard.append(data)
        for reply in self.answer(data):
            self.transport.sendto(reply, addr)


@asynccontextmanager
async def udp_server(answer: Callable[[bytes], list[bytes]]) -> AsyncIterator[UdpServer]:
    """Serve datagrams."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(
        lambda: UdpServer(answer), local_addr=("127.0.0.1", 0)
    )
    try:
        yield server
    finally:
        transport.close()
