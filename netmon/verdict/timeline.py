"""Things with their moments, in order: what a minute is made of before it is over."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from netmon.verdict.slots import Slot

K = TypeVar("K")
T = TypeVar("T")

_MOST = 4096
"""An hour of one a second: only a loop that hangs lets it come to this, and then the oldest go."""


class Timeline(Generic[T]):
    """What one thing said, oldest first, by CLOCK_BOOTTIME in ns."""

    def __init__(self) -> None:
        self._items: deque[tuple[int, T]] = deque(maxlen=_MOST)

    def add(self, at_ns: int, item: T) -> None:
        """Take what was said at a moment; moments do not go back."""
        self._items.append((at_ns, item))

    def within(self, slot: Slot) -> list[T]:
        """Return what was said in a slot."""
        start_ns, end_ns = slot.start_ns, slot.end_ns
        return [item for at_ns, item in self._items if start_ns <= at_ns < end_ns]

    def timed(self, slot: Slot) -> list[tuple[int, T]]:
        """Return what was said in a slot, each with its moment."""
        start_ns, end_ns = slot.start_ns, slot.end_ns
        return [told for told in self._items if start_ns <= told[0] < end_ns]

    def before(self, at_ns: int) -> T | None:
        """Return the last word before a moment, or at it."""
        return next((item for told_ns, item in reversed(self._items) if told_ns <= at_ns), None)

    def after(self, at_ns: int) -> T | None:
        """Return the first word after a moment."""
        return next((item for told_ns, item in self._items if told_ns > at_ns), None)

    def forget(self, until_ns: int) -> None:
        """Drop what was said before a moment, but for the last word."""
        items = self._items
        old = sum([at_ns < until_ns for at_ns, _ in items])
        for _ in range(min(old, len(items)) - 1):
            items.popleft()

    def __iter__(self) -> Iterator[tuple[int, T]]:
        """Go through what is kept, each with its moment."""
        return iter(self._items)


class Timelines(dict[K, Timeline[T]]):
    """Timelines by thing, each made when the thing first speaks."""

    def __missing__(self, key: K) -> Timeline[T]:
        """Make the timeline of a thing."""
        made = self[key] = Timeline()
        return made

    def forget(self, until_ns: int) -> None:
        """Drop what was said before a moment, but for everybody's last word."""
        for timeline in self.values():
            timeline.forget(until_ns)

    def keep(self, wanted: Callable[[K], bool]) -> None:
        """Forget the things that are not wanted."""
        for key in [key for key in self if not wanted(key)]:
            del self[key]
