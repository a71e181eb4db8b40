"""Reads the history from any process, beside the one that writes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from netmon.errors import StoreError
from netmon.model import Event, Fact, Labels, Reading, Record, Shape
from netmon.store.columns_reader import ColumnsReader
from netmon.store.connection import connect_read_only
from netmon.store.history_file import FILE_NAME, size_bytes
from netmon.store.interface import (
    Columns,
    Entry,
    HistoryReader,
    Percentile,
    Position,
    Query,
    Rate,
    Rollup,
    StoreStats,
    Verdict,
    Wanted,
)
from netmon.store.known_keys import known_keys, label_names
from netmon.store.records import Records
from netmon.store.refusal import words
from netmon.store.rollup import rates
from netmon.store.schema import load_cursor, load_state, require_format
from netmon.store.scope import Scope
from netmon.store.sealed_folder import SealedFolder
from netmon.store.subjects import Genus
from netmon.store.windows import Windows

_HEEDED = 64
"""Answers between two looks at whether somebody still waits for them."""


def open_reader(folder: Path) -> SqliteReader:
    """Return a reader of the history in a state folder; StoreError in words when there is none to read."""
    path = folder / FILE_NAME
    if not path.exists():
        raise StoreError(
            f"there is no history in {folder}: start `netmon run`, or name its folder with --state"
        )
    with words(folder):
        return SqliteReader(path)


class SqliteReader(HistoryReader):
    """A read-only connection. One thread at a time; its iterators stream in chunks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._interrupted = False
        self._open()

    @property
    def damaged_total(self) -> int:
        """Damaged records that this reader has left out."""
        return self._records.damaged_total

    def after(self, position: Position, limit: int) -> Sequence[Entry]:
        """Return up to `limit` committed records after a position, oldest first."""
        with words(self._path.parent):
            return self._current().after(position, limit)

    def cursor(self, name: str) -> Position:
        """Return where a sink stood at the last commit; 0 when it has not taken anything yet."""
        with words(self._path.parent):
            return load_cursor(self._connection, name) or 0

    def read_state(self, key: str) -> str | None:
        """Return a small value that survives restarts, as it was at the last commit."""
        with words(self._path.parent):
            return load_state(self._connection, key)

    def entries(self, start_ms: int, end_ms: int) -> Iterator[Entry]:
        """Yield all records of a stretch of wall time in its order, with their places in the log."""
        return self._scan(Scope(None), start_ms, end_ms)

    def records(self, start_ms: int, end_ms: int, measurement: str = "") -> Iterator[Record]:
        """Yield all records of a stretch of wall time in its order; with a measurement, its readings only."""
        scope = Scope(Genus.READING, measurement) if measurement else Scope(None)
        return (entry.record for entry in self._scan(scope, start_ms, end_ms))

    def range(self, query: Query) -> Iterator[Reading]:
        """Yield whole readings in time order that have a row with the key."""
        scope = Scope(Genus.READING, query.measurement, query.key)
        for entry in self._scan(scope, query.start_ms, query.end_ms):
            if isinstance(entry.record, Reading):
                yield entry.record

    def columns(self, query: Query, metrics: Sequence[Wanted]) -> Iterator[Columns]:
        """Yield what `range` tells of the rows with the key, a day at a time, without making readings."""
        with words(self._path.parent):
            for piece in ColumnsReader(self._current(), query, metrics).pieces():
                self._heed()
                yield piece

    def keys(self, query: Query) -> Sequence[Labels]:
        """Return the keys of the rows that are in readings of a stretch, to a few hours, in order."""
        with words(self._path.parent):
            records = self._current()
            return known_keys(self._connection, records, query)

    def last(self, measurement: str, key: Labels = ()) -> Reading | None:
        """Return the newest reading that has a row with the key."""
        with words(self._path.parent):
            newest = self._current().newest_first(Scope(Genus.READING, measurement, key))
            for entry in self._heeding(newest):
                if isinstance(entry.record, Reading):
                    return entry.record
        return None

    def rollup(self, query: Query, window_ms: int, metrics: Sequence[str] = ()) -> Iterator[Rollup]:
        """Yield statistics per row, metric and window, aligned to UTC."""
        with words(self._path.parent):
            windows = Windows(self._connection, self._current(), query, window_ms, metrics)
            for number, found in enumerate(windows.answer()):
                if number % _HEEDED == 0:
                    self._heed()
                yield found

    def percentiles(
        self, query: Query, window_ms: int, share: float, metrics: Sequence[str] = ()
    ) -> Iterator[Percentile]:
        """Yield one percentile per row, metric and window."""
        if not 0 < share <= 1:
            raise ValueError(f"there is no percentile of {share:g}")
        with words(self._path.parent):
            windows = Windows(self._connection, self._current(), query, window_ms, metrics)
            yield from windows.percentiles(share)

    def rates(self, query: Query, metrics: Sequence[str] = ()) -> Iterator[Rate]:
        """Yield the rate of each counter at each of its readings but the first."""
        return rates(self.range(query), query.key, metrics)

    def facts(self, kind: str = "", key: Labels = (), at_ms: int | None = None) -> Sequence[Fact]:
        """Return the facts that held at a moment (None: now), newest per kind and key."""
        held: dict[tuple[str, Labels], Fact] = {}
        # A moment belongs to the facts that were stored in it.
        end_ms = None if at_ms is None else at_ms + 1
        with words(self._path.parent):
            newest = self._current().newest_first(Scope(Genus.FACT, kind, key), end_ms)
            for entry in self._heeding(newest):
                fact = entry.record
                if isinstance(fact, Fact):
                    held.setdefault((fact.kind, fact.key), fact)
        return list(held.values())

    def fact_changes(self, start_ms: int, end_ms: int, kind: str = "") -> Iterator[Fact]:
        """Yield facts in time order, as they were stored."""
        for record in self._scan(Scope(Genus.FACT, kind), start_ms, end_ms):
            if isinstance(record, Fact):
                yield record

    def events(self, start_ms: int, end_ms: int, kind: str = "") -> Iterator[Event]:
        """Yield events in time order."""
        for entry in self._scan(Scope(Genus.EVENT, kind), start_ms, end_ms):
            if isinstance(entry.record, Event):
                yield entry.record

    def shapes(self, measurement: str = "") -> Iterator[Shape]:
        """Yield every shape that the history holds (of one measurement, or all)."""
        with words(self._path.parent):
            for _, _, subject in self._current().log.subjects(Scope(Genus.READING, measurement)):
                if subject.shape is not None:
                    yield subject.shape

    def label_names(self) -> Sequence[str]:
        """Return the names of all labels of all keys and metrics, in alphabetical order."""
        with words(self._path.parent):
            return label_names(self._current())

    def oldest_ms(self) -> int | None:
        """Return the wall time of the oldest record; None when there is none."""
        with words(self._path.parent):
            return self._current().oldest_ms()

    def stats(self) -> StoreStats:
        """Return sizes and counts."""
        with words(self._path.parent):
            records = self._current()
            return records.stats(size_bytes(self._path.parent) + self._folder.size_bytes())

    def shelves(self) -> Mapping[str, int]:
        """Return how many bytes sealed files take, by what they hold."""
        with words(self._path.parent):
            return self._current().shelves()

    def verify(self) -> Verdict:
        """Check every row's CRC and SQLite's own structures, indexes included."""
        try:
            with words(self._path.parent):
                complaints = [text for (text,) in self._connection.execute("PRAGMA integrity_check(10)")]
                damaged = tuple(self._current().log.check())
                complaints += self._folder.check()
                records = self._records.count()
        except StoreError as error:
            return Verdict(0, (), (str(error),))
        return Verdict(records, damaged, tuple(text for text in complaints if text != "ok"))

    def interrupt(self) -> None:
        """End the question under way, and each one after it, with StoreError; safe from any thread."""
        self._interrupted = True
        with suppress(sqlite3.ProgrammingError):
            self._connection.interrupt()

    def close(self) -> None:
        """Give back the file."""
        self._connection.close()
        self._folder.close()

    def _open(self) -> None:
        self._inode = self._path.stat().st_ino
        self._connection = connect_read_only(self._path)
        try:
            require_format(self._connection, self._path)
        except BaseException:
            self._connection.close()
            raise
        self._folder = SealedFolder(self._path.parent)
        self._records = Records(self._connection, self._folder)

    def _current(self) -> Records:
        """Return the log of the file that is there now: a damaged one may have been set aside meanwhile."""
        self._heed()
        if self._path.exists() and self._path.stat().st_ino != self._inode:
            self._connection.close()
            self._folder.close()
            self._open()
        return self._records

    def _heed(self) -> None:
        if self._interrupted:
            raise StoreError("the history is not read any more: netmon stops")

    def _heeding(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        # SQLite interrupts only what it is doing; a long question is many short ones.
        for entry in entries:
            self._heed()
            yield entry

    def _scan(self, scope: Scope, start_ms: int, end_ms: int) -> Iterator[Entry]:
        with words(self._path.parent):
            yield from self._heeding(self._current().scan(scope, start_ms, end_ms))
