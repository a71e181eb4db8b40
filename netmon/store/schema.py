"""Format 2 of the history's file, and how its tables that are not the log are read and written.

What many records depend on (boots, subjects) is kept twice: one flipped bit costs one record at most.
"""

from __future__ import annotations

from pathlib import Path
from sqlite3 import Connection

from netmon.errors import StoreError
from netmon.store.boots import Boots, Segment
from netmon.store.checksum import row_checksum
from netmon.store.subjects import Subject, load_subject

FORMAT_VERSION = 2
APPLICATION_ID = 0x6E6D6F6E
"""The letters "nmon": what `file` and SQLite tell the format by."""

_TABLES_1 = """
CREATE TABLE log (
  position INTEGER PRIMARY KEY,
  topic INTEGER NOT NULL, subject INTEGER NOT NULL, boot INTEGER NOT NULL, at_ns INTEGER NOT NULL,
  codec INTEGER NOT NULL, crc INTEGER NOT NULL, payload BLOB NOT NULL);
CREATE INDEX log_by_time ON log (topic, boot, at_ns, subject);
CREATE TABLE topics (
  id INTEGER PRIMARY KEY, genus INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE (genus, name));
CREATE TABLE subjects (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  topic INTEGER NOT NULL, retention TEXT NOT NULL, digest BLOB NOT NULL UNIQUE, body BLOB NOT NULL);
CREATE INDEX subjects_by_topic ON subjects (topic);
CREATE TABLE subjects_copy (id INTEGER PRIMARY KEY, digest BLOB NOT NULL, body BLOB NOT NULL);
CREATE TABLE boots (
  boot INTEGER NOT NULL, from_ns INTEGER NOT NULL, boot_id TEXT NOT NULL,
  offset_ms INTEGER NOT NULL, synced INTEGER NOT NULL, crc INTEGER NOT NULL,
  PRIMARY KEY (boot, from_ns)) WITHOUT ROWID;
CREATE TABLE boots_copy (
  boot INTEGER NOT NULL, from_ns INTEGER NOT NULL, boot_id TEXT NOT NULL,
  offset_ms INTEGER NOT NULL, synced INTEGER NOT NULL, crc INTEGER NOT NULL,
  PRIMARY KEY (boot, from_ns)) WITHOUT ROWID;
CREATE TABLE cursors (name TEXT PRIMARY KEY, position INTEGER NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE quarantine (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, position INTEGER NOT NULL,
  line TEXT NOT NULL, reason TEXT NOT NULL);
"""

_TABLES_2 = """
CREATE TABLE files (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, shelf INTEGER NOT NULL,
  first INTEGER NOT NULL, last INTEGER NOT NULL, readings INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL, blocks INTEGER NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE blocks (
  file INTEGER NOT NULL, subject INTEGER NOT NULL, boot INTEGER NOT NULL,
  first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
  first_position INTEGER NOT NULL, last_position INTEGER NOT NULL, count INTEGER NOT NULL,
  offset INTEGER NOT NULL, head_bytes INTEGER NOT NULL, size_bytes INTEGER NOT NULL,
  head_crc INTEGER NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (file, offset)) WITHOUT ROWID;
CREATE INDEX blocks_by_subject ON blocks (subject, boot, first_ms);
CREATE INDEX log_by_moment ON log (boot, at_ns, topic, subject) WHERE codec >= 16;
"""

# Readings come in the order of time: an index that leads with time grows at its end, while one that leads
# with the topic is written in as many places as there are topics (5 of 11 pages of each commit).
BY_TOPIC = "CREATE INDEX log_by_time ON log (topic, boot, at_ns, subject)"
BY_TOPIC_BUT_READINGS = f"{BY_TOPIC} WHERE codec < 16"

ADDED = {1: _TABLES_1, 2: _TABLES_2}
"""What each format added to the one before it."""

HIGH_WATER = "(highest position given)"
"""The cursor that is no sink's: the log may be emptied, its positions stay used."""

SEALED = "(sealed up to)"
"""The cursor that is no sink's: readings up to here are in sealed files, and in the log no more."""

_QUARANTINE_ROWS = 1000
_QUARANTINE_CHARACTERS = 4096


def load_boots(connection: Connection) -> Boots:
    """Return the boots of which the row or its copy is undamaged."""
    rows = connection.execute("SELECT * FROM boots UNION SELECT * FROM boots_copy")
    segments = {
        (boot, from_ns): Segment(boot, from_ns, boot_id, offset_ms, bool(synced))
        for boot, from_ns, boot_id, offset_ms, synced, crc in rows
        if crc == row_checksum(boot, from_ns, boot_id, offset_ms, synced)
    }
    # The newest row has the highest number; a limit, because nobody has checked that row yet.
    newest = connection.execute("SELECT boot FROM log WHERE boot < 1000000000 ORDER BY position DESC LIMIT 1")
    return Boots(segments.values(), taken=(newest.fetchone() or (0,))[0])


