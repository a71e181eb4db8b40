"""Which sealed files there are and where in them each subject is: tables of the history's file.

The files explain themselves, so all of this can be had again from them; a row whose checksum fails is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from enum import IntEnum
from sqlite3 import Connection

from netmon.model import Retention
from netmon.store.block_file import Place
from netmon.store.boots import Segment
from netmon.store.checksum import row_checksum
from netmon.store.schema import SEALED, load_cursor, save_cursor
from netmon.store.soundness import forget_sums, save_sums
from netmon.store.subjects import Subject

_PROBE_LABEL = "probe"
_PLACE = (
    "boot, first_ms, last_ms, first_position, last_position, count, offset, head_bytes, size_bytes, head_crc"
)
_FILE = "name, shelf, first, last, readings, size_bytes, blocks"


class Shelf(IntEnum):
    """What sealed files hold, one file for each kind, so that one can go before another; the first does."""

    PROBES = 0
    POLLED = 1
    EVIDENCE = 2
    ROLLUPS = 3


@dataclass(frozen=True, slots=True)
class SealedFile:
    """One file; `name` lies below the folder of sealed files, `first` and `last` are positions."""

    id: int
    name: str
    shelf: Shelf
    first: int
    last: int
    readings: int
    size_bytes: int
    blocks: int


def shelf_of(subject: Subject) -> Shelf:
    """Return where a subject's readings belong: what probes send is the most, and the first to go."""
    if subject.retention is Retention.EVIDENCE:
        return Shelf.EVIDENCE
    rows = subject.shape.rows if subject.shape is not None else ()
    probed = rows and all(any(name == _PROBE_LABEL for name, _ in row.key) for row in rows)
    return Shelf.PROBES if probed else Shelf.POLLED


def sealed_to(connection: Connection) -> int:
    """Return the position up to which readings are in sealed files."""
    return load_cursor(connection, SEALED) or 0


def save_sealed_to(connection: Connection, position: int) -> None:
    """Note the position up to which readings are in sealed files."""
    save_cursor(connection, SEALED, position)


def load_files(connection: Connection) -> dict[str, SealedFile]:
    """Return the files whose row is undamaged, by name, in the order of their positions."""
    rows = connection.execute(f"SELECT id, {_FILE}, crc FROM files ORDER BY first, shelf")  # noqa: S608 - constants
    return {
        str(cells[1]): SealedFile(cells[0], cells[1], Shelf(cells[2]), *cells[3:])
        for *cells, crc in rows
        if crc == row_checksum(*cells)
    }


def save_file(connection: Connection, file: SealedFile, places: Sequence[tuple[int, Place]]) -> None:
    """Write a file and the places of its blocks, with the numbers of their subjects, over what was there."""
    forget_file(connection, file.name)
    cells = (file.name, int(file.shelf), file.first, file.last, file.readings, file.size_bytes, file.blocks)
    (number,) = connection.execute(
        f"INSERT INTO files ({_FILE}, crc) VALUES (?, ?, ?, ?, ?, ?, ?, 0) RETURNING id",  # noqa: S608 - constants
        cells,
    ).fetchone()
    connection.execute("UPDATE files SET crc = ? WHERE id = ?", (row_checksum(number, *cells), number))
    rows = ((number, subject, *astuple(place)) for subject, place in places)
    connection.executemany(
        f"INSERT INTO blocks (file, subject, {_PLACE}, crc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - constants
        [(*row, row_checksum(*row)) for row in rows],
    )
    save_sums(connection, number)


def forget_file(connection: Connection, name: str) -> None:
    """Delete a file's rows."""
    for (number,) in connection.execute("SELECT id FROM files WHERE name = ?", (name,)).fetchall():
        forget_sums(connection, number)
    connection.execute("DELETE FROM blocks WHERE file IN (SELECT id FROM files WHERE name = ?)", (name,))
    connection.execute("DELETE FROM files WHERE name = ?", (name,))


