"""Reads old files again, little by little: a card may lose what nobody has looked at for a year."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from sqlite3 import Connection

from netmon.store.block_file import damage
from netmon.store.connection import transaction
from netmon.store.manifest import load_files
from netmon.store.schema import load_state, save_state
from netmon.store.sealed_folder import SealedFolder

log = logging.getLogger(__name__)

SCRUB_BYTES = 16 * 2**20
"""Read each hour: a history of 2 GB is seen through in five days, and a slow card is busy for a second."""
_STATE = "(scrubbed)"


def scrub(connection: Connection, folder: SealedFolder, size_bytes: int = SCRUB_BYTES) -> Iterator[None]:
    """Check the next files after those of the last time, one at each step; what is damaged is counted."""
    names = list(load_files(connection))
    before = load_state(connection, _STATE) or ""
    start = names.index(before) + 1 if before in names else 0
    left = size_bytes
    for name in names[start:] or names:
        path = folder.path / name
        if left <= 0:
            break
        if not path.exists():
            continue
        left -= path.stat().st_size
        for text in damage(path):
            folder.damaged_total += 1
            log.error("an old file is damaged: %s", text)
        with transaction(connection):
            save_state(connection, _STATE, name)
        yield
