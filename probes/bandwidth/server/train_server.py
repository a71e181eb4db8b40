"""The far end of trains: sends where the client knocked from, stamps what the client sends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import socket
from collections.abc import Mapping

from aiohttp import WSMsgType, web

from netmon import sdk
from probes.bandwidth.ndt7_message import parse_object
from probes.bandwidth.server.asking import socket_of
from probes.bandwidth.server.desk import Limits, Visit
from probes.bandwidth.server.own_side import OwnSide
from probes.bandwidth.train_talk import (
    FAR_SECONDS,
    TRAINS_PATH,
    TRAINS_PROTOCOL,
    encode_arrivals,
    order_of,
)
from probes.bandwidth.train_wire import Order, TrainSocket

__all__ = ["TRAINS_PATH", "TrainServer"]

_LARGEST_MESSAGE_BYTES = 4096
_LONGEST_TRAIN_SECONDS = 5.0


class TrainServer:
    """One session: a key, a UDP port, and trains until the client goes or has had its bytes.

    Packets go only to the address that the session came from, and to the port that knew its key.
    """

    def __init__(self, request: web.Request, visit: Visit, side: OwnSide, limits: Limits) -> None:
        self._request, self._visit, self._side, self._limits = request, visit, side, limits
        self._ws = web.WebSocketResponse(
            protocols=(TRAINS_PROTOCOL,), max_msg_size=_LARGEST_MESSAGE_BYTES, compress=False, timeout=1.0
        )
        self._threads = sdk.DaemonThreads(1, "trains")

    async def serve(self) -> web.WebSocketResponse:
        """Serve the session to its end."""
        await self._ws.prepare(self._request)
        control = socket_of(self._request)
        key = secrets.randbits(64)
        sock = socket.socket(control.family, socket.SOCK_DGRAM)
        try:
            sock.bind((control.getsockname()[0], 0))
            train_socket = TrainSocket(sock, key)
            with contextlib.suppress(TimeoutError, OSError):  # what the network does not take, ends it
                async with asyncio.timeout(self._limits.seconds):
                    await self._session(train_socket, key)
        finally:
            sock.close()
            self._threads.shutdown(wait=False)
        with contextlib.suppress(ConnectionError):
            await self._ws.close()
        return self._ws

    async def _session(self, train_socket: TrainSocket, key: int) -> None:
        loop = asyncio.get_running_loop()
        await self._say({"port": train_socket.port, "key": str(key)})
        address = self._request.remote or ""
        to = await loop.run_in_executor(self._threads, train_socket.hear_knock, address, FAR_SECONDS)
        if to is None:
            return
        await self._say({"heard": True})
        while (said := await self._hear()) is not None:
            if said.get("op") == "end":
                await self._say({"record": self._side.host()})
                return
            order = order_of(said)
            if order is None or not self._affordable(order):
                await self._say({"refused": "no such train, or its bytes are spent"})
                return
            if said.get("op") == "down":
                await loop.run_in_executor(self._threads, train_socket.send, order, to)
                await self._say({"sent": order.packets})
            else:
                receiving = loop.run_in_executor(
                    self._threads, train_socket.receive, order, _LONGEST_TRAIN_SECONDS
                )
                await self._say({"ready": True})
                await self._say(encode_arrivals(await receiving))

    def _affordable(self, order: Order) -> bool:
        self._visit.spent_bytes += order.packets * order.packet_bytes
        return self._visit.spent_bytes <= self._limits.test_bytes

    async def _say(self, said: Mapping[str, sdk.Json]) -> None:
        await self._ws.send_str(json.dumps(said))

    async def _hear(self) -> Mapping[str, sdk.Json] | None:
        async with asyncio.timeout(FAR_SECONDS):
            message = await self._ws.receive()
        if message.type is not WSMsgType.TEXT:
            return None
        return parse_object(message.data)
