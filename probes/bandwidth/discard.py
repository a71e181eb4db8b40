"""Read and forget, without a copy: on TCP, MSG_TRUNC makes the kernel drop what it would have handed over.

Sockets are read every few milliseconds, not when something comes: a wake-up costs more than the packets.
SO_RCVLOWAT would spare wake-ups too, but it clamps the window unless SO_RCVBUF is set first, and where
net.core.rmem_max is the usual 208 KiB that setting clamps it as well (83 Mbit/s at 20 ms).
"""

from __future__ import annotations

import asyncio
import mmap
import socket
from collections.abc import Callable

from probes.error_queue import failure

_READ_BYTES = 1 << 24
# Of the mapping that reads name as their buffer no page is ever touched.
_AIM_BYTES = 1 << 18
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.002, 0.01


async def paced(read: Callable[[], int]) -> None:
    """Call `read`, which says how many bytes there were, often enough that it finds a quarter of a MiB."""
    pause_seconds = _SHORTEST_SECONDS
    while True:
        await asyncio.sleep(pause_seconds)
        wanted = pause_seconds * _AIM_BYTES / max(read(), 1)
        pause_seconds = min(max(wanted, _SHORTEST_SECONDS), _LONGEST_SECONDS)


class Discarder:
    """Empties sockets until each has given what was expected of it, or its far end has closed it."""

    def __init__(self) -> None:
        self._nowhere = mmap.mmap(-1, _READ_BYTES)
        self._waiting: dict[socket.socket, tuple[asyncio.Future[bool], int | None]] = {}

    async def drop(self, sock: socket.socket, size_bytes: int | None) -> bool:
        """Drop so many bytes (None: all until it is closed); False when it was closed before that."""
        ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[sock] = ended, size_bytes
        try:
            return await ended
        finally:
            self._waiting.pop(sock, None)

    async def run(self) -> None:
        """Read, until cancelled."""
        await paced(lambda: max((self._read(sock) for sock in tuple(self._waiting)), default=0))

    def close(self) -> None:
        """Give the mapping back."""
        self._nowhere.close()

    def _read(self, sock: socket.socket) -> int:
        ended, left_bytes = self._waiting[sock]
        wanted = _READ_BYTES if left_bytes is None else min(left_bytes, _READ_BYTES)
        try:
            size_bytes = sock.recv_into(self._nowhere, wanted, socket.MSG_TRUNC)
        except BlockingIOError:
            return 0
        except OSError as error:
            self._end(ended, failure(error, "the connection"))
            return 0
        if left_bytes is not None:
            left_bytes -= size_bytes
            self._waiting[sock] = ended, left_bytes
        if size_bytes == 0 or left_bytes == 0:
            self._end(ended, left_bytes == 0 or left_bytes is None)
        return size_bytes

    def _end(self, ended: asyncio.Future[bool], how: bool | Exception) -> None:
        if ended.done():
            return
        if isinstance(how, Exception):
            ended.set_exception(how)
        else:
            ended.set_result(how)
