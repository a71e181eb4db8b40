"""Brings what is readable of a damaged history into a fresh one, so that damage costs a page, not a year."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import chain
from pathlib import Path
from time import monotonic

from netmon.store.checksum import frame_checksum
from netmon.store.connection import connect_read_only, transaction

_COLUMNS = {
    "topics": 3, "subjects": 5, "subjects_copy": 3, "boots": 6, "boots_copy": 6, "cursors": 3, "state": 3,
    "quarantine": 5,
}  # fmt: skip
_CHUNK = 1000
# SQLite quotes a garbled name in its message, which the module then cannot decode.
_UNREADABLE = (sqlite3.Error, UnicodeDecodeError)

_Row = tuple[int, int, int, int, int, int, int, bytes]


def salvage(damaged: Path, fresh: sqlite3.Connection, seconds: float) -> int:
    """Copy small tables and undamaged rows of the log, positions included; return how many rows.

    The newest come first, since they are the ones that somebody waits for. Stops after `seconds`: the
    damaged file stays where it is.
    """
    deadline = monotonic() + seconds
    count = 0
    with suppress(*_UNREADABLE), closing(connect_read_only(damaged)) as source:
        for table, columns in _COLUMNS.items():
            _copy(source, fresh, table, columns)
        # From both ends: a page that cannot be read stops each of the two before it.
        for rows in chain(_chunks(source, "DESC"), _chunks(source, "ASC")):
            count += _insert(fresh, rows)
            if monotonic() > deadline:
                break
    _reserve(fresh)
    return count


def _reserve(fresh: sqlite3.Connection) -> None:
    """Let no new subject get the number of one whose row was lost: its records would tell wrong things."""
    numbers = "SELECT id FROM subjects UNION SELECT id FROM subjects_copy UNION SELECT subject FROM log"
    with transaction(fresh):
        (highest,) = fresh.execute(f"SELECT max(id) FROM ({numbers})").fetchone()  # noqa: S608 - constants
        fresh.execute("DELETE FROM sqlite_sequence WHERE name = 'subjects'")
        fresh.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('subjects', ?)", (highest or 0,))


def _copy(source: sqlite3.Connection, fresh: sqlite3.Connection, table: str, columns: int) -> None:
    marks = ", ".join("?" * columns)
    rows: list[tuple[object, ...]] = []
    with suppress(*_UNREADABLE):
        rows.extend(source.execute(f"SELECT * FROM {table}"))  # noqa: S608 - names of our own tables
    with suppress(sqlite3.Error), transaction(fresh):
        fresh.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", rows)  # noqa: S608 - as above


def _chunks(source: sqlite3.Connection, order: str) -> Iterator[list[_Row]]:
    chunk: list[_Row] = []
    try:
        for row in source.execute(
            "SELECT position, topic, subject, boot, at_ns, codec, crc, payload FROM log NOT INDEXED "  # noqa: S608 - constants
            f"ORDER BY position {order}"
        ):
            chunk.append(row)
            if len(chunk) == _CHUNK:
                yield chunk
                chunk = []
    except _UNREADABLE:
        # The rows read before the damaged page are good.
        yield chunk
    else:
        yield chunk


def _insert(fresh: sqlite3.Connection, rows: list[_Row]) -> int:
    good = [row for row in rows if whole(row)]
    before = fresh.total_changes
    with transaction(fresh):
        fresh.executemany(
            "INSERT OR IGNORE INTO log (position, topic, subject, boot, at_ns, codec, crc, payload) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            good,
        )
    return fresh.total_changes - before


def whole(row: _Row) -> bool:
    """Tell whether a row of the log is what was written."""
    try:
        return row[6] == frame_checksum(row[:5], row[5], row[7])
    except (struct.error, TypeError):
        return False
