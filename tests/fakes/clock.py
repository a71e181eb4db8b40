"""Time that a test owns: an event loop that jumps to its next timer, and a clock that follows it."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import TypeVar

from netmon.model import Stamp

T = TypeVar("T")

START_WALL_NS = 1_800_000_000 * 1_000_000_000


class _Jump(selectors.DefaultSelector):
    """Never waits for time: when nothing is ready, the loop's clock moves on by the whole wait."""

    def __init__(self) -> None:
        super().__init__()
        self.advance = lambda _seconds: None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout:
            self.advance(timeout)
        elif not ready and timeout is None:
            # Only a thread or a socket can wake the loop now: that takes real time.
            ready = super().select(0.05)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose days pass in milliseconds."""

    def __init__(self) -> None:
        selector = _Jump()
        super().__init__(selector)
        self._now = 0.0
        selector.advance = self._advance

    def time(self) -> float:
        return self._now

    def _advance(self, seconds: float) -> None:
        # A little more than asked, or float rounding would let a timer miss its moment for ever.
        self._now += seconds + 1e-9


def run(coroutine: Coroutine[object, object, T]) -> T:
    """Run a coroutine in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)


class FakeClock:
    """Follows the running loop's time (0 without a loop); the wall clock can be stepped, the boot changed."""

    def __init__(self, *, wall_ns: int = START_WALL_NS, synced: bool = True, boot_id: str = "boot-1") -> None:
        self.boot_id = boot_id
        self.synced = synced
        self._wall_ns = wall_ns
        self._moved = 0.0

    def monotonic(self) -> float:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return self._moved
        return loop.time() + self._moved

    def boottime_ns(self) -> int:
        return round((self.monotonic() + 1000) * 1e9)

    def wall_ns(self) -> int:
        return self._wall_ns + round(self.monotonic() * 1e9)

    def synchronised(self) -> bool:
        return self.synced

    def stamp(self) -> Stamp:
        return Stamp(self.boot_id, self.boottime_ns(), self.wall_ns() // 1_000_000, self.synced)

    def step(self, seconds: float) -> None:
        """Set the wall clock, as NTP or a person does."""
        self._wall_ns += round(seconds * 1e9)

    def move(self, seconds: float) -> None:
        """Let time pass by hand, for tests without a loop in virtual time."""
        self._moved += seconds
