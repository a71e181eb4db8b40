"""ndt7's far end (M-Lab's specification): random messages down, whatever comes up, and measurements."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping

from aiohttp import WSMsgType, web

from netmon import sdk
from probes.bandwidth.ndt7_message import (
    FIRST_MESSAGE_BYTES,
    LARGEST_MESSAGE_BYTES,
    MEASURED_EVERY_SECONDS,
    PROTOCOL,
    encode_measurement,
    next_message_bytes,
)
from probes.bandwidth.place import keep_queue_short
from probes.bandwidth.server.asking import socket_of
from probes.bandwidth.server.desk import Desk, Visit
from probes.bandwidth.server.own_side import OwnSide
from probes.tcp_info import tcp_flow

_LARGEST_RECEIVED_BYTES = 1 << 24
# The specification's time for a test, and for how long the other end may exceed it.
_TEST_SECONDS, _CLOSE_SECONDS = 10.0, 1.0


class Ndt7Server:
    """One test in one WebSocket."""

    def __init__(self, request: web.Request, visit: Visit, side: OwnSide, desk: Desk) -> None:
        self._request, self._visit, self._side, self._desk = request, visit, side, desk
        self._ws = web.WebSocketResponse(
            protocols=(PROTOCOL,),
            max_msg_size=_LARGEST_RECEIVED_BYTES,
            compress=False,
            timeout=_CLOSE_SECONDS,
        )
        self._app_bytes = 0

    async def serve(self, *, down: bool, seconds: float) -> web.WebSocketResponse:
        """Run it to its end."""
        await self._ws.prepare(self._request)
        sock = socket_of(self._request)
        keep_queue_short(sock)
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(min(seconds, _TEST_SECONDS)):
                await (self._download(sock) if down else self._upload(sock))
        with contextlib.suppress(ConnectionError):
            await self._ws.close()
        return self._ws

    async def _download(self, sock: socket.socket) -> None:
        data = await asyncio.to_thread(os.urandom, LARGEST_MESSAGE_BYTES)
        message, due_seconds = data[:FIRST_MESSAGE_BYTES], MEASURED_EVERY_SECONDS
        hearing = asyncio.create_task(self._hear_end())
        try:
            while (
                not self._ws.closed
                and not hearing.done()
                and self._visit.spent_bytes < self._desk.limits.test_bytes
            ):
                await self._ws.send_bytes(message)
                self._count(len(message))
                await self._desk.pace(self._visit)
                size_bytes = next_message_bytes(len(message), self._app_bytes)
                if size_bytes != len(message):
                    message = data[:size_bytes]
                if self._side.seconds >= due_seconds:
                    due_seconds += MEASURED_EVERY_SECONDS
                    await self._measure("download", sock)
        finally:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)

    async def _hear_end(self) -> None:
        """Read what the client says, until it closes; its measurements are its own affair."""
        async for _message in self._ws:
            continue

    async def _upload(self, sock: socket.socket) -> None:
        due_seconds = MEASURED_EVERY_SECONDS
        async for message in self._ws:
            if message.type is WSMsgType.BINARY:
                self._count(len(message.data))
                await self._desk.pace(self._visit)
            if self._visit.spent_bytes >= self._desk.limits.test_bytes:
                return
            if self._side.seconds >= due_seconds:
                due_seconds = self._side.seconds + MEASURED_EVERY_SECONDS
                await self._measure("upload", sock)

    def _count(self, size_bytes: int) -> None:
        self._app_bytes += size_bytes
        self._visit.spent_bytes += size_bytes

    async def _measure(self, test: str, sock: socket.socket) -> None:
        own: Mapping[str, sdk.Json] = {"Netmon": self._side.host()}
        text = encode_measurement(test, self._side.seconds, self._app_bytes, tcp_flow(sock), own)
        await self._ws.send_str(text)
