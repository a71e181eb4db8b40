"""HTTP downloads and uploads, as LibreSpeed's clients and our own ask for them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import BinaryIO

from aiohttp import web

from probes.bandwidth.place import keep_queue_short
from probes.bandwidth.server.asking import client_of, hang_up, own_side, socket_of
from probes.bandwidth.server.desk import Desk, Visit
from probes.tcp_info import tcp_flow

_CHUNK_BYTES = 1 << 20
_MOST_CHUNKS = 1024
# So much at a time, and then a look at how it goes.
_PART_BYTES = 1 << 18
_NO_STORE = {
    "Cache-Control": "no-store, no-transform",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Content-Encoding, Content-Type, Authorization",
}


class Bulk:
    """Sends what compresses badly, and throws away what comes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._pool = _make_pool()

    def close(self) -> None:
        """Give the memory back."""
        self._pool.close()

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Send `ckSize` times 1 MiB (LibreSpeed: 4 unless said otherwise, 1024 at most)."""
        asked = request.query.get("ckSize", "4")
        count = min(int(asked), _MOST_CHUNKS) if asked.isdecimal() and len(asked) < 6 else 4
        response = web.StreamResponse(headers=_NO_STORE | {"Content-Type": "application/octet-stream"})
        response.content_length = size_bytes = max(count, 1) * _CHUNK_BYTES
        async with self._stream(request) as visit:
            await response.prepare(request)
            await self._send(request, response, size_bytes, visit)
        return response

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Read and forget."""
        async with self._stream(request) as visit:
            sock, looked_bytes = socket_of(request), 0
            async for data in request.content.iter_any():
                visit.spent_bytes += len(data)
                looked_bytes += len(data)
                if looked_bytes >= _PART_BYTES:
                    looked_bytes = 0
                    visit.note(tcp_flow(sock), sock.fileno())
                    await self._desk.pace(visit)
                if visit.spent_bytes >= self._desk.limits.test_bytes:
                    hang_up(request)
                    break
        return web.Response(headers=_NO_STORE)

    async def ping(self, _request: web.Request) -> web.StreamResponse:
        """Answer at once."""
        return web.Response(headers=_NO_STORE)

    async def own_address(self, request: web.Request) -> web.StreamResponse:
        """Say which address the client comes from, as LibreSpeed's clients expect it."""
        found = {"processedString": request.remote, "rawIspInfo": ""}
        return web.json_response(found, headers=_NO_STORE)

    async def record(self, request: web.Request) -> web.StreamResponse:
        """Return this end's side of the address's last test; it is told once."""
        visit = self._desk.end(client_of(request))
        if visit is None or visit.side is None:
            return web.json_response({}, headers=_NO_STORE)
        return web.json_response(visit.side.record(list(visit.flows.values())), headers=_NO_STORE)

    @asynccontextmanager
    async def _stream(self, request: web.Request) -> AsyncIterator[Visit]:
        """Hold a place, watch the time, and keep the record as it is when the connection ends."""
        desk = self._desk
        with desk.test(client_of(request), partial(hang_up, request)) as visit:
            if visit.side is None:
                visit.side = own_side(request, desk)
            try:
                async with asyncio.timeout(visit.began + desk.limits.seconds - desk.clock.monotonic()):
                    yield visit
            except (TimeoutError, asyncio.SendfileNotAvailableError):
                # The latter is how asyncio calls a connection that was reset before a part was begun.
                hang_up(request)

    async def _send(
        self, request: web.Request, response: web.StreamResponse, size_bytes: int, visit: Visit
    ) -> None:
        """Send from memory by the kernel alone; through TLS, by ourselves."""
        transport, pool, sock = request.transport, self._pool, socket_of(request)
        if transport is None:
            raise ConnectionResetError
        keep_queue_short(sock)
        secure = transport.get_extra_info("sslcontext") is not None
        data = os.pread(pool.fileno(), _PART_BYTES, 0) if secure else b""
        for _ in range(size_bytes // _PART_BYTES):
            if visit.spent_bytes >= self._desk.limits.test_bytes:
                hang_up(request)
                return
            if secure:
                await response.write(data)
            else:
                await asyncio.get_running_loop().sendfile(transport, pool, 0, _PART_BYTES, fallback=False)
            visit.spent_bytes += _PART_BYTES
            visit.note(tcp_flow(sock), sock.fileno())
            await self._desk.pace(visit)


def _make_pool() -> BinaryIO:
    pool = os.fdopen(os.memfd_create("netmon-bulk"), "w+b", buffering=0)
    pool.write(os.urandom(_PART_BYTES))
    return pool
