"""Many numbers of which some are not known, in eight bytes each: NaN inside, None for whoever looks."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Iterator, Sequence
from math import nan
from typing import overload

_AT_ONCE = 4096


def nothing_known(count: int) -> array[float]:
    """Return so many numbers, none of which is known."""
    return array("d", (nan,)) * count


def packed(values: Iterable[float | None]) -> array[float]:
    """Return numbers as an array; what is not known becomes NaN."""
    if isinstance(values, array) and values.typecode == "d":
        return values
    known = values if isinstance(values, Sequence) else list(values)
    try:
        # A third of the time that the array takes to look at each of them.
        return array("d", struct.pack(f"{len(known)}d", *known))
    except struct.error:
        return array("d", [nan if one is None else one for one in known])


def times(numbers: array[float], factor: float) -> array[float]:
    """Return all numbers times a factor; some at a time, which stay near the processor."""
    found = array("d")
    for start in range(0, len(numbers), _AT_ONCE):
        found += packed([one * factor for one in numbers[start : start + _AT_ONCE]])
    return found


class Known(Sequence[float | None]):
    """A view of an array: None where a number is not known. Equal to any sequence of the same values."""

    __slots__ = ("_numbers",)

    def __init__(self, numbers: array[float]) -> None:
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> float | None: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[float | None]: ...

    def __getitem__(self, place: int | slice) -> float | Sequence[float | None] | None:
        if isinstance(place, slice):
            return Known(self._numbers[place])
        number = self._numbers[place]
        return number if number == number else None  # noqa: PLR0124 - NaN alone differs from itself

    def __iter__(self) -> Iterator[float | None]:
        return iter([one if one == one else None for one in self._numbers])  # noqa: PLR0124 - as above

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return list(self) == list(other)

    def __hash__(self) -> int:
        raise TypeError("numbers that may change have no hash")

    def __repr__(self) -> str:
        return repr(list(self))
