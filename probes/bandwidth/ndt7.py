"""ndt7: one TCP connection in a WebSocket, as M-Lab specifies; counted by the kernel, not by messages."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from netmon import sdk
from probes.bandwidth.connections import Connections
from probes.bandwidth.discard import paced
from probes.bandwidth.measured import Ask, Direction, Measured
from probes.bandwidth.meter import Meter
from probes.bandwidth.ndt7_message import (
    DOWNLOAD_PATH,
    FIRST_MESSAGE_BYTES,
    LARGEST_MESSAGE_BYTES,
    PROTOCOL,
    UPLOAD_PATH,
    next_message_bytes,
    parse_object,
    server_record,
)
from probes.bandwidth.ndt7_socket import FrameReader, message_pool, messages
from probes.bandwidth.place import AGENT, DROPPED_BYTES, Place, keep_queue_short
from probes.bandwidth.pour import pour
from probes.bandwidth.sampling import Sampling, transfer
from probes.bandwidth.upgrade import upgraded
from probes.bandwidth.web_session import WebSocket, socket_of, text_of, web_socket

Work = Callable[[], Sequence[Coroutine[object, object, None]]]
_NAME, _, _RELEASE = AGENT.partition("/")
_QUERY = {"client_name": _NAME, "client_version": _RELEASE}


@dataclass(slots=True)
class Ndt7:
    """A client of one server.

    The stop rule on counted messages errs by 7.8 %, on the kernel's bytes by 0.0 % (medians of 11 traces).
    """

    place: Place
    clock: sdk.Clock
    tls: ssl.SSLContext | None
    _record: dict[str, sdk.Json] = field(default_factory=dict)

    async def run(self, ask: Ask, meter: Meter) -> Measured:
        """Test one direction."""
        self._record = {}
        opened = self._by_kernel(ask) if self.tls is None else self._by_library(ask, self.tls)
        async with opened as (sock, work):
            connections = Connections(ask.direction, self.place.resolved.version)
            connections.add(sock)
            if not connections.told:
                raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, "this kernel does not count what came")
            sampling = Sampling(ask, meter, self.clock, connections)
            stop = await transfer(sampling, work())
            measured = sampling.measured(stop, self.place.server)
        return replace(measured, far_record=self._record)

    @asynccontextmanager
    async def _by_kernel(self, ask: Ask) -> AsyncIterator[tuple[socket.socket, Work]]:
        """Open a WebSocket whose data never pass through Python."""
        path = f"{_path(ask)}?{urlencode(_QUERY)}"
        async with upgraded(self.place, path, PROTOCOL) as sock:
            keep_queue_short(sock, DROPPED_BYTES)
            with message_pool() as pool:
                reader = FrameReader(sock, self._take)
                try:
                    if ask.direction is Direction.DOWN:
                        yield sock, lambda: [_read(reader, reader.answer)]
                    else:
                        yield (
                            sock,
                            lambda: [_read(reader), pour(sock, pool.fileno(), messages(), reader.answer)],
                        )
                finally:
                    reader.close()

    @asynccontextmanager
    async def _by_library(self, ask: Ask, tls: ssl.SSLContext) -> AsyncIterator[tuple[socket.socket, Work]]:
        """Open a WebSocket through TLS, which nobody but this process can decipher."""
        async with web_socket(self.place, _path(ask), PROTOCOL, tls, _QUERY) as ws:
            down = ask.direction is Direction.DOWN
            keep_queue_short(socket_of(ws))
            yield (
                socket_of(ws),
                lambda: [self._receive(ws)] if down else [self._receive(ws), _send(ws)],
            )

    async def _receive(self, ws: WebSocket) -> None:
        async for message in ws:
            found = text_of(message)
            if found is not None:
                self._record = server_record(found)

    def _take(self, text: bytes) -> None:
        found = parse_object(text)
        if found is not None:
            self._record = server_record(found)


def _path(ask: Ask) -> str:
    return DOWNLOAD_PATH if ask.direction is Direction.DOWN else UPLOAD_PATH


async def _read(reader: FrameReader, then: Callable[[], None] | None = None) -> None:
    """Take frames until the far end has no more."""

    def take() -> int:
        taken = reader.read()
        if then is not None:
            then()
        return taken

    with suppress(ConnectionError, BlockingIOError):
        await paced(take)


async def _send(ws: WebSocket) -> None:
    data = await asyncio.to_thread(os.urandom, LARGEST_MESSAGE_BYTES)
    message, sent_bytes = data[:FIRST_MESSAGE_BYTES], 0
    try:
        while not ws.closed:
            await ws.send_bytes(message)
            sent_bytes += len(message)
            size_bytes = next_message_bytes(len(message), sent_bytes)
            if size_bytes != len(message):
                message = data[:size_bytes]
    except ConnectionError:
        return
