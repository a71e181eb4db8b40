"""What the disk thread does with the open file; nothing here runs on the event loop."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from operator import attrgetter
from typing import TypeVar

from netmon.errors import StoreError
from netmon.model import Record
from netmon.store.backlog import Backlog
from netmon.store.ballast import Ballast
from netmon.store.connection import transaction
from netmon.store.frames import Frame, Framer
from netmon.store.history_file import HistoryFile
from netmon.store.interface import Entry, Position
from netmon.store.log_reader import LogReader
from netmon.store.log_writer import LogWriter
from netmon.store.records import Records
from netmon.store.refusal import in_words, is_damage, is_full
from netmon.store.retention import Deleted, Retainer, Terms
from netmon.store.schema import load_cursor, load_state, save_state, set_apart
from netmon.store.scope import Scope
from netmon.store.scrub import scrub
from netmon.store.sealed_folder import SealedFolder
from netmon.store.sealer import HOLD_SECONDS, Sealer
from netmon.store.subjects import Genus

log = logging.getLogger(__name__)

T = TypeVar("T")

_FRAME_BYTES = 400
"""What a waiting frame takes in memory beside its payload."""
_KINDS_TOLD = 100


class Journal:
    """An open file, and the frames that wait, encoded, until a transaction with them has ended."""

    def __init__(self, file: HistoryFile, pending_bytes: int) -> None:
        self._file = file
        self._folder = SealedFolder(file.folder)
        self._ballast = Ballast(file.folder)
        self._framer = Framer()
        self._frames: Backlog[Frame] = Backlog(pending_bytes)
        self.unstorable_total = 0
        self._unstorable_kinds: set[str] = set()
        self._damaged_before = 0
        self._saved_cursors: dict[str, Position] = {}
        self._open(None)

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
        return (
            self._damaged_before
            + self._reader.damaged_total
            + self._folder.damaged_total
            + self._file.set_aside_total
        )

    def commit(self, take: Callable[[], Sequence[Record]], cursors: Mapping[str, Position]) -> Position:
        """Write what waits and what is taken; StoreError when the disk refuses, and it waits on."""
        for record in take():
            self._queue(record)
        frames = self._frames.items()
        if frames or cursors != self._saved_cursors:
            odd = self._mending(lambda: self._writer.write(frames, cursors))
            self._frames.take()
            for frame, error in odd:
                self._facts.pop(frame.subject.digest, None)
                self._refuse(frame.subject.name, error)
            self._saved_cursors = dict(cursors)
            self.size_bytes = self._file.size_bytes() + self._sealed_bytes
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
        return Retainer(self._connection, self._folder, terms).steps()

    def seal(self, *, everything: bool = False, hold_seconds: float = HOLD_SECONDS) -> Iterator[None]:
        """Return the steps of sealing, to be taken by step()."""
        sealer = Sealer(self._connection, self._reader.log, self._folder, hold_seconds)
        return sealer.steps(everything=everything)

    def scrub(self) -> Iterator[None]:
        """Return the steps of looking at old files again, to be taken by step()."""
        self._ballast.take()
        return scrub(self._connection, self._folder)

    def step(self, steps: Iterator[T]) -> tuple[T] | None:
        """Take one step and return what it did; None when all is done, StoreError when they failed."""
        done = self._mending(lambda: next(((one,) for one in steps), None), again=False)
        # One of them may have deleted subjects, and the next commit would write rows of these.
        self._writer.forget_subjects()
        if done is None:
            self._sealed_bytes = self._folder.size_bytes()
            self.size_bytes = self._file.size_bytes() + self._sealed_bytes
        return done

    def close(self) -> None:
        """Close the file; SQLite folds the write-ahead log into it."""
        self._connection.close()
        self._folder.close()

    def _durably(self, work: Callable[..., None], *arguments: object) -> None:
        with transaction(self._connection):
            work(self._connection, *arguments)

    def _open(self, former: LogWriter | None) -> None:
        try:
            self._use(self._file.open(), former)
        except sqlite3.DatabaseError as error:
            self._use(self._file.replace(f"is damaged ({error})"), former)

    def _use(self, connection: sqlite3.Connection, former: LogWriter | None) -> None:
        try:
            self._folder.reconcile(connection)
            writer, reader = LogWriter(connection, former), Records(connection, self._folder)
            facts = self._said_in(reader.log)
        except BaseException:
            connection.close()
            raise
        self._connection, self._writer, self._reader, self._facts = connection, writer, reader, facts
        self._given_up = False
        self._saved_cursors = {}
        self._sealed_bytes = self._folder.size_bytes()
        self.size_bytes = self._file.size_bytes() + self._sealed_bytes

    def _said_in(self, reader: LogReader) -> dict[bytes, bytes]:
        facts: dict[bytes, bytes] = {}
        for entry in reader.newest_first(Scope(Genus.FACT)):
            with suppress(ValueError, TypeError):
                frame = self._framer.frame(entry.record)
                facts.setdefault(frame.subject.digest, _said(frame))
        return facts

    def _queue(self, record: Record) -> None:
        """Put a record into the queue, unless it is a fact that says what was said before."""
        try:
            frame = self._framer.frame(record)
        except Exception as error:  # noqa: BLE001 - one odd record of a plugin shall cost no other
            self._refuse(_kind(record), error)
            return
        if frame.subject.genus is Genus.FACT:
            if self._facts.get(frame.subject.digest) == _said(frame):
                return
            self._facts[frame.subject.digest] = _said(frame)
        for dropped in self._frames.add(frame, len(frame.payload) + _FRAME_BYTES, precious=frame.precious):
            # A fact that was not stored is news again the next time it is said.
            self._facts.pop(dropped.subject.digest, None)

    def _refuse(self, kind: str, error: Exception) -> None:
        self.unstorable_total += 1
        if kind not in self._unstorable_kinds and len(self._unstorable_kinds) < _KINDS_TOLD:
            self._unstorable_kinds.add(kind)
            # Not the record itself: what is wrong with it may be wrong with its text, too.
            log.error("records of the kind %.80r cannot be stored; they are counted", kind, exc_info=error)

    def _replace(self, problem: str) -> None:
        self._damaged_before += self._reader.damaged_total
        self._reader.log.damaged_total = self._reader.sealed.damaged_total = 0
        self._given_up = True
        self._connection.close()
        self._use(self._file.replace(f"is damaged ({problem})"), self._writer)

    def _mending(self, work: Callable[[], T], *, again: bool = True) -> T:
        """Do something with the file; a damaged one is replaced, and the work is done with the new one.

        StoreError whatever fails: the work is not done, what waits goes on waiting. `again`: work that
        failed can be done once more; steps that failed are over.
        """
        try:
            if self._given_up:
                self._open(self._writer)
            try:
                return work()
            except (sqlite3.DatabaseError, OSError) as error:
                if isinstance(error, sqlite3.DatabaseError) and is_damage(error):
                    self._replace(str(error))
                elif not is_full(error) or not self._ballast.release():
                    raise
                if not again:
                    raise
                return work()
        except StoreError:
            raise
        except Exception as error:
            raise in_words(error, self._file.folder) from error


def _kind(record: object) -> str:
    """Return what a record calls itself, or what Python calls it."""
    for path in ("kind", "shape.measurement"):
        with suppress(Exception):
            name = attrgetter(path)(record)
            if isinstance(name, str):
                return name
    return type(record).__name__


def _said(frame: Frame) -> bytes:
    return sha256(frame.payload).digest()[:8]
