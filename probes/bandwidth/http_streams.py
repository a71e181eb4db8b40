"""Several HTTP downloads or uploads at once, by the kernel alone: nothing is copied into this process."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from itertools import repeat

from netmon import sdk
from probes.bandwidth.connections import Connections
from probes.bandwidth.discard import Discarder
from probes.bandwidth.http_talk import answer, ask, request
from probes.bandwidth.measured import Ask, Direction, Measured
from probes.bandwidth.meter import Meter
from probes.bandwidth.ndt7_message import own_record, parse_object
from probes.bandwidth.place import DROPPED_BYTES, Place, hang_up_at_once, keep_queue_short
from probes.bandwidth.pour import pour
from probes.bandwidth.sampling import Sampling, transfer

_POOL_BYTES = 1 << 22
_UPLOAD_BYTES = 1 << 28
_RECORD_PATH, _RECORD_SECONDS, _RECORD_BYTES = "/netmon/v1/record", 1.0, 65_536


@dataclass(frozen=True, slots=True)
class Paths:
    """Where a server has its downloads and takes uploads, below the target's own path."""

    download: str = "garbage.php?ckSize=1024"
    upload: str = "empty.php"


@dataclass(slots=True)
class HttpStreams:
    """A client of one server without TLS: LibreSpeed's, or a netmon's."""

    place: Place
    clock: sdk.Clock
    paths: Paths

    async def run(self, ask: Ask, meter: Meter) -> Measured:
        """Test one direction."""
        connections = Connections(ask.direction, self.place.resolved.version)
        sampling = Sampling(ask, meter, self.clock, connections)
        if ask.direction is Direction.DOWN:
            discarder = Discarder()
            try:
                work = [self._download(connections, discarder) for _ in range(ask.streams)]
                stop = await transfer(sampling, [discarder.run(), *work])
            finally:
                discarder.close()
        else:
            with os.fdopen(os.memfd_create("netmon-upload"), "w+b", buffering=0) as pool:
                pool.write(await asyncio.to_thread(os.urandom, _POOL_BYTES))
                work = [self._upload(connections, pool.fileno()) for _ in range(ask.streams)]
                stop = await transfer(sampling, work)
        measured = sampling.measured(stop, self.place.server)
        return replace(measured, far_record=await self._record())

    async def _download(self, connections: Connections, discarder: Discarder) -> None:
        while True:
            async with self._connection(connections) as sock:
                again = True
                while again:
                    await ask(sock, request(self.place, "GET", self._path(self.paths.download)))
                    found = await answer(sock, self.place)
                    again = await discarder.drop(sock, found.body_bytes) and found.body_bytes is not None

    async def _upload(self, connections: Connections, pool: int) -> None:
        header = request(self.place, "POST", self._path(self.paths.upload), _UPLOAD_BYTES)
        while True:
            async with self._connection(connections) as sock:
                keep_queue_short(sock, DROPPED_BYTES)
                while await self._post(sock, header, pool):
                    pass

    async def _post(self, sock: socket.socket, header: bytes, pool: int) -> bool:
        """Send one upload, and tell whether another may follow.

        Who refuses says so at once, and may go on reading for a while: what it then takes is no measure.
        """
        await ask(sock, header)
        parts = repeat((0, _POOL_BYTES), _UPLOAD_BYTES // _POOL_BYTES)
        pouring = asyncio.create_task(pour(sock, pool, parts))
        try:
            found = await answer(sock, self.place)
            return pouring.done() and found.body_bytes == 0
        finally:
            pouring.cancel()
            await asyncio.gather(pouring, return_exceptions=True)

    @asynccontextmanager
    async def _connection(self, connections: Connections) -> AsyncIterator[socket.socket]:
        """Connect, and hang up in the end: what waits to be sent must not be sent any more."""
        sock = await self.place.connect()
        try:
            hang_up_at_once(sock)
            connections.add(sock)
            yield sock
        finally:
            connections.look()
            sock.close()

    def _path(self, path: str) -> str:
        folder = self.place.url.path.partition("?")[0]
        return f"{folder if folder.endswith('/') else folder + '/'}{path}"

    async def _record(self) -> dict[str, sdk.Json]:
        """Return the far end's own side, where it is a netmon; empty elsewhere."""
        with suppress(sdk.SourceError, OSError, TimeoutError):
            async with asyncio.timeout(_RECORD_SECONDS):
                sock = await self.place.connect()
                with sock:
                    await ask(sock, request(self.place, "GET", _RECORD_PATH))
                    found = await answer(sock, self.place)
                    body = await _body(sock, min(found.body_bytes or 0, _RECORD_BYTES))
            said = parse_object(body)
            return own_record(said) if said is not None else {}
        return {}


async def _body(sock: socket.socket, size_bytes: int) -> bytes:
    """Return so many bytes, or what there was before the far end had no more."""
    body = b""
    while len(body) < size_bytes:
        part = await asyncio.get_running_loop().sock_recv(sock, size_bytes)
        if not part:
            break
        body += part
    return body
