"""A file that can be given up when the disk is full, so that there is room to write down what is deleted."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

BALLAST_BYTES = 4 * 2**20
_SPARE = 4
"""It comes back when so many times its size is free."""


class Ballast:
    """The ballast of a state folder."""

    def __init__(self, folder: Path, size_bytes: int = BALLAST_BYTES) -> None:
        self.released_total = 0
        self._path = folder / "ballast"
        self._size_bytes = size_bytes

    def take(self) -> None:
        """Put the file in its place when there is plenty of room; a disk that refuses is no mistake here."""
        if self._path.exists() and self._path.stat().st_size == self._size_bytes:
            return
        with suppress(OSError):
            state = os.statvfs(self._path.parent)
            if state.f_bavail * state.f_frsize < _SPARE * self._size_bytes:
                return
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._size_bytes)

    def release(self) -> bool:
        """Give it up; tell whether there was one."""
        try:
            self._path.unlink()
        except OSError:
            return False
        self.released_total += 1
        log.warning("the disk is full: %d MiB of ballast were given up", self._size_bytes // 2**20)
        return True
