"""Moments of polls as few bytes: a grid, how many of its steps lie between two polls, and how late each was.

Differences between neighbours would tell each lateness twice: 0.8 bytes a poll instead of 0.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from operator import add, mul, sub

from netmon.store.integers import pack_integers, pack_varint, unpack_integers, unpack_varint

_PLAIN, _GRID = b"\0", b"\1"
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


def unpack_whole_moments(data: bytes, count: int) -> Sequence[int]:
    """Return the same at once: a range where one follows the other at equal steps."""
    moments = _moments(data, count)
    return moments if isinstance(moments, range) else list(moments)


def _moments(data: bytes, count: int) -> Iterable[int]:
    if data[:1] == _PLAIN:
        return unpack_integers(data[1:], count)
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
    steps = unpack_integers(data[offset : offset + length], count)
    late = unpack_integers(data[offset + length :], count)
    return map(add, map(add, map(mul, steps, repeat(period)), late), repeat(first))
