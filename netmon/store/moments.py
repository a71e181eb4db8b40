"""Moments of polls as few bytes: a grid, how many of its steps lie between two polls, and how late each was.

Differences between neighbours would tell each lateness twice: 0.8 bytes a poll instead of 0.5.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, pairwise, repeat
from operator import add, mul, sub
from typing import overload

from netmon.store.integers import (
    pack_integers,
    pack_varint,
    unpack_differences,
    unpack_integers,
    unpack_varint,
)

_PLAIN, _GRID = b"\0", b"\1"
_NEVER = b"\0"
"""Latenesses that are all zero."""
_GAP = re.compile(rb"[^\1]", re.DOTALL)
"""A difference of steps that is not one."""
_LEAST = 8


def pack_moments(moments: Sequence[int]) -> bytes:
    """Return moments, which never fall, as bytes."""
    plain = _PLAIN + pack_integers(moments, (1, 2))
    if len(moments) < _LEAST:
        return plain
    first = moments[0]
    period = sorted(map(sub, moments[1:], moments))[len(moments) // 2]
    if period < 1:
        return plain
    steps = [(moment - first + period // 2) // period for moment in moments]
    late = [moment - first - step * period for moment, step in zip(moments, steps, strict=True)]
    packed = pack_integers(steps, (1, 2))
    head = pack_varint(first) + pack_varint(period) + pack_varint(len(packed))
    return min(plain, _GRID + head + packed + pack_integers(late), key=len)


def unpack_moments(data: bytes, count: int) -> Iterator[int]:
    """Return an iterator over `count` moments; ValueError when the bytes are not such."""
    return iter(_moments(data, count))


class Stretches(Sequence[int]):
    """Numbers of which many follow each other at equal steps: ranges, one behind the other."""

    def __init__(self, parts: Sequence[range]) -> None:
        self.parts = parts
        self._ends = list(accumulate(map(len, parts)))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, place: int) -> int: ...

    @overload
    def __getitem__(self, place: slice) -> Stretches: ...

    def __getitem__(self, place: int | slice) -> int | Stretches:
        if isinstance(place, slice):
            return self._cut(*place.indices(len(self))[:2])
        at = place if place >= 0 else place + len(self)
        part = bisect_right(self._ends, at)
        return self.parts[part][at - self._ends[part]]

    def __iter__(self) -> Iterator[int]:
        return chain.from_iterable(self.parts)

    def moved(self, by: int) -> Stretches:
        """Return all numbers plus another one."""
        return Stretches([range(part.start + by, part.stop + by, part.step) for part in self.parts])

    def _cut(self, first: int, last: int) -> Stretches:
        parts = []
        for part, end in zip(self.parts, self._ends, strict=True):
            begin = end - len(part)
            inside = part[max(first - begin, 0) : max(last - begin, 0)]
            if inside:
                parts.append(inside)
        return Stretches(parts)


def unpack_stretches(data: bytes, count: int) -> Sequence[int]:
    """Return the same at once: `Stretches` where there are some."""
    found = _on_grid(data, count) if data[:1] == _GRID else None
    if found is not None:
        return Stretches(list(found))
    moments = _moments(data, count)
    return Stretches([moments]) if isinstance(moments, range) else list(moments)


def _moments(data: bytes, count: int) -> Iterable[int]:
    if data[:1] == _PLAIN:
        return unpack_integers(data[1:], count)
    first, period, packed, late = _parts(data)
    steps = map(mul, unpack_integers(packed, count), repeat(period))
    return map(add, map(add, steps, unpack_integers(late, count)), repeat(first))


def _parts(data: bytes) -> tuple[int, int, bytes, bytes]:
    """Return first moment, period, steps and latenesses of moments on a grid."""
    if data[:1] != _GRID:
        raise ValueError("moments in a form that is not known to this version")
    try:
        first, offset = unpack_varint(data, 1)
        period, offset = unpack_varint(data, offset)
        length, offset = unpack_varint(data, offset)
    except IndexError as error:
        raise ValueError("moments that are cut short") from error
    if length < 0:
        raise ValueError("moments of a negative length")
    return first, period, data[offset : offset + length], data[offset + length :]


def _on_grid(data: bytes, count: int) -> Iterator[range] | None:
    """Return the stretches of moments that are never late; None for what is better told one by one."""
    first, period, packed, late = _parts(data)
    firsts, differences = unpack_differences(packed, count)
    if late != _NEVER or len(firsts) != 1 or not isinstance(differences, array) or differences.itemsize > 1:
        return None
    octets = differences.tobytes()
    gaps = [0, *(gap.end() for gap in _GAP.finditer(octets)), count]
    if len(gaps) > count // _LEAST:
        return None
    steps = accumulate(
        (differences[at - 1] + at - before - 1 for before, at in pairwise(gaps[:-1])), initial=firsts[0]
    )
    ends = pairwise(gaps)
    return (
        range(first + step * period, first + (step + end - at) * period, period)
        for step, (at, end) in zip(steps, ends, strict=True)
    )
