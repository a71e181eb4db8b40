"""A block on its way through windows of time: only the rows and metrics that are asked for are decoded."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice
from typing import cast

from netmon.model import Metric, Value
from netmon.store.block import NS_PER_MS, Block
from netmon.store.counts import Counts
from netmon.store.rollup import Series, Window
from netmon.store.sealed_reader import Found
from netmon.store.statistics import CUMULATIVE


class Strip:
    """What one block has for a question, from its first wanted moment on. ValueError when it is damaged."""

    def __init__(self, found: Found, block: Block, window: Window) -> None:
        moments = list(block.moments_ms())
        asked = found.window
        start = bisect_left(moments, -(-asked.start_ns // NS_PER_MS))
        end = bisect_left(moments, -(-asked.end_ns // NS_PER_MS))
        self._segment = asked.segment
        self._moments = moments[start:end]
        self._at = 0
        rows = [at for at, row in enumerate(found.shape.rows) if window.has_key(row.key)]
        self._epochs = {row: _part(block.epochs(row), start, end) for row in rows}
        self._series: list[tuple[int, Series, Iterator[Value]]] = [
            (row, (found.shape.rows[row].key, metric), islice(block.series(at, row), start, end))
            for at, metric in enumerate(found.shape.metrics)
            if window.wanted(metric)
            for row in rows
        ]

    @property
    def next_ms(self) -> int | None:
        """Wall time of the next moment; None at the end."""
        if self._at >= len(self._moments):
            return None
        return self._moments[self._at] + self._segment.offset_ms

    def feed(self, end_ms: int, window: Window) -> None:
        """Give a window what lies before its end."""
        end = bisect_left(self._moments, end_ms - self._segment.offset_ms, self._at)
        moments = self._moments[self._at : end]
        self._at = end
        epochs = {
            row: list(islice(known, len(moments))) for row, known in self._epochs.items() if known is not None
        }
        for row, series, values in self._series:
            cells = list(islice(values, len(moments)))
            if not moments:
                continue
            if series[1].kind in CUMULATIVE:
                counts = Counts(cells, epochs.get(row) or (0,) * len(cells), moments)
                self._count(series, series[1], counts, window)
            else:
                # Looking for the one thing first takes a tenth of looking at each of them.
                window.extend(series, _known(cells) if None in cells else cast("list[int | float]", cells))

    def _count(self, series: Series, metric: Metric, counts: Counts, window: Window) -> None:
        before = window.last(series)
        rates, grown = counts.plain(before, self._segment) or counts.each(before, self._segment, metric)
        window.flow(
            series,
            [one for one in grown if one is not None],
            [one for one in rates if one is not None],
            counts.last(self._segment) or before,
        )


def _known(cells: list[Value]) -> list[int | float]:
    return [cell for cell in cells if cell is not None]


def _part(epochs: Iterator[int] | None, start: int, end: int) -> Iterator[int] | None:
    return None if epochs is None else islice(epochs, start, end)
