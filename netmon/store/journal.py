"""What the disk thread does with the open file; nothing here runs on the event loop."""

from __future__ import annotations

import logging
import sqlite3
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import TypeVar

from netmon.model import Record
from netmon.store.backlog import Backlog
from netmon.store.connection import transaction
from netmon.store.frames import Frame, Framer
from netmon.store.history_file import HistoryFile
from netmon.store.interface import Entry, Position
from netmon.store.log_reader import LogReader, Scope
from netmon.store.log_writer import LogWriter
from netmon.store.refusal import in_words, is_damage
from netmon.store.retention import Deleted, Retainer, Terms
from netmon.store.schema import load_cursor, load_state, save_state, set_apart
from netmon.store.subjects import Genus

log = logging.getLogger(__name__)

T = TypeVar("T")

_FRAME_BYTES = 400
"""What a waiting frame takes in memory beside its payload."""


class Journal:
    """An open file, and the frames that wait, encoded, until a transaction with them has ended."""

    def __init__(self, file: HistoryFile, pending_bytes: int) -> None:
        self._file = file
        self._framer = Framer()
        self._frames: Backlog[Frame] = Backlog(pending_bytes)
        self.unstorable_total = 0
        self._damaged_before = 0
        self._saved_cursors: dict[str, Position] = {}
        self._facts: dict[bytes, bytes] = {}
        connection = file.open()
        try:
            self._use(connection)
        except sqlite3.DatabaseError as error:
            connection.close()
            self._use(file.replace(f"is damaged ({error})"))

    @property
    def newest(self) -> Position:
        """Position of the newest committed record."""
        return self._writer.newest

    @property
    def pending_records(self) -> int:
        """Frames that the disk has refused so far."""
        return len(self._frames)

    @property
    def dropped_total(self) -> int:
        """Frames that were lost because it refused for too long."""
        return self._frames.dropped_total

    @property
    def damaged_total(self) -> int:
        """Damaged records met and files set aside."""
        return self._damaged_before + self._reader.damaged_total + self._file.set_aside_total

    def commit(self, take: Callable[[], Sequence[Record]], cursors: Mapping[str, Position]) -> Position:
        """Write what waits and what is taken; StoreError when the disk refuses, and it waits on."""
        for record in take():
            self._queue(record)
        frames = self._frames.items()
        if frames or cursors != self._saved_cursors:
            self._mending(lambda: self._writer.write(frames, cursors))
            self._frames.take()
            self._saved_cursors = dict(cursors)
            self.size_bytes = self._file.size_bytes()
        return self._writer.newest

    def after(self, position: Position, limit: int) -> list[Entry]:
        """Return committed records after a position."""
        return self._mending(lambda: self._reader.after(position, limit))

    def cursor(self, name: str) -> Position:
        """Return a sink's stored position; 0 for a new one."""
        return self._mending(lambda: load_cursor(self._connection, name)) or 0

    def quarantine(self, name: str, position: Position, line: str, reason: str) -> None:
        """Keep a refused line, durably."""
        self._mending(lambda: self._durably(set_apart, name, position, line, reason))

    def read_state(self, key: str) -> str | None:
        """Return a small value."""
        return self._mending(lambda: load_state(self._connection, key))

    def write_state(self, key: str, value: str) -> None:
        """Write a small value, durably."""
        self._mending(lambda: self._durably(save_state, key, value))

    def expire(self, terms: Terms) -> Iterator[Deleted]:
        """Return the steps of clearing up, to be taken by step()."""
        return Retainer(self._connection, terms).steps()

    def step(self, steps: Iterator[Deleted]) -> Deleted | None:
        """Take one step; None when all is done."""
        deleted = self._mending(lambda: next(steps, None))
        if deleted is None:
            self._writer.forget_subjects()
        return deleted

    def close(self) -> None:
        """Close the file; SQLite folds the write-ahead log into it."""
        self._connection.close()

    def _durably(self, work: Callable[..., None], *arguments: object) -> None:
        with transaction(self._connection):
            work(self._connection, *arguments)

    def _use(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._writer = LogWriter(connection)
        self._reader = LogReader(connection)
        self._saved_cursors = {}
        self.size_bytes = self._file.size_bytes()
        self._facts = {}
        for entry in self._reader.newest_first(Scope(Genus.FACT)):
            frame = self._framer.frame(entry.record)
            self._facts.setdefault(frame.subject.digest, _said(frame))

    def _queue(self, record: Record) -> None:
        """Put a record into the queue, unless it is a fact that says what was said before."""
        try:
            frame = self._framer.frame(record)
        except (TypeError, ValueError, struct.error):
            self.unstorable_total += 1
            if self.unstorable_total == 1:
                log.exception("a record cannot be stored: %.200r", record)
            return
        if frame.subject.genus is Genus.FACT:
            if self._facts.get(frame.subject.digest) == _said(frame):
                return
            self._facts[frame.subject.digest] = _said(frame)
        for dropped in self._frames.add(frame, len(frame.payload) + _FRAME_BYTES, precious=frame.precious):
            # A fact that was not stored is news again the next time it is said.
            self._facts.pop(dropped.subject.digest, None)

    def _replace(self, problem: str) -> None:
        self._damaged_before += self._reader.damaged_total
        self._connection.close()
        self._use(self._file.replace(f"is damaged ({problem})"))

    def _mending(self, work: Callable[[], T]) -> T:
        """Do something with the file; a damaged one is replaced, and the work is done with the new one."""
        try:
            try:
                return work()
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                self._replace(str(error))
                return work()
        except sqlite3.Error as error:
            raise in_words(error, self._file.folder) from error


def _said(frame: Frame) -> bytes:
    return sha256(frame.payload).digest()[:8]