def sweep(connection: Connection) -> None:
    """Delete rows of files that are damaged, and rows of blocks whose file nobody knows."""
    good = [file.id for file in load_files(connection).values()]
    connection.execute(f"DELETE FROM files WHERE id NOT IN ({_list(good)})")  # noqa: S608 - integers
    connection.execute(f"DELETE FROM blocks WHERE file NOT IN ({_list(good)})")  # noqa: S608 - integers


def places(
    connection: Connection, file: int, subjects: Sequence[int], boot: int, first_ms: int, last_ms: int
) -> list[tuple[int, Place]]:
    """Return subject and place of a file's blocks that overlap a stretch of a boot, ends included."""
    # The plus keeps SQLite from the other index: a file has few blocks, a subject may have thousands.
    rows = connection.execute(
        f"SELECT file, subject, {_PLACE}, crc FROM blocks WHERE file = ? AND +boot = ? "  # noqa: S608 - constants and integers
        f"AND first_ms <= ? AND last_ms >= ? AND +subject IN ({_list(subjects)})",
        (file, boot, last_ms, first_ms),
    ).fetchall()
    return [(cells[1], Place(*cells[2:])) for *cells, crc in rows if crc == row_checksum(*cells)]


def stretches(
    connection: Connection, shelves: Sequence[Shelf], subjects: Sequence[int]
) -> list[tuple[int, int, int, int]]:
    """Return file, boot, first and last ms of what files on these shelves have of some subjects."""
    rows = connection.execute(
        "SELECT file, boot, min(first_ms), max(last_ms) FROM blocks "  # noqa: S608 - integers
        f"WHERE subject IN ({_list(subjects)}) "
        f"AND file IN (SELECT id FROM files WHERE shelf IN ({_list(shelves)})) GROUP BY file, boot"
    )
    return rows.fetchall()


def spans(connection: Connection, subjects: Sequence[int]) -> list[tuple[int, int, int, int, int]]:
    """Return file, subject, boot, first and last ms of all that files have of some subjects."""
    rows = connection.execute(
        "SELECT file, subject, boot, min(first_ms), max(last_ms) FROM blocks "  # noqa: S608 - integers
        f"WHERE subject IN ({_list(subjects)}) GROUP BY 1, 2, 3"
    )
    return rows.fetchall()


def ends_ms(connection: Connection, boots: Mapping[int, Segment]) -> dict[int, int]:
    """Return the wall time at which each file ends; only of files all of whose boots have a true clock.

    `boots` has the last segment of each of these.
    """
    ends: dict[int, int | None] = {}
    for file, boot, last_ms in connection.execute(
        "SELECT file, boot, max(last_ms) FROM blocks GROUP BY 1, 2"
    ):
        before = ends.get(file, 0)
        known = None if boot not in boots or before is None else max(before, last_ms + boots[boot].offset_ms)
        ends[file] = known
    return {file: end for file, end in ends.items() if end is not None}


def places_after(connection: Connection, file: int, position: int) -> list[tuple[int, Place]]:
    """Return subject and place of a file's blocks that reach beyond a position."""
    rows = connection.execute(
        f"SELECT file, subject, {_PLACE}, crc FROM blocks WHERE file = ? AND last_position > ?",  # noqa: S608 - constants
        (file, position),
    ).fetchall()
    return [(cells[1], Place(*cells[2:])) for *cells, crc in rows if crc == row_checksum(*cells)]


def newest_place(connection: Connection, subject: int, before: int) -> tuple[str, Place] | None:
    """Return name and place of a subject's last block of readings before a position."""
    row = connection.execute(
        f"SELECT file, subject, {_PLACE}, crc FROM blocks WHERE subject = ? AND last_position < ? "  # noqa: S608 - constants
        "AND file IN (SELECT id FROM files WHERE shelf <> ?) ORDER BY last_position DESC LIMIT 1",
        (subject, before, Shelf.ROLLUPS.value),
    ).fetchone()
    if row is None or row[-1] != row_checksum(*row[:-1]):
        return None
    (name,) = connection.execute("SELECT name FROM files WHERE id = ?", (row[0],)).fetchone()
    return name, Place(*row[2:-1])


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(str(int(number)) for number in numbers)
