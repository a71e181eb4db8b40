"""Readings turned round: columns of a row instead of whole tables, for what is not in sealed blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from netmon.model import Labels, Reading, Shape, Value
from netmon.store.interface import Columns, Wanted

_MOST = 8192
"""Readings of one piece."""


def turned(readings: Iterable[Reading], key: Labels, metrics: Sequence[Wanted]) -> Iterator[Columns]:
    """Yield the rows with a key in columns, in the order in which they come."""
    wanted = Places(key, metrics)
    open_: dict[tuple[Labels, bool], _Piece] = {}
    for reading in readings:
        rows, columns = wanted.of(reading.shape)
        for row in rows:
            row_key, synced = reading.shape.rows[row].key, reading.stamp.synced
            piece = open_.setdefault((row_key, synced), _Piece(len(metrics)))
            piece.moments_ms.append(reading.stamp.wall_ms)
            for values, place in zip(piece.values, columns, strict=True):
                values.append(None if place is None else reading.columns[place][row])
            if len(piece.moments_ms) >= _MOST:
                del open_[row_key, synced]
                yield piece.closed(row_key, synced=synced)
    for (row_key, synced), piece in open_.items():
        yield piece.closed(row_key, synced=synced)


class Places:
    """Where a question's rows and metrics are, looked up once for each shape."""

    def __init__(self, key: Labels, metrics: Sequence[Wanted]) -> None:
        self._key, self._metrics = frozenset(key), metrics
        self._known: dict[Shape, tuple[list[int], list[int | None]]] = {}

    def of(self, shape: Shape) -> tuple[list[int], list[int | None]]:
        """Return the rows, and the column of each metric; None for one that the shape does not have."""
        found = self._known.get(shape)
        if found is None:
            columns = {(metric.name, metric.labels): place for place, metric in enumerate(shape.metrics)}
            rows = [place for place, row in enumerate(shape.rows) if self._key <= set(row.key)]
            found = self._known[shape] = rows, [columns.get(metric) for metric in self._metrics]
        return found


class _Piece:
    """Columns that grow."""

    def __init__(self, metrics: int) -> None:
        self.moments_ms: list[int] = []
        self.values: list[list[Value]] = [[] for _ in range(metrics)]

    def closed(self, key: Labels, *, synced: bool) -> Columns:
        """Return what came together."""
        return Columns(key, synced, self.moments_ms, tuple(self.values))
