"""Columns of rows over time: from blocks without making readings, from readings where the log has them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import repeat
from operator import add
from typing import TypeVar

from netmon.model import Reading
from netmon.store.block import NS_PER_MS, Block
from netmon.store.interface import Columns, Position, Query, Wanted
from netmon.store.moments import Stretches
from netmon.store.records import Records
from netmon.store.scope import MovedError, Scope
from netmon.store.sealed_reader import READINGS, Found
from netmon.store.subjects import Genus
from netmon.store.turned import Places, turned

T = TypeVar("T")


class ColumnsReader:
    """One question for columns."""

    def __init__(self, records: Records, query: Query, metrics: Sequence[Wanted]) -> None:
        self._records = records
        self._query = query
        self._metrics = metrics
        self._scope = Scope(Genus.READING, query.measurement, query.key)
        self._places = Places(query.key, metrics)

    def pieces(self) -> Iterator[Columns]:
        """Yield all pieces; what the log has comes last, though it was read first."""
        stored, sealed_to = self._stored()
        if self._records.has_sealed:
            windows = list(self._records.log.refresh().windows(self._query.start_ms, self._query.end_ms))
            shapes = self._records.shapes(self._scope)
            for found in self._records.sealed.in_order(shapes, windows, READINGS):
                # A file that appeared meanwhile has what the log had.
                if found.file.first <= sealed_to:
                    yield from self._sealed(found)
        yield from stored

    def _stored(self) -> tuple[list[Columns], Position]:
        """Return what the log has, and the position up to which sealed files have the rest."""
        log = self._records.log
        while True:
            try:
                entries = log.scan(self._scope, self._query.start_ms, self._query.end_ms)
                readings = (entry.record for entry in entries if isinstance(entry.record, Reading))
                return list(turned(readings, self._query.key, self._metrics)), log.sealed_to
            except MovedError:
                continue

    def _sealed(self, found: Found) -> Iterator[Columns]:
        sealed = self._records.sealed
        block = sealed.block(found.file, found.shape, found.place)
        if block is None:
            return
        try:
            yield from self._inside(found, block)
        except ValueError as error:
            sealed.note(found.file, found.place.count, error)
        if block.damaged:
            sealed.note(
                found.file, block.damaged, ValueError("some values are damaged and not known any more")
            )

    def _inside(self, found: Found, block: Block) -> Iterator[Columns]:
        window, moments = found.window, block.all_moments_ms()
        start_ms, end_ms = -(-window.start_ns // NS_PER_MS), -(-window.end_ns // NS_PER_MS)
        # Most blocks lie in the window as they are.
        start = 0 if moments[0] >= start_ms else bisect_left(moments, start_ms)
        end = len(moments) if moments[-1] < end_ms else bisect_left(moments, end_ms)
        if start == end:
            return
        wall_ms = _moved(_part(moments, start, end), window.segment.offset_ms)
        rows, columns = self._places.of(found.shape)
        for row in rows:
            values = (
                [None] * (end - start) if place is None else _part(block.column(place, row), start, end)
                for place in columns
            )
            yield Columns(found.shape.rows[row].key, window.segment.synced, wall_ms, tuple(values))


def _moved(moments: Sequence[int], offset_ms: int) -> Sequence[int]:
    """Return moments of a boot as wall time."""
    if isinstance(moments, Stretches):
        return moments.moved(offset_ms)
    return list(map(add, moments, repeat(offset_ms)))


def _part(values: Sequence[T], start: int, end: int) -> Sequence[T]:
    return values if end - start == len(values) else values[start:end]
