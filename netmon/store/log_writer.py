"""Appends frames to the log, a group in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from netmon.store.checksum import frame_checksum
from netmon.store.connection import transaction
from netmon.store.frames import Frame
from netmon.store.schema import (
    HIGH_WATER,
    highest_position,
    load_boots,
    save_cursor,
    save_segment,
    save_subject,
)
from netmon.store.subjects import Subject

_Row = tuple[int | bytes, ...]


class LogWriter:
    """The one writer of an open file. Positions continue behind the highest one ever given.

    `former` wrote the file that this one replaces: what it gave and knew holds on, even when nothing
    of that file could be brought over. Sinks stand at its positions.
    """

    def __init__(self, connection: sqlite3.Connection, former: LogWriter | None = None) -> None:
        self._connection = connection
        self._newest = 0
        if former is not None:
            self._follow(former)
        self._recall()

    @property
    def newest(self) -> int:
        """Position of the newest committed record."""
        return self._newest

    def write(self, frames: Sequence[Frame], cursors: Mapping[str, int]) -> list[tuple[Frame, Exception]]:
        """Make frames and cursors durable together; return the frames left out: no row can hold them."""
        try:
            with transaction(self._connection):
                rows, odd = self._rows(frames)
                self._append(rows, cursors)
        except BaseException:
            # What was learnt for rows that do not exist is forgotten with them.
            self._recall()
            raise
        self._newest += len(rows)
        return odd

    def forget_subjects(self) -> None:
        """Look up ids again: subjects that nothing refers to were deleted."""
        self._ids.clear()

    def _follow(self, former: LogWriter) -> None:
        with transaction(self._connection):
            for segment in former._boots.segments():
                save_segment(self._connection, segment)
            save_cursor(self._connection, HIGH_WATER, max(former.newest, highest_position(self._connection)))

    def _recall(self) -> None:
        self._learn()
        self._newest = max(self._newest, highest_position(self._connection))

    def _learn(self) -> None:
        self._ids: dict[bytes, tuple[int, int]] = {}
        self._boots = load_boots(self._connection)

    def _rows(self, frames: Sequence[Frame]) -> tuple[list[_Row], list[tuple[Frame, Exception]]]:
        rows: list[_Row] = []
        odd: list[tuple[Frame, Exception]] = []
        for frame in frames:
            try:
                rows.append(self._row(self._newest + len(rows) + 1, frame))
            except sqlite3.Error:
                # That is the file's trouble, and concerns all of them.
                raise
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one frame, the others are written
                self._learn()
                odd.append((frame, error))
        return rows, odd

    def _append(self, rows: Sequence[_Row], cursors: Mapping[str, int]) -> None:
        self._connection.executemany(
            "INSERT INTO log (position, topic, subject, boot, at_ns, codec, crc, payload) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        for name, position in cursors.items():
            save_cursor(self._connection, name, position)

    def _row(self, position: int, frame: Frame) -> _Row:
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
