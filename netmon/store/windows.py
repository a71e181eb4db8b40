"""Answers questions for statistics per window: from sealed ones where there are, else made anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from operator import attrgetter
from sqlite3 import Connection
from typing import Protocol, TypeVar

from netmon.model import Reading, Shape
from netmon.store.hours import HOUR_MS, hours_of, rollup, summaries_of
from netmon.store.interface import Entry, Percentile, Query, Rollup
from netmon.store.manifest import Shelf
from netmon.store.merging import Key, merge_late
from netmon.store.records import Records
from netmon.store.rollup import Window
from netmon.store.scope import MovedError, Scope
from netmon.store.sealed_hours import Span, sealed_spans
from netmon.store.sealed_reader import READINGS, Found
from netmon.store.strip import Strip
from netmon.store.subjects import Genus

T_co = TypeVar("T_co", covariant=True)
SEALED_SHARES = {0.5: "p50", 0.95: "p95", 0.99: "p99"}
"""Percentiles that are sealed with each hour."""


class _End(Protocol[T_co]):
    """Says what becomes of a window, and empties it."""

    def __call__(self, window: Window, /, *, start_ms: int) -> Iterator[T_co]: ...


class Windows:
    """One question: statistics of some series per window."""

    def __init__(
        self, connection: Connection, records: Records, query: Query, window_ms: int, metrics: Sequence[str]
    ) -> None:
        self._connection = connection
        self._records = records
        self._query = query
        self._window_ms = window_ms
        self._names = frozenset(metrics)
        self._scope = Scope(Genus.READING, query.measurement, query.key)
        self._shapes = records.shapes(self._scope)

    def answer(self) -> Iterator[Rollup]:
        """Yield the statistics, window by window."""
        start_ms, end_ms = self._query.start_ms, self._query.end_ms
        if self._window_ms != HOUR_MS or not self._records.has_sealed:
            yield from self._anew(self._shapes, start_ms, end_ms, with_log=True)
            return
        at_ms = start_ms
        for first, behind in self._sealed_spans():
            yield from self._after(at_ms, first * HOUR_MS)
            for _, rollups in self._sealed(first, behind):
                yield from rollups
            at_ms = behind * HOUR_MS
        yield from self._after(at_ms, end_ms)

    def percentiles(self, share: float) -> Iterator[Percentile]:
        """Yield one percentile, window by window; from sealed statistics where these have it."""
        if share in SEALED_SHARES and self._window_ms == HOUR_MS:
            value = attrgetter(SEALED_SHARES[share])
            for one in self.answer():
                yield Percentile(one.key, one.metric, one.start_ms, one.n, value(one))
            return
        span_ms = (self._query.start_ms, self._query.end_ms)
        yield from self._each(self._shapes, span_ms, partial(Window.end_with, share=share), with_log=True)

    def _after(self, start_ms: int, end_ms: int) -> Iterator[Rollup]:
        """Yield statistics made anew; growth begins with the count before, hence the hour before."""
        if start_ms >= end_ms:
            return
        before_ms = max(self._query.start_ms, start_ms - HOUR_MS)
        for one in self._anew(self._shapes, before_ms, end_ms, with_log=True):
            if one.start_ms >= start_ms or start_ms == self._query.start_ms:
                yield one

    def _anew(
        self, shapes: dict[int, Shape], start_ms: int, end_ms: int, *, with_log: bool
    ) -> Iterator[Rollup]:
        return self._each(shapes, (start_ms, end_ms), Window.end, with_log=with_log)

    def _each(
        self, shapes: dict[int, Shape], span_ms: Span, end: _End[T_co], *, with_log: bool
    ) -> Iterator[T_co]:
        """Yield what becomes of each window at its end."""
        window, (start_ms, end_ms) = Window(self._query.key, self._names), span_ms
        while True:
            try:
                for at_ms in self._through(shapes, (start_ms, end_ms), window, with_log=with_log):
                    yield from end(window, start_ms=at_ms)
                    start_ms = max(start_ms, at_ms + self._window_ms)
            except MovedError:
                window.forget()
                continue
            return

    def _through(
        self, shapes: dict[int, Shape], span_ms: Span, window: Window, *, with_log: bool
    ) -> Iterator[int]:
        """Fill the window again and again; yield its beginning each time."""
        log = self._records.log
        stored = log.scan(self._scope, *span_ms) if with_log else iter(())
        windows = list(log.refresh().windows(*span_ms))
        sealed = (
            self._records.sealed.in_order(shapes, windows, READINGS) if self._records.has_sealed else iter(())
        )
        waiting, head = next(sealed, None), next(stored, None)
        strips: list[Strip] = []
        while True:
            moments = [strip.next_ms for strip in strips]
            moments += [
                None if waiting is None else waiting.begins_ms,
                None if head is None else _at_ms(head),
            ]
            known = [moment for moment in moments if moment is not None]
            if not known:
                return
            start_ms = min(known) // self._window_ms * self._window_ms
            end_ms = start_ms + self._window_ms
            while waiting is not None and waiting.begins_ms < end_ms:
                strips += self._strip(waiting, window)
                waiting = next(sealed, None)
            for strip in strips:
                strip.feed(end_ms, window)
            strips = [strip for strip in strips if strip.next_ms is not None]
            while head is not None and _at_ms(head) < end_ms:
                if isinstance(head.record, Reading):
                    window.add(head.record)
                head = next(stored, None)
            yield start_ms

    def _strip(self, found: Found, window: Window) -> list[Strip]:
        block = self._records.sealed.block(found.file, found.shape, found.place)
        if block is None:
            return []
        try:
            return [Strip(found, block, window)]
        except ValueError as error:
            self._records.sealed.note(found.file, found.place.count, error)
            return []

    def _sealed(self, first: int, behind: int) -> Iterator[tuple[Key, list[Rollup]]]:
        boots = self._records.log.refresh()
        windows = list(boots.windows(first * HOUR_MS, behind * HOUR_MS))
        blocks = self._records.sealed.in_order(self._shapes, windows, (Shelf.ROLLUPS,))
        return merge_late(
            (
                (found.begins_ms // HOUR_MS, found.place.offset),
                partial(self._in_block, found, (first, behind)),
            )
            for found in blocks
            if found.at_home
        )

    def _in_block(self, found: Found, span: Span) -> Iterator[tuple[Key, list[Rollup]]]:
        try:
            by_hour = self._hours(found)
        except (OSError, ValueError) as error:
            # What was summed up is damaged; what it was made of may not be.
            self._records.sealed.note(found.file, 1, error)
            shapes = {number: shape for number, shape in self._shapes.items() if shape is found.shape}
            start_ms = max(found.begins_ms, span[0] * HOUR_MS)
            end_ms = min(found.place.last_ms + found.window.segment.offset_ms + 1, span[1] * HOUR_MS)
            for one in self._anew(shapes, start_ms, end_ms, with_log=False):
                yield (one.start_ms // HOUR_MS, found.place.offset), [one]
            return
        for hour, rollups in by_hour:
            if span[0] <= hour < span[1]:
                yield (hour, found.place.offset), rollups

    def _hours(self, found: Found) -> list[tuple[int, list[Rollup]]]:
        streams = self._records.sealed.streams(found)
        hours = hours_of(streams, found.place.count)
        window = Window(self._query.key, self._names)
        answers: list[list[Rollup]] = [[] for _ in hours]
        for at, metric in enumerate(found.shape.metrics):
            for row, thing in enumerate(found.shape.rows):
                if window.wanted(metric) and window.has_key(thing.key):
                    found_here = summaries_of(streams, found.shape, at, row, len(hours))
                    for hour, answer, one in zip(hours, answers, found_here, strict=True):
                        answer.append(rollup(thing.key, metric, hour * HOUR_MS, one))
        return list(zip(hours, answers, strict=True))

    def _sealed_spans(self) -> list[Span]:
        first = -(-self._query.start_ms // HOUR_MS)
        behind = self._query.end_ms // HOUR_MS
        stored_ms = self._first_stored()
        if stored_ms is not None:
            behind = min(behind, stored_ms // HOUR_MS)
        return sealed_spans(self._connection, self._records, self._shapes, (first, behind))

    def _first_stored(self) -> int | None:
        """Return when the log begins to have what is asked for."""
        while True:
            try:
                stored = self._records.log.scan(self._scope, self._query.start_ms, self._query.end_ms)
                return next((_at_ms(entry) for entry in stored), None)
            except MovedError:
                continue


def _at_ms(entry: Entry) -> int:
    return entry.record.stamp.wall_ms
