"""Tells at opening whether the rows that say where blocks are still are as they were written.

SQLite sums up the columns of each file's rows, in a tenth of the time that it takes to look at each row's
checksum here: any flipped bit changes a sum. The sums are kept in `state`; where they differ, or are
not known, the rows themselves decide.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from contextlib import suppress
from itertools import chain

from netmon.store.checksum import row_checksum
from netmon.store.connection import transaction
from netmon.store.schema import forget_state, load_states, save_state

_KEY = "(blocks of {})"
_COLUMNS = (
    "subject", "boot", "first_ms", "last_ms", "first_position", "last_position", "count", "offset",
    "head_bytes", "size_bytes", "head_crc", "crc",
)  # fmt: skip
_SUMMED = ", ".join(f"sum({column})" for column in _COLUMNS)
_SUMS = f"SELECT file, count(*), {_SUMMED} FROM blocks"  # noqa: S608 - constants


def save_sums(connection: sqlite3.Connection, file: int) -> None:
    """Note the sums of a file's rows, which are known to be sound."""
    for number, sums in _sums(connection, f"WHERE file = {file:d}").items():
        save_state(connection, _KEY.format(number), sums)


def forget_sums(connection: sqlite3.Connection, file: int) -> None:
    """Delete the sums of a file that goes."""
    forget_state(connection, _KEY.format(file))


def unsound(connection: sqlite3.Connection, files: Mapping[int, int], boots: Collection[int]) -> set[int]:
    """Return which files have damaged or missing rows, or such of an unknown boot.

    `files`: the number of rows by the file's number. Sums that were not known are noted in passing.
    """
    found, noted = _sums(connection), load_states(connection)
    strangers = _of_other_boots(connection, boots)
    doubtful = {
        file for file in files if file not in found or found[file] != noted.get(_KEY.format(file))
    } | strangers
    bad = {file for file in doubtful & files.keys() if not _rows_sound(connection, file, files[file], boots)}
    # A disk that is full keeps nobody from opening; they are noted another time.
    with suppress(sqlite3.OperationalError), transaction(connection):
        for file in doubtful & files.keys() - bad:
            save_sums(connection, file)
    return bad


def _sums(connection: sqlite3.Connection, where: str = "") -> dict[int, str]:
    try:
        rows = connection.execute(f"{_SUMS} {where} GROUP BY file").fetchall()
    except sqlite3.OperationalError:
        # A flipped bit made a number so large that its sum is none.
        return {}
    return {file: ascii(sums) for file, *sums in rows}


def _of_other_boots(connection: sqlite3.Connection, boots: Collection[int]) -> set[int]:
    known = ", ".join(str(int(boot)) for boot in boots)
    rows = connection.execute(f"SELECT DISTINCT file FROM blocks WHERE boot NOT IN ({known})")  # noqa: S608 - integers
    return set(chain.from_iterable(rows))


def _rows_sound(connection: sqlite3.Connection, file: int, count: int, boots: Collection[int]) -> bool:
    good = 0
    for *cells, crc in connection.execute("SELECT * FROM blocks WHERE file = ?", (file,)):
        good += crc == row_checksum(*cells) and cells[2] in boots
    return good == count
