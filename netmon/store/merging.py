"""Merges sources that are in order, opening each only when its turn comes: an open block takes memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush, heapreplace
from itertools import count
from typing import TypeVar

T = TypeVar("T")

Key = tuple[int, int]
Source = tuple[Key, Callable[[], Iterator[tuple[Key, T]]]]
"""A key that is not above its first one, and how it is opened."""


def merge_late(sources: Iterable[Source[T]]) -> Iterator[tuple[Key, T]]:
    """Yield what all sources have, by their keys."""
    waiting = sorted(sources, key=lambda source: source[0], reverse=True)
    serial = count()
    heap: list[tuple[Key, int, T, Iterator[tuple[Key, T]]]] = []
    while waiting or heap:
        while waiting and (not heap or waiting[-1][0] <= heap[0][0]):
            entries = waiting.pop()[1]()
            for key, entry in entries:
                heappush(heap, (key, next(serial), entry, entries))
                break
        if not heap:
            continue
        key, number, entry, entries = heap[0]
        yield key, entry
        for key, entry in entries:
            heapreplace(heap, (key, number, entry, entries))
            break
        else:
            heappop(heap)
