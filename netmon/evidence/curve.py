"""One number for each minute: use, round trip, loss; None where it is not known."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress, repeat
from operator import eq, ge, gt

from netmon.evidence import lanes
from netmon.evidence.numbers import Known, nothing_known, packed, times
from netmon.model import Reading, Value

_MINUTE_MS = 60_000


class Curve:
    """Values of minutes, from `start_minute` (since 1970, UTC) on.

    `values` has None where a minute is not known. `numbers` has the same with NaN there: eight bytes a
    minute, for arithmetic that minds it.
    """

    __slots__ = ("_numbers", "start_minute")

    def __init__(self, start_minute: int, values: Iterable[float | None]) -> None:
        self.start_minute = start_minute
        self._numbers: array[float] | Callable[[], array[float]] = packed(values)

    @classmethod
    def later(cls, start_minute: int, numbers: Callable[[], array[float]]) -> Curve:
        """Return a curve whose numbers are made when they are first looked at."""
        curve = cls(start_minute, ())
        curve._numbers = numbers
        return curve

    @property
    def numbers(self) -> array[float]:
        """The number of each minute; NaN: not known."""
        if not isinstance(self._numbers, array):
            self._numbers = self._numbers()
        return self._numbers

    @property
    def values(self) -> Sequence[float | None]:
        """The value of each minute; None: not known."""
        return Known(self.numbers)

    @property
    def end_minute(self) -> int:
        """The minute after the last one."""
        return self.start_minute + len(self.numbers)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Curve):
            return NotImplemented
        return self.start_minute == other.start_minute and self.values == other.values

    def __hash__(self) -> int:
        return hash((self.start_minute, len(self.numbers)))

    def __repr__(self) -> str:
        return f"Curve({self.start_minute}, {self.values!r})"

    def cut(self, start_minute: int, end_minute: int) -> Curve:
        """Return another stretch; minutes that this one does not have are not known."""
        before = min(max(self.start_minute - start_minute, 0), end_minute - start_minute)
        first = max(start_minute - self.start_minute, 0)
        inside = self.numbers[first : max(end_minute - self.start_minute, first)]
        after = end_minute - start_minute - before - len(inside)
        if not before and not after:
            return Curve(start_minute, inside)
        return Curve(start_minute, nothing_known(before) + inside + nothing_known(after))

    def scaled(self, factor: float | None) -> Curve:
        """Return all values times a factor; a factor that is not known leaves nothing known."""
        if factor is None:
            return Curve(self.start_minute, nothing_known(len(self.numbers)))
        return Curve(self.start_minute, times(self.numbers, factor))

    def known(self, chosen: bytes) -> list[float]:
        """Return the known values where a mask is 1."""
        return [one for one in compress(self.numbers, chosen) if one == one]  # noqa: PLR0124 - NaN alone differs

    def mask(self, holds: Callable[[float], bool]) -> bytes:
        """Return 1 where a value is known and something holds of it."""
        return bytes([one == one and holds(one) for one in self.numbers])  # noqa: PLR0124 - NaN alone differs

    def at_least(self, limit: float) -> bytes:
        """Return 1 where a value is known and reaches a limit."""
        mask = lanes.reaching(self.numbers, limit) if limit >= 0 else None
        return bytes(map(ge, self.numbers, repeat(limit))) if mask is None else mask

    def above(self, limit: float) -> bytes:
        """Return 1 where a value is known and above a limit."""
        mask = lanes.above(self.numbers, limit) if limit >= 0 else None
        return bytes(map(gt, self.numbers, repeat(limit))) if mask is None else mask

    def is_known(self) -> bytes:
        """Return 1 where a value is known."""
        mask = lanes.known(self.numbers)
        return bytes(map(eq, self.numbers, self.numbers)) if mask is None else mask


def plot(told: Iterable[tuple[int, float]], start_minute: int, end_minute: int) -> Curve:
    """Lay values out by minute, whatever their order; of two for one minute the larger counts."""
    values = nothing_known(end_minute - start_minute)
    for minute, value in told:
        place = minute - start_minute
        # NaN is neither more nor less than anything: what is known goes over what is not.
        if 0 <= place < len(values) and not values[place] >= value:
            values[place] = value
    return Curve(start_minute, values)


def larger(one: Curve, other: Curve) -> Curve:
    """Return the larger of two values for each minute; where one is not known, the other."""
    found = lanes.larger_of(one.numbers, other.numbers)
    if found is not None:
        return Curve(one.start_minute, found)
    pairs = zip(one.numbers, other.numbers, strict=True)
    return Curve(one.start_minute, array("d", [a if a >= b or b != b else b for a, b in pairs]))  # noqa: PLR0124 - NaN alone differs


def values_told(
    readings: Iterable[Reading], subject: str, name: str, statistic: str = ""
) -> Iterator[tuple[int, float]]:
    """Yield minute and value of one metric of rows whose last key label is the subject."""
    for reading in readings:
        places = [
            place
            for place, metric in enumerate(reading.shape.metrics)
            if metric.name == name and dict(metric.labels).get("statistic", "") == statistic
        ]
        for place in places:
            for row, value in zip(reading.shape.rows, reading.columns[place], strict=True):
                number: Value = value
                if row.key[-1][1] == subject and number is not None:
                    yield reading.stamp.wall_ms // _MINUTE_MS, float(number)
