"""Appends frames to the log, a group in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from sqlite3 import Connection

from netmon.store.checksum import frame_checksum
from netmon.store.connection import transaction
from netmon.store.frames import Frame
from netmon.store.schema import load_boots, save_cursor, save_segment, save_subject
from netmon.store.subjects import Subject


class LogWriter:
    """The one writer of an open file. Positions continue behind the highest one ever given."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._newest = 0
        self._recall()

    @property
    def newest(self) -> int:
        """Position of the newest committed record."""
        return self._newest

    def write(self, frames: Sequence[Frame], cursors: Mapping[str, int]) -> None:
        """Make frames and cursors durable together."""
        try:
            with transaction(self._connection):
                self._append(frames, cursors)
        except BaseException:
            # What was learnt for rows that do not exist is forgotten with them.
            self._recall()
            raise
        self._newest += len(frames)

    def forget_subjects(self) -> None:
        """Look up ids again: subjects that nothing refers to were deleted."""
        self._ids.clear()

    def _recall(self) -> None:
        self._ids: dict[bytes, tuple[int, int]] = {}
        self._boots = load_boots(self._connection)
        # A cursor may be ahead of a log whose end expired or was damaged: its positions were given once.
        (self._newest,) = self._connection.execute(
            "SELECT max(coalesce((SELECT max(position) FROM log), 0), coalesce((SELECT max(position) FROM "
            "cursors), 0))"
        ).fetchone()

    def _append(self, frames: Sequence[Frame], cursors: Mapping[str, int]) -> None:
        self._connection.executemany(
            "INSERT INTO log (position, topic, subject, boot, at_ns, codec, crc, payload) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [self._row(position, frame) for position, frame in enumerate(frames, self._newest + 1)],
        )
        for name, position in cursors.items():
            save_cursor(self._connection, name, position)

    def _row(self, position: int, frame: Frame) -> tuple[int | bytes, ...]:
        changed = self._boots.note(frame.stamp)
        if changed is not None:
            save_segment(self._connection, changed)
        boot = self._boots.number(frame.stamp.boot_id)
        topic, subject = self._ids.get(frame.subject.digest) or self._identify(frame.subject)
        place = (position, topic, subject, boot, frame.stamp.boottime_ns)
        return *place, frame.codec, frame_checksum(place, frame.codec, frame.payload), frame.payload

    def _identify(self, subject: Subject) -> tuple[int, int]:
        find = "SELECT topic, id FROM subjects WHERE digest = ?"
        row = self._connection.execute(find, (subject.digest,)).fetchone()
        if row is None:
            save_subject(self._connection, subject)
            row = self._connection.execute(find, (subject.digest,)).fetchone()
        self._ids[subject.digest] = (row[0], row[1])
        return row[0], row[1]
