"""The door before HTTP: how many connections there may be, and no end of waiting for slow ones.

aiohttp's server has deadlines for idle connections and slow heads (`keepalive_timeout`), but no cap on
connections and no deadline for a client that does not read what it asked for.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable

from netmon.web.settings import Limits, is_loopback

log = logging.getLogger(__name__)


class Door:
    """Counts connections, per address and in all; makes the guarded protocol of each."""

    def __init__(self, inner: Callable[[], asyncio.Protocol], limits: Limits) -> None:
        self._inner = inner
        self.limits = limits
        self.open: Counter[str] = Counter()
        self.refused_total = 0

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""
        return _Guarded(self, self._inner)

    def enter(self, address: str) -> bool:
        """Count a connection in; False when there are too many."""
        crowded = self.open.total() >= self.limits.connections
        greedy = self.open[address] >= self.limits.connections_per_address and not is_loopback(address)
        if crowded or greedy:
            if not self.refused_total:
                log.warning("refused a connection from %s: too many are open; more are only counted", address)
            self.refused_total += 1
            return False
        self.open[address] += 1
        return True

    def leave(self, address: str) -> None:
        """Count a connection out."""
        self.open[address] -= 1
        if self.open[address] <= 0:
            del self.open[address]


class _Guarded(asyncio.Protocol):
    """Passes everything on to aiohttp's protocol, unless the door is closed or the client does not read."""

    def __init__(self, door: Door, inner: Callable[[], asyncio.Protocol]) -> None:
        self._door, self._make_inner = door, inner
        self._inner: asyncio.Protocol | None = None
        self._transport: asyncio.Transport | None = None
        self._address = ""
        self._unread_bytes = 0
        self._check: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a stream server makes no others
        peer = transport.get_extra_info("peername")
        self._address = peer[0] if peer else ""
        if not self._door.enter(self._address):
            transport.abort()
            return
        self._transport, self._inner = transport, self._make_inner()
        self._inner.connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._inner is not None:
            self._door.leave(self._address)
            self._inner.connection_lost(exc)
        if self._check is not None:
            self._check.cancel()

    def data_received(self, data: bytes) -> None:
        if self._inner is not None:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return None if self._inner is None else self._inner.eof_received()

    def pause_writing(self) -> None:
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        if self._inner is not None:
            self._inner.resume_writing()

    def _watch(self) -> None:
        """End a connection whose unread bytes did not become fewer since the last look."""
        if self._transport is None:
            return
        unread_bytes = self._transport.get_write_buffer_size()
        if unread_bytes and self._unread_bytes and unread_bytes >= self._unread_bytes:
            self._transport.abort()
            return
        self._unread_bytes = unread_bytes
        loop = asyncio.get_running_loop()
        self._check = loop.call_later(self._door.limits.head_seconds, self._watch)
