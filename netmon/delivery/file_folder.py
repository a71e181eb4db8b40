"""A folder of files that grow by whole batches: each says in its name how much of it counts, and up to where.

netmon-<begun>-<first position>.<suffix>.<position>.<bytes>.part  grows; what lies beyond <bytes> never counts
netmon-<begun>-<first position>-<last position>.<suffix>[.gz]      finished, never touched again
former-netmon-...                                                  the same of an earlier history
.netmon-history                                                    the name of the history that writes here
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from netmon.store.interface import Position

_PART = re.compile(r"(netmon-(\d{8}T\d{6}Z)-(\d+))\.(line|csv)\.(\d+)\.(\d+)\.part")
_FORMER = "former-"
_OWNER = ".netmon-history"
_FINISHED = re.compile(r"netmon-\d{8}T\d{6}Z-\d+-(\d+)\.(line|csv)(\.gz)?")
_BEGUN = "%Y%m%dT%H%M%SZ"
_GZIP_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Part:
    """The file that grows: everything up to `position` is in its first `size_bytes`."""

    stem: str
    begun: datetime
    suffix: str
    position: Position
    size_bytes: int

    @property
    def name(self) -> str:
        """Name that says all of this."""
        return f"{self.stem}.{self.suffix}.{self.position}.{self.size_bytes}.part"

    @property
    def finished_name(self) -> str:
        """Name once nothing is added any more."""
        return f"{self.stem}-{self.position:012d}.{self.suffix}"


class FileFolder:
    """All of it blocks; OSError leaves the part's name, and so what counts, as it was."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, suffix: str, *, compress: bool) -> tuple[Part | None, Position]:
        """Return the part that goes on, if there is one, and the position up to which files hold all.

        Cuts off what a crash left behind the part's end, and finishes what a crash left half finished.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        parts = sorted(filter(None, map(_part, self._folder.iterdir())), key=lambda part: part.position)
        for part in parts:
            os.truncate(self._folder / part.name, part.size_bytes)
        for part in parts if not parts or parts[-1].suffix != suffix else parts[:-1]:
            self.finish(part, compress=compress)
        if compress:
            for path in [path for path in self._folder.iterdir() if _FINISHED.fullmatch(path.name)]:
                if path.suffix != ".gz":
                    self._compress(path)
        last = max((int(match[1]) for match in map(_finished, self._folder.iterdir()) if match), default=0)
        live = parts[-1] if parts and parts[-1].suffix == suffix else None
        return live, max(last, live.position if live else 0)

    def begin(self, suffix: str, first: Position, now: datetime, header: bytes) -> Part:
        """Begin a file with its header; nothing counts before the first batch."""
        stem = f"netmon-{now.strftime(_BEGUN)}-{first:012d}"
        part = Part(stem, now.replace(microsecond=0), suffix, first - 1, len(header))
        self._write(self._folder / part.name, 0, header, "wb")
        self._sync_folder()
        return part

    def append(self, part: Part, data: bytes, position: Position) -> Part:
        """Add a batch that goes up to a position; it is on the disk, and counts, when this returns."""
        grown = Part(part.stem, part.begun, part.suffix, position, part.size_bytes + len(data))
        path = self._folder / part.name
        self._write(path, part.size_bytes, data)
        path.rename(self._folder / grown.name)
        self._sync_folder()
        return grown

    def finish(self, part: Part, *, compress: bool) -> None:
        """Give a part its last name; one without a batch goes."""
        path = self._folder / part.name
        if part.position < _first(part):
            path.unlink()
            return
        finished = path.rename(self._folder / part.finished_name)
        if compress:
            self._compress(finished)
        self._sync_folder()

    def forget(self, before_seconds: float) -> int:
        """Delete finished files last written before a Unix time; return how many."""
        old = [
            path
            for path in self._folder.iterdir()
            if _FINISHED.fullmatch(path.name.removeprefix(_FORMER)) and path.stat().st_mtime < before_seconds
        ]
        for path in old:
            path.unlink()
        return len(old)

    def disown(self, *, compress: bool) -> None:
        """Rename all files, which another history wrote: their positions mean nothing any more."""
        for part in filter(None, map(_part, list(self._folder.iterdir()))):
            self.finish(part, compress=compress)
        for path in list(self._folder.iterdir()):
            if _finished(path):
                path.rename(path.with_name(_FORMER + path.name))
        self._sync_folder()

    def owner(self) -> str | None:
        """Return the name of the history that writes here; None when nothing says it."""
        try:
            return (self._folder / _OWNER).read_text("utf-8", "replace").strip() or None
        except FileNotFoundError:
            return None

    def own(self, history: str) -> None:
        """Note the name of the history that writes here."""
        waiting = self._folder / f"{_OWNER}.new"
        self._write(waiting, 0, f"{history}\n".encode(), "wb")
        waiting.rename(self._folder / _OWNER)
        self._sync_folder()

    def _write(self, path: Path, offset: int, data: bytes, mode: str = "r+b") -> None:
        """Write at an offset whatever stood behind it, and wait for the disk."""
        with path.open(mode) as file:
            file.truncate(offset)
            file.seek(offset)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def _compress(self, path: Path) -> None:
        packed, waiting = path.with_name(f"{path.name}.gz"), path.with_name(f"{path.name}.gz.new")
        with path.open("rb") as plain, waiting.open("wb") as raw:
            with gzip.GzipFile(
                filename="", mode="wb", compresslevel=_GZIP_LEVEL, fileobj=raw, mtime=0
            ) as file:
                shutil.copyfileobj(plain, file)
            raw.flush()
            os.fsync(raw.fileno())
        waiting.rename(packed)
        path.unlink()

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _part(path: Path) -> Part | None:
    match = _PART.fullmatch(path.name)
    if match is None:
        return None
    try:
        begun = datetime.strptime(match[2], _BEGUN).replace(tzinfo=UTC)
    except ValueError:
        return None  # not a file of ours, then
    return Part(match[1], begun, match[4], int(match[5]), int(match[6]))


def _first(part: Part) -> Position:
    return int(part.stem.rpartition("-")[2])


def _finished(path: Path) -> re.Match[str] | None:
    return _FINISHED.fullmatch(path.name)
