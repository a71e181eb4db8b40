"""Statistics per row, metric and window: pure arithmetic over readings in time order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import ceil, fsum

from netmon.model import Kind, Labels, Metric, Reading, Stamp, Value
from netmon.rates import Count, rate
from netmon.store.interface import Rollup

_CUMULATIVE = frozenset({Kind.COUNTER, Kind.HISTOGRAM})

_Series = tuple[Labels, Metric]


def percentile(ordered: Sequence[int | float], share: float) -> int | float:
    """Return the nearest-rank percentile of sorted values; `share` is in (0, 1]."""
    return ordered[max(ceil(share * len(ordered)), 1) - 1]


def roll_up(
    readings: Iterable[Reading], window_ms: int, key: Labels = (), names: Sequence[str] = ()
) -> Iterator[Rollup]:
    """Yield the statistics of each window when it ends; only one window's values are held.

    INFO metrics are left out: they are always 1.
    """
    window = _Window(key, frozenset(names))
    start_ms: int | None = None
    for reading in readings:
        at_ms = reading.stamp.wall_ms - reading.stamp.wall_ms % window_ms
        if start_ms is not None and at_ms != start_ms:
            yield from window.end(start_ms)
        start_ms = at_ms
        window.add(reading)
    if start_ms is not None:
        yield from window.end(start_ms)


class _Window:
    """The values of one window, and the last count of every counter, which outlives it."""

    def __init__(self, key: Labels, names: frozenset[str]) -> None:
        self._key = frozenset(key)
        self._names = names
        self._values: dict[_Series, list[int | float]] = {}
        self._counts: dict[_Series, tuple[int | float, int, Stamp]] = {}

    def add(self, reading: Reading) -> None:
        rows = [
            (number, row.key) for number, row in enumerate(reading.shape.rows) if self._key <= set(row.key)
        ]
        for metric, column in zip(reading.shape.metrics, reading.columns, strict=True):
            if metric.kind is Kind.INFO or (self._names and metric.name not in self._names):
                continue
            for number, key in rows:
                series = (key, metric)
                value = column[number]
                if metric.kind in _CUMULATIVE:
                    value = self._rate(
                        series, value, reading.epochs[number] if reading.epochs else 0, reading
                    )
                values = self._values.setdefault(series, [])
                if value is not None:
                    values.append(value)

    def end(self, start_ms: int) -> Iterator[Rollup]:
        for (key, metric), values in self._values.items():
            yield _rollup(key, metric, start_ms, sorted(values))
        self._values = {}

    def _rate(self, series: _Series, value: Value, epoch: int, reading: Reading) -> float | None:
        if value is None:
            return None
        before = self._counts.get(series)
        self._counts[series] = (value, epoch, reading.stamp)
        if before is None:
            return None
        was, was_epoch, stamp = before
        # Boottime when both are of one boot; across boots only wall time, and only a true one, connects them.
        if stamp.boot_id == reading.stamp.boot_id:
            times = (stamp.boottime_ns, reading.stamp.boottime_ns)
        elif stamp.synced and reading.stamp.synced:
            times = (stamp.wall_ms * 1_000_000, reading.stamp.wall_ms * 1_000_000)
        else:
            return None
        return rate(Count(was, times[0], was_epoch), Count(value, times[1], epoch), series[1].wrap_bits)


def _rollup(key: Labels, metric: Metric, start_ms: int, ordered: list[int | float]) -> Rollup:
    if not ordered:
        return Rollup(key, metric, start_ms, 0, None, None, None, None, None, None)
    mean = fsum(ordered) / len(ordered)
    p50, p95, p99 = (percentile(ordered, share) for share in (0.5, 0.95, 0.99))
    return Rollup(key, metric, start_ms, len(ordered), ordered[0], ordered[-1], mean, p50, p95, p99)
