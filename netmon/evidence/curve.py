"""One number for each minute: use, round trip, loss; None where it is not known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress

from netmon.model import Reading, Value

_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Curve:
    """Values of minutes, from `start_minute` (since 1970, UTC) on."""

    start_minute: int
    values: Sequence[float | None]

    @property
    def end_minute(self) -> int:
        """The minute after the last one."""
        return self.start_minute + len(self.values)

    def cut(self, start_minute: int, end_minute: int) -> Curve:
        """Return another stretch; minutes that this one does not have are not known."""
        before = min(max(self.start_minute - start_minute, 0), end_minute - start_minute)
        first = max(start_minute - self.start_minute, 0)
        inside = self.values[first : max(end_minute - self.start_minute, first)]
        after = end_minute - start_minute - before - len(inside)
        return Curve(start_minute, [*[None] * before, *inside, *[None] * after])

    def scaled(self, factor: float | None) -> Curve:
        """Return all values times a factor; a factor that is not known leaves nothing known."""
        if factor is None:
            return Curve(self.start_minute, [None] * len(self.values))
        return Curve(self.start_minute, [None if one is None else one * factor for one in self.values])

    def known(self, chosen: bytes) -> list[float]:
        """Return the known values where a mask is 1."""
        return [one for one in compress(self.values, chosen) if one is not None]

    def mask(self, holds: Callable[[float], bool]) -> bytes:
        """Return 1 where a value is known and something holds of it."""
        return bytes([one is not None and holds(one) for one in self.values])


def plot(told: Iterable[tuple[int, float]], start_minute: int, end_minute: int) -> Curve:
    """Lay values out by minute, whatever their order; of two for one minute the larger counts."""
    values: list[float | None] = [None] * (end_minute - start_minute)
    for minute, value in told:
        place = minute - start_minute
        if 0 <= place < len(values):
            before = values[place]
            values[place] = value if before is None else max(before, value)
    return Curve(start_minute, values)


def larger(one: Curve, other: Curve) -> Curve:
    """Return the larger of two values for each minute; where one is not known, the other."""
    pairs = zip(one.values, other.values, strict=True)
    return Curve(one.start_minute, [b if a is None else a if b is None else max(a, b) for a, b in pairs])


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
