"""The folder of sealed files: a folder for each stretch of positions, in it one file for each shelf.

A stretch appears by one rename, whole or not at all. What is there is the truth; the tables of the
history's file follow it, so that either side may be lost.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections import OrderedDict
from collections.abc import Container, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from sqlite3 import Connection

from netmon.store.block_file import BlockFile, Content, NewerFormatError, damage
from netmon.store.boots import Segment
from netmon.store.connection import transaction
from netmon.store.manifest import (
    SealedFile,
    Shelf,
    forget_file,
    load_files,
    save_file,
    save_sealed_to,
    sealed_to,
    sweep,
)
from netmon.store.schema import load_boots, save_segment, save_subject
from netmon.store.soundness import unsound
from netmon.store.subjects import Subject

log = logging.getLogger(__name__)

FOLDER_NAME = "sealed"
SUFFIX = ".blocks"
PART = "part"
_STRETCH = re.compile(r"(\d{4}-\d\d-\d\d)\.(\d{1,18})-(\d{1,18})")
_OPEN_FILES = 16


class SealedFolder:
    """The sealed files below a state folder; keeps some of them open."""

    def __init__(self, state_folder: Path) -> None:
        self.path = state_folder / FOLDER_NAME
        self.damaged_total = 0
        self.unentered: set[str] = set()
        """Stretches that appeared, and that the disk then refused to enter in the tables."""
        self._open: OrderedDict[str, BlockFile] = OrderedDict()

    def file(self, name: str) -> BlockFile:
        """Return an open file; OSError when it is not there."""
        file = self._open.pop(name, None) or BlockFile(self.path / name)
        self._open[name] = file
        if len(self._open) > _OPEN_FILES:
            self._open.popitem(last=False)[1].close()
        return file

    def close(self) -> None:
        """Give back all files."""
        while self._open:
            self._open.popitem()[1].close()

    def size_bytes(self) -> int:
        """Return what all sealed files take."""
        size = 0
        for path in self._paths():
            with suppress(OSError):
                size += path.stat().st_size
        return size

    def reconcile(self, connection: Connection) -> None:
        """Make the tables tell what is in the folder; files that cannot be used are set aside and counted."""
        shutil.rmtree(self.path / PART, ignore_errors=True)
        with transaction(connection):
            sweep(connection)
        known = load_files(connection)
        boots = {segment.boot for segment in load_boots(connection).segments()}
        there = {f"{path.parent.name}/{path.name}": path for path in self._paths()}
        for name in known.keys() - there.keys():
            self.damaged_total += 1
            log.error("the sealed file %s is gone: %d readings are lost", name, known[name].readings)
            with transaction(connection):
                forget_file(connection, name)
        bad = unsound(connection, {file.id: file.blocks for file in known.values()}, boots)
        doubtful = {name for name, file in known.items() if file.id in bad} | (there.keys() - known.keys())
        told = {segment.boot_id for segment in load_boots(connection).segments()}
        # Later files know more of a boot's clock.
        for name in sorted(doubtful & there.keys(), key=_first_position):
            self._adopt(connection, name, there[name], told)
        last = max((file.last for file in load_files(connection).values()), default=0)
        if last > sealed_to(connection):
            save_sealed_to(connection, last)

    def clear_unentered(self, connection: Connection) -> None:
        """Delete what appeared and was not entered; the log has all of it."""
        if not self.unentered:
            return
        # What the disk refused to commit may yet come true in a crash, until another commit has its place.
        with transaction(connection):
            save_sealed_to(connection, sealed_to(connection))
        while self.unentered:
            shutil.rmtree(self.path / self.unentered.pop(), ignore_errors=True)

    def check(self) -> list[str]:
        """Read every byte; return what is damaged, in words."""
        return [text for path in self._paths() for text in damage(path)]

    def unlink(self, name: str) -> None:
        """Delete a file, and its stretch's folder with the last one."""
        opened = self._open.pop(name, None)
        if opened is not None:
            opened.close()
        path = self.path / name
        path.unlink(missing_ok=True)
        with suppress(OSError):
            path.parent.rmdir()

    def set_aside(self, name: str, why: str) -> None:
        """Rename a file that cannot be used, so that it is neither read nor lost."""
        path = self.path / name
        path.rename(path.with_suffix(f".{why}"))

    def _adopt(self, connection: Connection, name: str, path: Path, told: Container[str]) -> None:
        try:
            file = BlockFile(path)
            try:
                content = file.content()
            finally:
                file.close()
            with transaction(connection):
                _enter(connection, name, path, content, told)
        except (ValueError, OSError) as error:
            newer = isinstance(error, NewerFormatError)
            self.damaged_total += 1
            log.error("the sealed file %s is set aside: %s", name, error)  # noqa: TRY400 - a message for a person
            with transaction(connection):
                forget_file(connection, name)
            self.set_aside(name, "newer" if newer else "damaged")

    def _paths(self) -> Iterator[Path]:
        for stretch in self.path.glob("*.*-*"):
            if _STRETCH.fullmatch(stretch.name):
                for shelf in Shelf:
                    path = stretch / file_name(shelf)
                    if path.exists():
                        yield path


