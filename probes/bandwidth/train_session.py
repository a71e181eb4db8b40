"""Our end of a session of trains with another netmon."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from netmon import sdk
from probes.bandwidth.measured import Direction
from probes.bandwidth.meter import Meter
from probes.bandwidth.ndt7_message import own_record
from probes.bandwidth.place import Place
from probes.bandwidth.train_talk import (
    FAR_SECONDS,
    LARGEST_ARRIVALS_BYTES,
    TRAINS_PATH,
    TRAINS_PROTOCOL,
    decode_arrivals,
    said_of,
)
from probes.bandwidth.train_wire import Arrivals, Order, TrainSocket
from probes.bandwidth.web_session import WebSocket, socket_of, text_of, web_socket
from probes.binding import bind

_PATIENCE_SECONDS = 3.0
_KNOCKS = 5
_WORD_BYTES = 200


@dataclass(slots=True)
class TrainSession:
    """Sends and takes trains by one WebSocket and one UDP socket."""

    ws: WebSocket
    wire: TrainSocket
    to: tuple[str, int]
    meter: Meter
    local_address: str
    threads: sdk.DaemonThreads = field(default_factory=lambda: sdk.DaemonThreads(1, "trains"))
    _trains: int = 0

    async def train(
        self, direction: Direction, packets: int, packet_bytes: int, bits_per_second: float
    ) -> Arrivals:
        """Have one train sent or send it; SourceError when the far end will not."""
        self._trains += 1
        order = Order(self._trains, packets, packet_bytes, bits_per_second)
        self.meter.spend(packets * packet_bytes + 2 * _WORD_BYTES)
        seconds = _PATIENCE_SECONDS
        if bits_per_second:
            seconds += packets * packet_bytes * 8 / bits_per_second
        loop = asyncio.get_running_loop()
        if direction is Direction.DOWN:
            receiving = loop.run_in_executor(self.threads, self.wire.receive, order, seconds)
            await self._say({"op": "down", **said_of(order)})
            await self.hear("sent")
            return await receiving
        await self._say({"op": "up", **said_of(order)})
        await self.hear("ready")
        await loop.run_in_executor(self.threads, self.wire.send, order, self.to)
        found = decode_arrivals(await self.hear("stamps_ns"))
        if found is None:
            raise sdk.SourceError(sdk.Outcome.GARBLED, "the far end's stamps cannot be read")
        return found

    async def end(self) -> dict[str, sdk.Json]:
        """End the session; return the far end's own side."""
        await self._say({"op": "end"})
        record = (await self.hear("record")).get("record")
        return own_record(record) if isinstance(record, Mapping) else {}

    async def hear(self, word: str) -> Mapping[str, sdk.Json]:
        """Return the far end's next message, which must have this word."""
        async with asyncio.timeout(FAR_SECONDS + _PATIENCE_SECONDS):
            said = text_of(await self.ws.receive(), LARGEST_ARRIVALS_BYTES)
        if said is not None and word in said:
            return said
        refused = said.get("refused") if said is not None else None
        reason = sdk.clean(refused) if isinstance(refused, str) else "it ended the session"
        raise sdk.SourceError(sdk.Outcome.REJECTED, f"the far end sends no trains: {reason}")

    async def _say(self, said: Mapping[str, sdk.Json]) -> None:
        await self.ws.send_str(json.dumps(said))


@asynccontextmanager
async def train_session(
    place: Place, tls: ssl.SSLContext | None, meter: Meter
) -> AsyncIterator[TrainSession]:
    """Open a session; SourceError with the reason when there is none to have."""
    async with web_socket(place, TRAINS_PATH, TRAINS_PROTOCOL, tls, {}) as ws:
        async with asyncio.timeout(FAR_SECONDS):
            hello = text_of(await ws.receive()) or {}
        port, key = hello.get("port"), hello.get("key")
        if not (isinstance(port, int) and 0 < port < 65_536 and isinstance(key, str) and key.isdecimal()):
            raise sdk.SourceError(sdk.Outcome.GARBLED, f"{place.server} does not speak of trains as we do")
        sock = socket.socket(place.family, socket.SOCK_DGRAM)
        try:
            bind(sock, place.circuit)
            local_address: str = socket_of(ws).getsockname()[0]
            wire = TrainSocket(sock, int(key[:20]))
            session = TrainSession(ws, wire, (place.resolved.address, port), meter, local_address)
            await _meet(session)
            try:
                yield session
            finally:
                session.threads.shutdown(wait=False)
        finally:
            sock.close()


async def _meet(session: TrainSession) -> None:
    """Knock until the far end has heard it: the first packet may be lost, or a firewall be in the way."""
    hearing = asyncio.create_task(session.hear("heard"))
    try:
        for _ in range(_KNOCKS):
            session.wire.knock(session.to)
            session.meter.spend(_WORD_BYTES)
            done, _ = await asyncio.wait([hearing], timeout=1.0)
            if done:
                hearing.result()
                return
        raise sdk.SourceError(
            sdk.Outcome.TIMEOUT, "UDP does not reach the far end: is a firewall in the way?"
        )
    finally:
        hearing.cancel()
