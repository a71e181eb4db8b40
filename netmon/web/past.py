"""Questions to the history that the API asks: in slices, so that none of them holds its thread for long."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar

from netmon.model import Event, Labels, Metric, Reading
from netmon.store.interface import HistoryReader, Query, Rollup
from netmon.web.arguments import Period
from netmon.web.documents import (
    EventsDocument,
    ReadingDocument,
    ReadingRow,
    ReadingsDocument,
    RollupDocument,
    RollupsDocument,
)
from netmon.web.site import WebSite
from netmon.web.views import event_document, moment, stamp_time

T = TypeVar("T")

_HOUR_MS = 3_600_000
_ROLLUP_SLICE_MS = 6 * _HOUR_MS


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of the past, and how many rows at most."""

    name: str
    """A measurement, or a kind of event."""
    period: Period
    limit: int
    key: Labels = ()

    def query(self, start_ms: int, end_ms: int) -> Query:
        """Return the store's query for a part of the period."""
        return Query(self.name, start_ms, end_ms, self.key)


async def readings(site: WebSite, wanted: Wanted) -> tuple[list[Reading], int | None]:
    """Return readings, and where the rest begins (ms; None: there is none)."""
    return await _collect(
        site,
        _slices(wanted.period, _HOUR_MS),
        lambda reader, start, end: reader.range(wanted.query(start, end)),
        _Cut(wanted.limit, lambda one: one.stamp.wall_ms, lambda one: len(_rows(one, wanted.key))),
    )


async def rollups(
    site: WebSite, wanted: Wanted, window_ms: int, metric: str
) -> tuple[list[Rollup], int | None]:
    """Return statistics by window, and where the rest begins."""
    metrics = (metric,) if metric else ()
    aligned = Period(wanted.period.start_ms // window_ms * window_ms, wanted.period.end_ms)
    return await _collect(
        site,
        _slices(aligned, max(1, _ROLLUP_SLICE_MS // window_ms) * window_ms),
        lambda reader, start, end: reader.rollup(wanted.query(start, end), window_ms, metrics),
        _Cut(wanted.limit, lambda one: one.start_ms),
    )


async def events(site: WebSite, wanted: Wanted) -> tuple[list[Event], int | None]:
    """Return events, and where the rest begins."""
    return await _collect(
        site,
        _slices(wanted.period, 24 * _HOUR_MS),
        lambda reader, start, end: reader.events(start, end, wanted.name),
        _Cut(wanted.limit, lambda one: one.stamp.wall_ms),
    )


def _slices(period: Period, length_ms: int) -> Iterator[tuple[int, int]]:
    for start_ms in range(period.start_ms, period.end_ms, length_ms):
        yield start_ms, min(start_ms + length_ms, period.end_ms)


def _one(_: object) -> int:
    return 1


@dataclass(frozen=True, slots=True)
class _Cut(Generic[T]):
    """Where to stop: after `limit` rows, but never between things of one moment: the rest would be lost."""

    limit: int
    time_ms: Callable[[T], int]
    rows: Callable[[T], int] = _one

    def take(self, items: Iterable[T], room: int) -> tuple[list[T], int, int | None]:
        """Return what fits, the room that is left, and the moment of the first that does not fit."""
        taken, last_ms = list[T](), -1
        for item in items:
            at_ms = self.time_ms(item)
            room -= self.rows(item)
            if room < 0 and at_ms != last_ms and (taken or room + self.rows(item) < self.limit):
                return taken, 0, at_ms
            taken.append(item)
            last_ms = at_ms
        return taken, room, None


async def _collect(
    site: WebSite,
    slices: Iterable[tuple[int, int]],
    read: Callable[[HistoryReader, int, int], Iterable[T]],
    cut: _Cut[T],
) -> tuple[list[T], int | None]:
    found, room = list[T](), cut.limit
    for start_ms, end_ms in slices:
        if room <= 0:
            return found, start_ms
        more, room, next_ms = await site.query(partial(_take, read, cut, start_ms, end_ms, room))
        found += more
        if next_ms is not None:
            return found, next_ms
    return found, None


def _take(
    read: Callable[[HistoryReader, int, int], Iterable[T]],
    cut: _Cut[T],
    start_ms: int,
    end_ms: int,
    room: int,
    reader: HistoryReader,
) -> tuple[list[T], int, int | None]:
    return cut.take(read(reader, start_ms, end_ms), room)


def readings_document(
    measurement: str, key: Labels, found: list[Reading], rest: int | None
) -> ReadingsDocument:
    """Return readings as a document: the rows that have the key."""
    documents = tuple(
        ReadingDocument(stamp_time(one.stamp), one.stamp.synced, tuple(_reading_rows(one, key)))
        for one in found
    )
    return ReadingsDocument(measurement, documents, rest is not None, _time(rest))


def _rows(reading: Reading, key: Labels) -> list[int]:
    wanted = set(key)
    return [at for at, row in enumerate(reading.shape.rows) if wanted <= set(row.key)]


def _reading_rows(reading: Reading, key: Labels) -> Iterator[ReadingRow]:
    names = [series_name(metric) for metric in reading.shape.metrics]
    for at in _rows(reading, key):
        row = reading.shape.rows[at]
        values = {name: column[at] for name, column in zip(names, reading.columns, strict=True)}
        epoch = reading.epochs[at] if reading.epochs else 0
        yield ReadingRow(dict(row.key), dict(row.info), dict(row.texts), reading.outcomes[at], epoch, values)


def series_name(metric: Metric) -> str:
    """Return a metric's name with its constant labels, as Prometheus writes it."""
    labels = ",".join(f'{name}="{text}"' for name, text in metric.labels)
    return f"{metric.name}{{{labels}}}" if labels else metric.name


def rollups_document(
    measurement: str, window_ms: int, found: list[Rollup], rest: int | None
) -> RollupsDocument:
    """Return statistics as a document."""
    return RollupsDocument(
        measurement, window_ms / 1000, tuple(map(_rollup, found)), rest is not None, _time(rest)
    )


def _rollup(one: Rollup) -> RollupDocument:
    return RollupDocument(
        dict(one.key),
        series_name(one.metric),
        moment(one.start_ms),
        one.n,
        one.minimum,
        one.maximum,
        one.mean,
        one.p50,
        one.p95,
        one.p99,
    )


def events_document(found: list[Event], rest: int | None) -> EventsDocument:
    """Return events as a document."""
    return EventsDocument(tuple(map(event_document, found)), rest is not None, _time(rest))


def _time(wall_ms: int | None) -> datetime | None:
    return None if wall_ms is None else moment(wall_ms)
