"""What a failure of the history's file means: the disk refuses, or the file is damaged."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from netmon.errors import StoreError, StoreFull

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_READ_ONLY = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM})


def is_damage(error: sqlite3.Error) -> bool:
    """Tell whether the file itself is broken, so that trying again cannot help."""
    return _primary(error) in _DAMAGED


def is_full(error: Exception) -> bool:
    """Tell whether there is no room left; files of ours say so in the system's words."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return _primary(error) == sqlite3.SQLITE_FULL


def in_words(error: Exception, folder: Path) -> StoreError:
    """Return the error that a person is shown, with the remedy."""
    code = _primary(error)
    if is_full(error):
        return StoreFull(f"the disk below {folder} is full: free some space or lower [store] keep_bytes")
    if code in _READ_ONLY:
        return StoreError(
            f"{folder} cannot be written ({error}): make it writable, or look with `dmesg` why the disk "
            "became read-only"
        )
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(
            f"the disk below {folder} reports errors ({error}): look with `dmesg`; replace the card"
        )
    return StoreError(f"the history in {folder} cannot be used: {error}")


def _primary(error: Exception) -> int:
    # Extended codes carry the primary one in the low byte; errors that are not SQLite's own carry none.
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else sqlite3.SQLITE_ERROR


@contextmanager
def words(folder: Path) -> Iterator[None]:
    """Turn what SQLite says into what a person is shown."""
    try:
        yield
    except sqlite3.Error as error:
        raise in_words(error, folder) from error
