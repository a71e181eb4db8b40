"""How a file of the history is connected to, for writing and for reading."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WAL_BYTES = 4 * 2**20
"""The write-ahead log is cut to this when it is begun again; 2 MiB are usual, 3 while days are sealed."""


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection without transactions of its own making, for one thread at a time."""
    return _tolerant(sqlite3.connect(path, isolation_level=None, check_same_thread=False))


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Return a connection that never writes to the file, also from a folder that we may not write to."""
    quiet = not path.with_name(path.name + "-wal").exists()
    # A WAL database needs its -shm file even for reading; where that cannot be made, nobody writes either.
    still = "&immutable=1" if quiet and not os.access(path.parent, os.W_OK) else ""
    address = f"{path.resolve().as_uri()}?mode=ro{still}"
    return _tolerant(sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False))


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Make what is done inside durable, all of it, or undo it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def used_bytes(connection: sqlite3.Connection) -> int:
    """Return the size of the pages in use; the file may be larger by those that were freed."""
    (free,), (size,) = (
        connection.execute(f"PRAGMA {name}").fetchone() for name in ("freelist_count", "page_size")
    )
    return file_bytes(connection) - int(free * size)


def file_bytes(connection: sqlite3.Connection) -> int:
    """Return the size of the file when all of the write-ahead log is in it."""
    (pages,), (size,) = (
        connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size")
    )
    return int(pages * size)


def _tolerant(connection: sqlite3.Connection) -> sqlite3.Connection:
    # A flipped bit in a text must reach the checksum, not end the query.
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return connection