def file_name(shelf: Shelf) -> str:
    """Return the name of a shelf's file in each stretch."""
    return shelf.name.lower() + SUFFIX


def stretch_name(day: str, first: int, last: int) -> str:
    """Return the name of the folder of a stretch of positions; the day is there for people."""
    return f"{day}.{first}-{last}"


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def subject_number(connection: Connection, subject: Subject) -> int:
    """Return a subject's number in this history, giving it one when it has none."""
    find = "SELECT id FROM subjects WHERE digest = ?"
    row = connection.execute(find, (subject.digest,)).fetchone()
    if row is None:
        save_subject(connection, subject)
        row = connection.execute(find, (subject.digest,)).fetchone()
    return int(row[0])


def _first_position(name: str) -> tuple[int, str]:
    return int(name.partition("/")[0].partition(".")[2].partition("-")[0]), name


def _enter(connection: Connection, name: str, path: Path, content: Content, told: Container[str]) -> None:
    stretch = _STRETCH.fullmatch(path.parent.name)
    if stretch is None:
        raise ValueError("its folder has no name of a stretch")
    first, last = int(stretch[2]), int(stretch[3])
    for other in load_files(connection).values():
        if other.name.partition("/")[0] != path.parent.name and other.first <= last and first <= other.last:
            raise ValueError(f"its readings are in {other.name}, too")
    boots = _boot_numbers(connection, content.segments, told)
    entered = [
        (subject_number(connection, subject), replace(place, boot=boots[place.boot]))
        for place, subject in content.places
        # Nobody knows when something of another boot was.
        if place.boot in boots
    ]
    shelf = Shelf[path.stem.upper()]
    readings = 0 if shelf is Shelf.ROLLUPS else sum(place.count for place, _ in content.places)
    file = SealedFile(0, name, shelf, first, last, readings, path.stat().st_size, len(entered))
    save_file(connection, file, entered)


def _boot_numbers(
    connection: Connection, segments: tuple[Segment, ...], told: Container[str]
) -> dict[int, int]:
    """Return this history's number of each boot of a file, learning what the file knows of its clock.

    Of a boot in `told` the tables know better what was never settled; of others, the latest file does.
    """
    known = {(one.boot_id, one.from_ns): one for one in load_boots(connection).segments()}
    numbers = {boot_id: one.boot for (boot_id, _), one in known.items()}
    taken = set(numbers.values())
    found: dict[int, int] = {}
    for segment in segments:
        number = numbers.get(segment.boot_id)
        if number is None:
            number = segment.boot if segment.boot not in taken else max(taken) + 1
            numbers[segment.boot_id] = number
            taken.add(number)
        found[segment.boot] = number
        before = known.get((segment.boot_id, segment.from_ns))
        better = before is None or (not before.synced and (segment.synced or segment.boot_id not in told))
        if better:
            save_segment(connection, replace(segment, boot=number))
    return found
