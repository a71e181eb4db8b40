"""Things that the daemon needs once: opened by the first source that asks, closed at the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar, cast

from netmon.clock import Clock
from netmon.sdk.context import Shareable

log = logging.getLogger(__name__)

T = TypeVar("T", bound=Shareable)


class SharedThings:
    """The daemon's shared sockets and engines, by type."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._opened: dict[type[Shareable], Shareable] = {}
        self._opening = asyncio.Lock()

    async def get(self, kind: type[T]) -> T:
        """Return the one of this type, opened on first use; its own errors pass through."""
        async with self._opening:
            if kind not in self._opened:
                self._opened[kind] = await kind.open(self._clock)
        return cast("T", self._opened[kind])

    async def close(self) -> None:
        """Close all, last opened first."""
        while self._opened:
            kind, thing = self._opened.popitem()
            try:
                await thing.close()
            except OSError as error:
                log.warning("closing %s failed: %s", kind.__name__, error)


class Slot:
    """Held by one source at a time; the others wait, or look at `owner` and leave."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._owner = ""

    @property
    def owner(self) -> str:
        """Name of the source that holds the slot; empty when nobody does."""
        return self._owner

    @asynccontextmanager
    async def hold(self, owner: str) -> AsyncIterator[None]:
        """Wait for the slot, hold it, give it back."""
        async with self._lock:
            self._owner = owner
            try:
                yield
            finally:
                self._owner = ""