def has_sealed_files(connection: Connection) -> bool:
    """Tell whether the file's format knows sealed files; a reader may meet one that does not."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version) >= 2


def statements_of(version: int) -> str:
    """Return the statements that make the tables of a format."""
    return "".join(ADDED[one] for one in range(1, version + 1))


def save_segment(connection: Connection, segment: Segment) -> None:
    """Write one segment of a boot over what was there."""
    cells = (segment.boot, segment.from_ns, segment.boot_id, segment.offset_ms, int(segment.synced))
    row = (*cells, row_checksum(*cells))
    connection.execute("REPLACE INTO boots VALUES (?, ?, ?, ?, ?, ?)", row)
    connection.execute("REPLACE INTO boots_copy VALUES (?, ?, ?, ?, ?, ?)", row)


def load_stored_subject(connection: Connection, number: int) -> Subject | None:
    """Return a subject from its row or the copy of it; None when both are damaged or it does not exist."""
    rows = connection.execute(
        "SELECT digest, body FROM subjects WHERE id = ?1 "
        "UNION ALL SELECT digest, body FROM subjects_copy WHERE id = ?1",
        (number,),
    )
    for digest, body in rows:
        try:
            return load_subject(digest, body)
        except (ValueError, TypeError):
            continue
    return None


def save_subject(connection: Connection, subject: Subject) -> None:
    """Write a new subject, its topic if that is new, and the copy."""
    connection.execute(
        "INSERT OR IGNORE INTO topics (genus, name) VALUES (?, ?)", (subject.genus, subject.name)
    )
    connection.execute(
        "INSERT INTO subjects (topic, retention, digest, body) "
        "SELECT id, ?, ?, ? FROM topics WHERE genus = ? AND name = ?",
        (subject.retention, subject.digest, subject.body, subject.genus, subject.name),
    )
    connection.execute(
        "REPLACE INTO subjects_copy SELECT id, digest, body FROM subjects WHERE digest = ?", (subject.digest,)
    )


def highest_position(connection: Connection) -> int:
    """Return the highest position ever given, as far as the file knows; 0 when there was none."""
    # A cursor may be ahead of a log whose end expired or was damaged: its positions were given once.
    rows = connection.execute("SELECT name, position, crc FROM cursors")
    cursors: list[int] = [position for name, position, crc in rows if crc == row_checksum(name, position)]
    (newest,) = connection.execute("SELECT max(position) FROM log").fetchone()
    return max(newest or 0, *cursors, 0)


def load_cursor(connection: Connection, name: str) -> int | None:
    """Return where a sink stands; None for an unknown one, 0 (send all again) when the row is damaged."""
    row = connection.execute("SELECT position, crc FROM cursors WHERE name = ?", (name,)).fetchone()
    if row is None:
        return None
    return row[0] if row[1] == row_checksum(name, row[0]) else 0


def save_cursor(connection: Connection, name: str, position: int) -> None:
    """Write where a sink stands."""
    cells = (name, position)
    connection.execute("REPLACE INTO cursors VALUES (?, ?, ?)", (*cells, row_checksum(*cells)))


def load_state(connection: Connection, key: str) -> str | None:
    """Return a small value; None when it was never written or is damaged."""
    row = connection.execute("SELECT value, crc FROM state WHERE key = ?", (key,)).fetchone()
    return row[0] if row is not None and row[1] == row_checksum(key, row[0]) else None


def save_state(connection: Connection, key: str, value: str) -> None:
    """Write a small value."""
    connection.execute("REPLACE INTO state VALUES (?, ?, ?)", (key, value, row_checksum(key, value)))


def load_states(connection: Connection) -> dict[str, str]:
    """Return all small values that are undamaged."""
    rows = connection.execute("SELECT key, value, crc FROM state")
    return {key: value for key, value, crc in rows if crc == row_checksum(key, value)}


def forget_state(connection: Connection, key: str) -> None:
    """Delete a small value."""
    connection.execute("DELETE FROM state WHERE key = ?", (key,))


def set_apart(connection: Connection, name: str, position: int, line: str, reason: str) -> None:
    """Keep a line that a sink refused; of more than a thousand the oldest go."""
    connection.execute(
        "INSERT INTO quarantine (name, position, line, reason) VALUES (?, ?, ?, ?)",
        (name, position, line[:_QUARANTINE_CHARACTERS], reason[:_QUARANTINE_CHARACTERS]),
    )
    connection.execute(
        "DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?", (_QUARANTINE_ROWS,)
    )


def require_format(connection: Connection, path: Path) -> None:
    """Raise StoreError, in words, when a file is none of ours or a newer one."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID or version < 1:
        raise StoreError(f"{path} is not a history of netmon")
    if version > FORMAT_VERSION:
        raise StoreError(
            f"{path} has format {version}, this netmon reads up to {FORMAT_VERSION}: update netmon"
        )
