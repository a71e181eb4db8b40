"""Opens the history's file for writing, whatever state it is in: the daemon always starts."""

from __future__ import annotations

import logging
import re
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from netmon.store.connection import WAL_BYTES, connect, used_bytes
from netmon.store.refusal import in_words, is_damage
from netmon.store.salvage import salvage, whole
from netmon.store.schema import (
    ADDED,
    APPLICATION_ID,
    BY_TOPIC,
    BY_TOPIC_BUT_READINGS,
    FORMAT_VERSION,
    SEALED,
    statements_of,
)
from netmon.store.subjects import Genus

log = logging.getLogger(__name__)

FILE_NAME = "history.db"
_SUFFIXES = ("", "-wal", "-shm")
_DAMAGED_KEPT = 3
_PAGE_BYTES = 1024
# The whole file is read for this check: 64 MiB take 3 s from a slow SD card. Larger ones are checked
# row by row as they are read, and as a whole by `netmon store verify`.
_CHECKED_AT_OPEN_BYTES = 64 * 2**20
_SALVAGE_SECONDS = 20.0
_VERSIONS_AT, _SCHEMA_FORMAT_AT = 18, 44
"""Where the header says who may write and read the file (SQLite's file format, 1.3.3 and 1.3.10)."""


class HistoryFile:
    """The file in a state folder, and those set aside beside it.

    `max_pages` bounds the file for tests of a full disk (0: no bound).
    """

    def __init__(self, folder: Path, max_pages: int = 0) -> None:
        self.folder = folder
        self.path = folder / FILE_NAME
        self.set_aside_total = 0
        self._max_pages = max_pages

    def open(self) -> sqlite3.Connection:
        """Return a connection to a healthy file: the one that is there, or a fresh one in its place.

        StoreError or StoreFull, in words, when the folder does not let itself be written.
        """
        try:
            problem = self._problem()
            if problem:
                return self.replace(problem)
            return self._connect()
        except (sqlite3.Error, OSError) as error:
            raise in_words(error, self.folder) from error

    def size_bytes(self) -> int:
        """Return the size of the file and its write-ahead log."""
        size = 0
        for suffix in _SUFFIXES[:2]:
            with suppress(OSError):
                size += self._beside(suffix).stat().st_size
        return size

    def replace(self, problem: str) -> sqlite3.Connection:
        """Set the file aside, start a fresh one, and bring over what can be read."""
        aside = self._set_aside("newer" if problem == _NEWER else "damaged")
        log.error("the history %s: it was set aside as %s and a fresh one begun", problem, aside.name)
        self.set_aside_total += 1
        connection = self._connect()
        if problem != _NEWER:
            count = salvage(aside, connection, _SALVAGE_SECONDS)
            log.warning("%d records of the damaged history were brought over", count)
        return connection

    def _problem(self) -> str:
        """Return why the file cannot be gone on with; empty when it can."""
        if not self.path.exists() or self.path.stat().st_size == 0:
            # What is left of an older one must not be replayed into a fresh file.
            for suffix in _SUFFIXES:
                self._beside(suffix).unlink(missing_ok=True)
            return ""
        try:
            with closing(connect(self.path)) as connection:
                return self._examine(connection)
        except UnicodeDecodeError:
            # SQLite quotes the damaged name in its message, and the module cannot decode that.
            return "is damaged (its schema is garbled)"
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                return f"is damaged ({error})"
            raise

    def _examine(self, connection: sqlite3.Connection) -> str:
        with self.path.open("rb") as file:
            header = file.read(_SCHEMA_FORMAT_AT + 4)
        formats = header[_VERSIONS_AT : _VERSIONS_AT + 2]
        if not set(formats) <= {1, 2} or header[_SCHEMA_FORMAT_AT + 3 :] > b"\4":
            # SQLite takes this for a file of a later SQLite, which it must not write or cannot read.
            return "is damaged (its header has formats that no SQLite writes)"
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        whole = self.path.stat().st_size >= _PAGE_BYTES
        if (application, version) == (0, 0) and whole and not _statements(connection):
            return ""  # the process was killed before it began; one cut to its first bytes looks alike
        if application != APPLICATION_ID or version < 1:
            return "is not netmon's"
        if version > FORMAT_VERSION:
            return _NEWER
        if [(name, _but_readings(sql)) for name, sql in _statements(connection)] != _expected(version):
            return "is damaged (its tables are not those of its format)"
        return self._damage(connection, version)

    def _damage(self, connection: sqlite3.Connection, version: int) -> str:
        # A topic that changed its kind would hide all of its records; no row's checksum tells of that.
        checks = ["integrity_check(topics)"]
        small = self.path.stat().st_size <= _CHECKED_AT_OPEN_BYTES
        if small:
            checks.append("quick_check(1)")
        verdicts = [connection.execute(f"PRAGMA {check}").fetchone()[0] for check in checks]
        for verdict in verdicts:
            if verdict != "ok":
                return f"is damaged ({verdict})"
        if small and version >= FORMAT_VERSION:
            # One bit in the head of an event's row makes a reading of it.
            rows = connection.execute(_PASSED_OVER, (SEALED, Genus.READING))
            if not all(whole(row) for row in rows):
                return "is damaged (rows that nobody would read are none of those)"
        return ""

    def _connect(self) -> sqlite3.Connection:
        connection = connect(self.path)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        # A commit writes whole pages, most of them half new: 4 KiB ones make 553 MB a day of the model site,
        # 2 KiB ones 428, 1 KiB ones 341 for more CPU.
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES:d}")
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        # NORMAL, the usual advice, loses acknowledged rows at a power cut (241 of 300 trials).
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 2000")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES:d}")
        if self._max_pages:
            connection.execute(f"PRAGMA max_page_count = {self._max_pages:d}")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version < FORMAT_VERSION:
            # An older file goes on as it is, with the tables that it lacks.
            added = "".join(ADDED[one] for one in range(version + 1, FORMAT_VERSION + 1))
            connection.executescript(
                f"BEGIN IMMEDIATE; {added} PRAGMA application_id = {APPLICATION_ID:d}; "
                f"PRAGMA user_version = {FORMAT_VERSION:d}; COMMIT;"
            )
        (by_topic,) = connection.execute(
            "SELECT sql FROM sqlite_schema WHERE name = 'log_by_time'"
        ).fetchone()
        if by_topic == BY_TOPIC and used_bytes(connection) < _CHECKED_AT_OPEN_BYTES:
            # Not while a large log of an older version would make the start last for minutes.
            connection.executescript(
                f"BEGIN IMMEDIATE; DROP INDEX log_by_time; {BY_TOPIC_BUT_READINGS}; COMMIT;"
            )

    def _set_aside(self, why: str) -> Path:
        taken = sorted(
            int(match[1])
            for path in self.folder.glob(f"{FILE_NAME}.{why}-*")
            if (match := re.fullmatch(rf"{FILE_NAME}\.{why}-(\d+)", path.name))
        )
        number = (taken[-1] if taken else 0) + 1
        if why == "damaged":
            for old in taken[: max(len(taken) - _DAMAGED_KEPT + 1, 0)]:
                for suffix in _SUFFIXES:
                    self._beside(f".{why}-{old}{suffix}").unlink(missing_ok=True)
        for suffix in _SUFFIXES:
            if self._beside(suffix).exists():
                self._beside(suffix).rename(self._beside(f".{why}-{number}{suffix}"))
        return self._beside(f".{why}-{number}")

    def _beside(self, suffix: str) -> Path:
        return self.path.with_name(FILE_NAME + suffix)


_PASSED_OVER = (
    "SELECT position, topic, subject, boot, at_ns, codec, crc, payload FROM log NOT INDEXED "
    "WHERE position < 1 OR (position <= (SELECT position FROM cursors WHERE name = ?) "
    "AND topic IN (SELECT id FROM topics WHERE genus = ?))"
)
"""What no reader looks at: before all positions, or a reading that is sealed. Most often nothing."""

_NEWER = "was written by a newer netmon"


def _expected(version: int) -> list[tuple[str, str | None]]:
    with closing(connect(Path(":memory:"))) as connection:
        connection.executescript(statements_of(version))
        return [(name, _but_readings(sql)) for name, sql in _statements(connection)]


def _but_readings(sql: str | None) -> str | None:
    """Return a statement as it is in a file of today; an older file may still have an older index."""
    return BY_TOPIC_BUT_READINGS if sql == BY_TOPIC else sql


def _statements(connection: sqlite3.Connection) -> list[tuple[str, str | None]]:
    return connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()


def size_bytes(folder: Path) -> int:
    """Return what the history's file takes, with what is not yet merged into it."""
    paths = (folder / f"{FILE_NAME}{suffix}" for suffix in ("", "-wal"))
    return sum(path.stat().st_size for path in paths if path.exists())
