"""Makes the summaries of hours from blocks of readings, in passing, while they are sealed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from netmon.model import Metric, Shape, Value
from netmon.store.block import NS_PER_MS, Columns
from netmon.store.boots import Segment
from netmon.store.counts import Counts
from netmon.store.hours import HOUR_MS, pack_hours
from netmon.store.statistics import CUMULATIVE, Last, Summary, summary
from netmon.store.streams import Packed

Carry = dict[int, Last]
"""The newest count of each counter: its number among the series of its shape, and the count."""


class HoursBuilder:
    """Hours of one shape in one segment of a boot; blocks are fed in the order of time.

    `carry` has the counts before the first block, and is kept up: what grew between two readings belongs
    to the hour of the second.
    """

    def __init__(self, shape: Shape, segment: Segment, carry: Carry) -> None:
        self.hours: list[int] = []
        self.in_order = True
        """False when readings came that belong to an hour before: then the hours are worth nothing."""
        self._shape = shape
        self._segment = segment
        self._carry = carry
        series = len(shape.metrics) * len(shape.rows)
        self._done: list[list[Summary]] = [[] for _ in range(series)]
        self._values: list[list[int | float]] = [[] for _ in range(series)]
        self._grown: list[Value] = [None] * series

    def feed(self, moments_ms: Sequence[int], columns: Columns) -> None:
        """Take the next readings and their moments."""
        epochs = columns.epochs
        flows = [self._flow(at, values, epochs, moments_ms) for at, values in enumerate(columns.series)]
        for hour, start, end in _hours(moments_ms, self._segment.offset_ms):
            if not self.hours or self.hours[-1] != hour:
                self._close()
                self.in_order = self.in_order and (not self.hours or self.hours[-1] < hour)
                self.hours.append(hour)
            for number, (values, grown) in enumerate(flows):
                self._values[number] += [one for one in values[start:end] if one is not None]
                if grown is not None:
                    known = [one for one in grown[start:end] if one is not None]
                    if known:
                        self._grown[number] = sum(known, self._grown[number] or 0)

    @property
    def moments_ms(self) -> tuple[int, int]:
        """First and last ms of the boot's time that the hours cover."""
        offset_ms = self._segment.offset_ms
        # Not from before the segment: that would be another time, and the hours would be looked for there.
        began_ms = -(-self._segment.from_ns // NS_PER_MS)
        first_ms = max(self.hours[0] * HOUR_MS - offset_ms, began_ms)
        return first_ms, (self.hours[-1] + 1) * HOUR_MS - offset_ms - 1

    def pack(self) -> Packed:
        """Return all hours as a block."""
        self._close()
        return pack_hours(self.hours, self._done, self._shape)

    def _close(self) -> None:
        if not self.hours:
            return
        for done, values, grown in zip(self._done, self._values, self._grown, strict=True):
            done.append(summary(values, grown))
        self._values = [[] for _ in self._values]
        self._grown = [None] * len(self._grown)

    def _metric(self, number: int) -> Metric:
        return self._shape.metrics[number // len(self._shape.rows)]

    def _flow(
        self,
        number: int,
        values: Sequence[Value],
        epochs: Sequence[Sequence[int]],
        moments_ms: Sequence[int],
    ) -> tuple[Sequence[Value], Sequence[Value] | None]:
        """Return what is summed up of a series: its values, or its rates and growths."""
        metric = self._metric(number)
        if metric.kind not in CUMULATIVE:
            return values, None
        row = number % len(self._shape.rows)
        counts = Counts(values, epochs[row] if epochs else (0,) * len(values), moments_ms)
        before = self._carry.get(number)
        rates, grown = counts.plain(before, self._segment) or counts.each(before, self._segment, metric)
        last = counts.last(self._segment)
        if last is not None:
            self._carry[number] = last
        return rates, grown


def _hours(moments_ms: Sequence[int], offset_ms: int) -> Iterator[tuple[int, int, int]]:
    """Yield hour, first index and the index behind the last one."""
    start = 0
    while start < len(moments_ms):
        hour = (moments_ms[start] + offset_ms) // HOUR_MS
        end = bisect_left(moments_ms, (hour + 1) * HOUR_MS - offset_ms, start)
        yield hour, start, end
        start = end
