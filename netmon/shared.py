"""Things that the daemon needs once: opened by the first source that asks, closed at the end."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar, cast

from netmon.clock import Clock
from netmon.sdk.context import Shareable

log = logging.getLogger(__name__)

T = TypeVar("T", bound=Shareable)

_LOADS_KEPT = 100
_DRAINED_NS = 1_000_000_000
"""How long a queue may take to empty when its load has ended."""


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


class Loads:
    """Remembers of the last tests when they filled which circuit."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._past: deque[tuple[str, int, int]] = deque(maxlen=_LOADS_KEPT)
        self._running: Counter[tuple[str, int]] = Counter()

    @contextmanager
    def loading(self, circuit: str) -> Iterator[None]:
        """Note that a circuit (empty: whichever the routes choose) is filled, from now to the end."""
        load = (circuit, self._clock.boottime_ns())
        self._running[load] += 1
        try:
            yield
        finally:
            self._running -= Counter([load])
            self._past.append((*load, self._clock.boottime_ns() + _DRAINED_NS))

    def filled(self, circuit: str, start_ns: int, end_ns: int) -> bool:
        """Tell whether a circuit (empty: any) was being filled between moments of CLOCK_BOOTTIME."""
        loads = [*self._past, *((by, began_ns, end_ns) for by, began_ns in self._running)]
        return any(
            began_ns <= end_ns and ended_ns >= start_ns and (not circuit or by in ("", circuit))
            for by, began_ns, ended_ns in loads
        )
