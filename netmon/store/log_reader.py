"""Reads the log of an open file, whoever opened it: checks each row, skips and counts the damaged ones."""

from __future__ import annotations

import json
import logging
import struct
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import product
from operator import itemgetter
from sqlite3 import Connection, DatabaseError, OperationalError

from netmon.model import Record, Shape, Stamp
from netmon.store.boots import Boots, Window
from netmon.store.checksum import frame_checksum
from netmon.store.frames import READING, Cells, unframe, unframe_cells
from netmon.store.interface import Entry, Position
from netmon.store.schema import SEALED, has_sealed_files, load_boots, load_cursor, load_stored_subject
from netmon.store.scope import MovedError, Order, Scope
from netmon.store.subjects import Genus, Subject

log = logging.getLogger(__name__)

_COLUMNS = "position, topic, subject, boot, at_ns, codec, crc, payload"
_READING_TOPICS = f"SELECT id FROM topics WHERE genus = {Genus.READING:d}"  # noqa: S608 - a number of ours
_CHUNK = 64
_SUBJECTS_KEPT = 512

_Row = tuple[int, int, int, int, int, int, int, bytes]


class LogReader:
    """Decodes rows. Fetches in chunks, so that no read transaction stays open while a caller thinks."""

    def __init__(self, connection: Connection) -> None:
        self.damaged_total = 0
        self.sealed_to: Position = 0
        """Readings up to here are in sealed files; rows of them that are still in the log are passed over."""
        self._connection = connection
        self._boots = Boots()
        self._subjects: OrderedDict[int, Subject] = OrderedDict()

    def after(self, position: Position, limit: int) -> list[Entry]:
        """Return up to `limit` undamaged records after a position; none only at the end of the log."""
        self.refresh()
        query = (
            f"SELECT {_COLUMNS} FROM log WHERE position > ? AND (position > ? OR topic NOT IN "  # noqa: S608 - constants
            f"({_READING_TOPICS})) ORDER BY position LIMIT ?"
        )
        while True:
            cells = (position, self.sealed_to, limit)
            rows: list[_Row] = self._connection.execute(query, cells).fetchall()
            if self._moved(self.sealed_to):
                self.refresh()
                continue
            entries = list(self._entries(rows))
            if entries or not rows:
                return entries
            position = rows[-1][0]

    def refresh(self) -> Boots:
        """Learn what was settled or sealed meanwhile; return the boots."""
        self._boots = load_boots(self._connection)
        self.sealed_to = load_cursor(self._connection, SEALED) or 0
        return self._boots

    def scan(self, scope: Scope, start_ms: int, end_ms: int) -> Iterator[Entry]:
        """Yield records of a stretch of wall time, end excluded, in its order; Moved when they are sealed."""
        self.refresh()
        # One cursor per topic, index and stretch of a boot, merged by wall time.
        rows = merge(
            *(
                self._stream(topic, subjects, window, order, self.sealed_to)
                for topic, subjects in self._topics(scope)
                for window in self._boots.windows(start_ms, end_ms)
                for order in self._orders(scope, newest_first=False)
            ),
            key=lambda timed: timed[0],
        )
        return (entry for _, row in rows for entry in self._entries([row]))

    def newest_first(self, scope: Scope, end_ms: int | None = None) -> Iterator[Entry]:
        """Yield the records before a moment (None: all), newest boot and topic by topic, newest first."""
        self.refresh()
        windows = list(self._boots.windows(-(2**43), 2**43 if end_ms is None else end_ms))
        for topic, subjects in self._topics(scope):
            for window, order in product(reversed(windows), self._orders(scope, newest_first=True)):
                for _, row in self._stream(topic, subjects, window, order, self.sealed_to):
                    yield from self._entries([row])

    def cells(self, shape: Shape, positions: Sequence[Position]) -> list[tuple[int, Position, Cells]]:
        """Return moment (ns), position and cells of readings of one shape; damaged ones are counted."""
        # One statement for all: each other one with its own numbers would stay compiled in memory.
        rows: list[_Row] = self._connection.execute(
            f"SELECT {_COLUMNS} FROM log WHERE position IN (SELECT value FROM json_each(?))",  # noqa: S608 - constants
            (json.dumps(list(positions)),),
        ).fetchall()
        found = [(row[4], row[0], cells) for row in rows if (cells := self._cells_of(shape, row)) is not None]
        self.damaged_total += len(rows) - len(found)
        return sorted(found, key=itemgetter(0, 1))

    def subject(self, number: int) -> Subject | None:
        """Return a subject; None when it is damaged or unknown."""
        return self._subject(number)

    def stamp(self, boot: int, at_ns: int) -> Stamp:
        """Return a moment as it was known at the last refresh; ValueError when the boot's offset was lost."""
        return self._boots.stamp(boot, at_ns)

    def count(self) -> int:
        """Return how many records are in the log and not in sealed files."""
        self.refresh()
        (count,) = self._connection.execute(
            f"SELECT count(*) FROM log WHERE position > ? OR topic NOT IN ({_READING_TOPICS})",  # noqa: S608 - constants
            (self.sealed_to,),
        ).fetchone()
        return int(count)

    def check(self) -> Iterator[Position]:
        """Yield the position of each damaged row of the log."""
        self.refresh()
        position = 0
        query = f"SELECT {_COLUMNS} FROM log WHERE position > ? ORDER BY position LIMIT {_CHUNK}"  # noqa: S608 - constants
        while rows := self._connection.execute(query, (position,)).fetchall():
            for row in rows:
                if self._decode(row) is None:
                    yield row[0]
            position = rows[-1][0]

    def subjects(self, scope: Scope) -> Iterator[tuple[int, int, Subject]]:
        """Yield topic, id and content of the undamaged subjects."""
        rows = self._connection.execute(
            "SELECT topics.id, subjects.id FROM subjects JOIN topics ON topics.id = subjects.topic "
            "WHERE (genus = ?1 OR ?1 IS NULL) AND (name = ?2 OR ?2 = '') ORDER BY 1, 2",
            (scope.genus, scope.name),
        ).fetchall()
        for topic, number in rows:
            subject = self._subject(number)
            if subject is not None and subject.matches(scope.key):
                yield topic, number, subject

    def _orders(self, scope: Scope, *, newest_first: bool) -> list[Order]:
        """Return the indexes to look into: readings have one of their own since format 2."""
        by_topic = Order("log_by_time", f"codec < {READING:d}", newest_first)
        if scope.genus not in (None, Genus.READING) or not has_sealed_files(self._connection):
            return [by_topic]
        return [Order("log_by_moment", f"codec >= {READING:d}", newest_first), by_topic]

    def _topics(self, scope: Scope) -> list[tuple[int, tuple[int, ...]]]:
        found: dict[int, list[int]] = {}
        for topic, number, _ in self.subjects(scope):
            found.setdefault(topic, []).append(number)
        return [(topic, tuple(numbers)) for topic, numbers in found.items()]

    def _stream(
        self, topic: int, subjects: Sequence[int], window: Window, order: Order, sealed_to: Position
    ) -> Iterator[tuple[tuple[int, int], _Row]]:
        """Yield ((wall ms, position), row) of some subjects in one window."""
        wanted = ", ".join(map(str, subjects))
        down, beyond = ("DESC", "<") if order.newest_first else ("ASC", ">")
        query = (
            f"SELECT {_COLUMNS} FROM log INDEXED BY {order.index} WHERE {order.codecs} AND boot = ? "  # noqa: S608 - constants and integers
            f"AND at_ns >= ? AND at_ns < ? AND topic = ? AND subject IN ({wanted}) "
            f"AND (position > {sealed_to:d} OR topic NOT IN ({_READING_TOPICS})) "
            f"AND (at_ns, subject, position) {beyond} (?, ?, ?) "
            f"ORDER BY at_ns {down}, subject {down}, position {down} LIMIT {_CHUNK}"
        )
        start_ns, end_ns = window.start_ns, window.end_ns
        last = (end_ns, 0, 0) if order.newest_first else (start_ns - 1, 0, 0)
        while True:
            rows: list[_Row] = self._fetch(query, (window.segment.boot, start_ns, end_ns, topic, *last))
            if self._moved(sealed_to):
                raise MovedError
            for row in rows:
                yield (row[4] // 1_000_000 + window.segment.offset_ms, row[0]), row
            if len(rows) < _CHUNK:
                return
            last = (rows[-1][4], rows[-1][2], rows[-1][0])
            if order.newest_first:
                end_ns = last[0] + 1
            else:
                start_ns = last[0]

    def _moved(self, sealed_to: Position) -> bool:
        """Tell whether rows may be gone that were there before: they are in sealed files now."""
        return (load_cursor(self._connection, SEALED) or 0) != sealed_to

    def _fetch(self, query: str, arguments: tuple[int, ...]) -> list[_Row]:
        try:
            return self._connection.execute(query, arguments).fetchall()
        except OperationalError:
            raise
        except DatabaseError:
            # A damaged page: the rest of this stretch cannot be reached, others can.
            self.damaged_total += 1
            log.exception("a page of the history is damaged; run netmon store verify")
            return []

    def _entries(self, rows: Sequence[_Row]) -> Iterator[Entry]:
        for row in rows:
            record = self._decode(row)
            if record is None:
                self.damaged_total += 1
            else:
                yield Entry(row[0], record)

    def _decode(self, row: _Row) -> Record | None:
        position, topic, number, boot, at_ns, codec, crc, payload = row
        try:
            if crc != frame_checksum((position, topic, number, boot, at_ns), codec, payload):
                return None
            subject = self._subject(number)
            if subject is None:
                return None
            return unframe(subject, self._boots.stamp(boot, at_ns), codec, payload)
        except (ValueError, TypeError, struct.error):
            return None

    @staticmethod
    def _cells_of(shape: Shape, row: _Row) -> Cells | None:
        codec, crc, payload = row[5:]
        try:
            if crc == frame_checksum(row[:5], codec, payload):
                return unframe_cells(shape, codec, payload)
        except (ValueError, TypeError, struct.error):
            return None
        return None

    def _subject(self, number: int) -> Subject | None:
        known = self._subjects.get(number)
        if known is not None:
            self._subjects.move_to_end(number)
            return known
        subject = load_stored_subject(self._connection, number)
        if subject is not None:
            self._subjects[number] = subject
            if len(self._subjects) > _SUBJECTS_KEPT:
                self._subjects.popitem(last=False)
        return subject
