"""What waits for the disk in memory: bounded, and the least precious goes first."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[T]):
    order: int
    size_bytes: int
    item: T


class Backlog(Generic[T]):
    """A bounded queue of two classes: the common ones go, oldest first, before any precious one.

    Filled on the event loop and emptied on the disk thread, hence the lock.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.dropped_total = 0
        self.size_bytes = 0
        self._limit_bytes = limit_bytes
        self._order = 0
        self._common: deque[_Waiting[T]] = deque()
        self._precious: deque[_Waiting[T]] = deque()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._common) + len(self._precious)

    def add(self, item: T, size_bytes: int, *, precious: bool) -> list[T]:
        """Put one at the end; return what had to go for it, which is counted."""
        with self._lock:
            self._order += 1
            (self._precious if precious else self._common).append(_Waiting(self._order, size_bytes, item))
            self.size_bytes += size_bytes
            dropped = []
            while self.size_bytes > self._limit_bytes:
                waiting = (self._common or self._precious).popleft()
                self.size_bytes -= waiting.size_bytes
                dropped.append(waiting.item)
            self.dropped_total += len(dropped)
            return dropped

    def items(self) -> list[T]:
        """Return what waits, in the order it came."""
        with self._lock:
            waiting = sorted((*self._common, *self._precious), key=lambda one: one.order)
        return [one.item for one in waiting]

    def take(self) -> list[T]:
        """Return what waits, in the order it came, and keep nothing."""
        with self._lock:
            waiting = sorted((*self._common, *self._precious), key=lambda one: one.order)
            self._common.clear()
            self._precious.clear()
            self.size_bytes = 0
        return [one.item for one in waiting]
