"""What the counts of one series grew by: at once where all is plain, one by one where it is not."""

from __future__ import annotations

from collections.abc import Sequence

from netmon.model import Metric, Stamp, Value
from netmon.store.block import NS_PER_MS
from netmon.store.boots import Segment
from netmon.store.statistics import Last, growth, steady_growth


class Counts:
    """Counts, their epochs and moments, in the order of time; None is not known."""

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
