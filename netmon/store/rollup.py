"""Statistics per row, metric and window: pure arithmetic over readings in time order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from netmon.model import Kind, Labels, Metric, Reading, Value
from netmon.store.hours import rollup
from netmon.store.interface import Percentile, Rate, Rollup
from netmon.store.statistics import CUMULATIVE, Last, growth, percentile, summary

Series = tuple[Labels, Metric]


def roll_up(
    readings: Iterable[Reading], window_ms: int, key: Labels = (), names: Sequence[str] = ()
) -> Iterator[Rollup]:
    """Yield the statistics of each window when it ends; only one window's values are held.

    INFO metrics are left out: they are always 1.
    """
    window = Window(key, frozenset(names))
    start_ms: int | None = None
    for reading in readings:
        at_ms = reading.stamp.wall_ms - reading.stamp.wall_ms % window_ms
        if start_ms is not None and at_ms != start_ms:
            yield from window.end(start_ms)
        start_ms = at_ms
        window.add(reading)
    if start_ms is not None:
        yield from window.end(start_ms)


class Window:
    """The values of one window, and the last count of every counter, which outlives it."""

    def __init__(self, key: Labels, names: frozenset[str]) -> None:
        self._key = frozenset(key)
        self._names = names
        self._values: dict[Series, list[int | float]] = {}
        self._grown: dict[Series, int | float] = {}
        self._counts: dict[Series, Last] = {}

    def wanted(self, metric: Metric) -> bool:
        """Tell whether a metric is asked for."""
        return metric.kind is not Kind.INFO and (not self._names or metric.name in self._names)

    def has_key(self, key: Labels) -> bool:
        """Tell whether a row is asked for."""
        return self._key <= set(key)

    def add(self, reading: Reading) -> None:
        """Take the cells of a reading that are asked for."""
        rows = [(number, row.key) for number, row in enumerate(reading.shape.rows) if self.has_key(row.key)]
        for metric, column in zip(reading.shape.metrics, reading.columns, strict=True):
            if not self.wanted(metric):
                continue
            for number, key in rows:
                value, series = column[number], (key, metric)
                if metric.kind in CUMULATIVE:
                    epoch = reading.epochs[number] if reading.epochs else 0
                    last = None if value is None else Last(value, epoch, reading.stamp)
                    self.count(series, last)
                else:
                    self.extend(series, () if value is None else (value,))

    def extend(self, series: Series, values: Iterable[int | float]) -> None:
        """Take values of what is no counter."""
        self._values.setdefault(series, []).extend(values)

    def count(self, series: Series, now: Last | None) -> None:
        """Take the next count of a counter; None when it is not known."""
        rates = self._values.setdefault(series, [])
        if now is None:
            return
        before, self._counts[series] = self._counts.get(series), now
        found = None if before is None else growth(before, now, series[1].wrap_bits)
        if found is not None:
            self._grown[series] = self._grown.get(series, 0) + found[0]
            rates.append(found[1])

    def flow(
        self, series: Series, grown: Sequence[int | float], rates: Sequence[int | float], last: Last | None
    ) -> None:
        """Take what grew between neighbours, all at once, and the count that is the newest by that."""
        self._values.setdefault(series, []).extend(rates)
        if grown:
            self._grown[series] = self._grown.get(series, 0) + sum(grown)
        if last is not None:
            self._counts[series] = last

    def forget(self) -> None:
        """Forget what was taken since the last window ended."""
        self._values, self._grown = {}, {}

    def last(self, series: Series) -> Last | None:
        """Return the newest count of a counter."""
        return self._counts.get(series)

    def end(self, start_ms: int) -> Iterator[Rollup]:
        """Yield what the window held and begin the next one."""
        values, self._values = self._values, {}
        grown, self._grown = self._grown, {}
        for (key, metric), known in values.items():
            increase: Value = grown.get((key, metric))
            yield rollup(key, metric, start_ms, summary(known, increase))

    def end_with(self, share: float, start_ms: int) -> Iterator[Percentile]:
        """Yield one percentile of what the window held and begin the next one."""
        values, self._values, self._grown = self._values, {}, {}
        for (key, metric), known in values.items():
            known.sort()
            value = percentile(known, share) if known else None
            yield Percentile(key, metric, start_ms, len(known), value)


def rates(readings: Iterable[Reading], key: Labels = (), names: Sequence[str] = ()) -> Iterator[Rate]:
    """Yield how fast counters grew between neighbouring readings; the newest count of each is held."""
    window, counts = Window(key, frozenset(names)), dict[Series, Last]()
    for reading in readings:
        rows = [at for at, row in enumerate(reading.shape.rows) if window.has_key(row.key)]
        for metric, column in zip(reading.shape.metrics, reading.columns, strict=True):
            if metric.kind not in CUMULATIVE or not window.wanted(metric):
                continue
            for at in rows:
                value, series = column[at], (reading.shape.rows[at].key, metric)
                if value is None:
                    continue
                now = Last(value, reading.epochs[at] if reading.epochs else 0, reading.stamp)
                before, counts[series] = counts.get(series), now
                if before is not None:
                    found = growth(before, now, metric.wrap_bits)
                    yield Rate(*series, reading.stamp, None if found is None else found[1])
