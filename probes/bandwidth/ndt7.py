"""ndt7: one TCP connection in a WebSocket, as M-Lab specifies; counted by the kernel, not by messages."""

from __future__ import annotations

import asyncio
import os
import ssl
from dataclasses import dataclass, field, replace

from netmon import sdk
from probes.bandwidth.connections import Connections
from probes.bandwidth.measured import Ask, Direction, Measured
from probes.bandwidth.meter import Meter
from probes.bandwidth.ndt7_message import (
    DOWNLOAD_PATH,
    FIRST_MESSAGE_BYTES,
    LARGEST_MESSAGE_BYTES,
    PROTOCOL,
    UPLOAD_PATH,
    next_message_bytes,
    server_record,
)
from probes.bandwidth.place import AGENT, Place, keep_queue_short
from probes.bandwidth.sampling import Sampling, transfer
from probes.bandwidth.web_session import WebSocket, socket_of, text_of, web_socket


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
        down = ask.direction is Direction.DOWN
        name, _, release = AGENT.partition("/")
        query = {"client_name": name, "client_version": release}
        path = DOWNLOAD_PATH if down else UPLOAD_PATH
        async with web_socket(self.place, path, PROTOCOL, self.tls, query) as ws:
            connections = Connections(ask.direction, self.place.resolved.version)
            sock = socket_of(ws)
            keep_queue_short(sock)
            connections.add(sock)
            if not connections.told:
                raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, "this kernel does not count what came")
            sampling = Sampling(ask, meter, self.clock, connections)
            work = [self._receive(ws)] if down else [self._receive(ws), _send(ws)]
            stop = await transfer(sampling, work)
            measured = sampling.measured(stop, self.place.server)
        return replace(measured, far_record=self._record)

    async def _receive(self, ws: WebSocket) -> None:
        async for message in ws:
            found = text_of(message)
            if found is not None:
                self._record = server_record(found)


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
