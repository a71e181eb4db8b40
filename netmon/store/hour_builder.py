"""Makes the summaries of hours from blocks of readings, in passing, while they are sealed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from netmon.model import Metric, Shape, Stamp, Value
from netmon.store.block import NS_PER_MS, Columns
from netmon.store.boots import Segment
from netmon.store.hours import HOUR_MS, pack_hours
from netmon.store.statistics import CUMULATIVE, Last, Summary, growth, steady_growth, summary
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
        return self.hours[0] * HOUR_MS - offset_ms, (self.hours[-1] + 1) * HOUR_MS - offset_ms - 1

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
        counts = _Counts(values, epochs[row] if epochs else (0,) * len(values), moments_ms)
        before = self._carry.get(number)
        rates, grown = counts.plain(before, self._segment) or counts.each(before, self._segment, metric)
        last = counts.last(self._segment)
        if last is not None:
            self._carry[number] = last
        return rates, grown


class _Counts:
    """The counts of one series in one block."""

    def __init__(self, values: Sequence[Value], epochs: Sequence[int], moments_ms: Sequence[int]) -> None:
        self._values, self._epochs, self._moments_ms = values, epochs, moments_ms

    def plain(self, before: Last | None, segment: Segment) -> tuple[Sequence[Value], Sequence[Value]] | None:
        """Return rates and growths when nothing is unusual; None otherwise."""
        known = [value for value in self._values if value is not None]
        epoch = self._epochs[0]
        if len(known) < len(self._values) or self._epochs.count(epoch) < len(self._epochs):
            return None
        if before is None:
            steady = steady_growth(known, self._moments_ms)
            return None if steady is None else ([None, *steady[1]], [None, *steady[0]])
        if before.epoch != epoch or before.stamp.boot_id != segment.boot_id:
            return None
        moment_ms = before.stamp.boottime_ns // NS_PER_MS
        steady = steady_growth([before.value, *known], [moment_ms, *self._moments_ms])
        return None if steady is None else (steady[1], steady[0])

    def each(
        self, before: Last | None, segment: Segment, metric: Metric
    ) -> tuple[Sequence[Value], Sequence[Value]]:
        """Return rates and growths, each for itself."""
        rates: list[Value] = []
        grown: list[Value] = []
        for value, epoch, moment_ms in zip(self._values, self._epochs, self._moments_ms, strict=True):
            found = None
            if value is not None:
                now = Last(value, epoch, _stamp(segment, moment_ms))
                found = None if before is None else growth(before, now, metric.wrap_bits)
                before = now
            rates.append(None if found is None else found[1])
            grown.append(None if found is None else found[0])
        return rates, grown

    def last(self, segment: Segment) -> Last | None:
        """Return the newest count that is known."""
        for at in range(len(self._values) - 1, -1, -1):
            value = self._values[at]
            if value is not None:
                return Last(value, self._epochs[at], _stamp(segment, self._moments_ms[at]))
        return None


def _stamp(segment: Segment, moment_ms: int) -> Stamp:
    return Stamp(segment.boot_id, moment_ms * NS_PER_MS, moment_ms + segment.offset_ms, segment.synced)


def _hours(moments_ms: Sequence[int], offset_ms: int) -> Iterator[tuple[int, int, int]]:
    """Yield hour, first index and the index behind the last one."""
    start = 0
    while start < len(moments_ms):
        hour = (moments_ms[start] + offset_ms) // HOUR_MS
        end = bisect_left(moments_ms, (hour + 1) * HOUR_MS - offset_ms, start)
        yield hour, start, end
        start = end
