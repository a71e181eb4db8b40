"""Reads sealed files: by time for questions, by position for sinks; a block opens when its turn comes."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from sqlite3 import Connection

from netmon.model import Shape
from netmon.store.block import NS_PER_MS, Block, reading
from netmon.store.block_file import Place
from netmon.store.boots import Boots, Window
from netmon.store.interface import Entry, Position
from netmon.store.manifest import SealedFile, Shelf, load_files, places, places_after, stretches
from netmon.store.merging import Key, merge_late
from netmon.store.schema import load_stored_subject
from netmon.store.sealed_folder import SealedFolder
from netmon.store.streams import Streams

log = logging.getLogger(__name__)

READINGS = (Shelf.PROBES, Shelf.POLLED, Shelf.EVIDENCE)
UNKNOWN_NOW = "some values are damaged and not known any more"


@dataclass(frozen=True, slots=True)
class Found:
    """One block that a question needs, and the stretch of its boot that is asked for."""

    file: SealedFile
    shape: Shape
    place: Place
    window: Window

    @property
    def start_ms(self) -> int:
        """Wall time of its first moment."""
        return self.place.first_ms + self.window.segment.offset_ms

    @property
    def begins_ms(self) -> int:
        """Wall time of its first moment that is asked for, or before that one."""
        return max(self.place.first_ms, -(-self.window.start_ns // NS_PER_MS)) + self.window.segment.offset_ms

    @property
    def at_home(self) -> bool:
        """Tell whether it begins in the segment of its boot that the window is of."""
        return self.place.first_ms * NS_PER_MS >= self.window.segment.from_ns


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one file has of one boot for a question; moments in ms of the boot's time, ends included."""

    file: SealedFile
    window: Window
    first_ms: int
    last_ms: int

    @property
    def start_ms(self) -> int:
        """Wall time of its beginning."""
        return self.first_ms + self.window.segment.offset_ms

    @property
    def end_ms(self) -> int:
        """Wall time of its end."""
        return self.last_ms + self.window.segment.offset_ms


class SealedReader:
    """Decodes blocks. One that cannot be read is left out and counted, a value alone where it can be."""

    def __init__(self, connection: Connection, folder: SealedFolder) -> None:
        self.damaged_total = 0
        self._connection = connection
        self._folder = folder
        self._told: set[str] = set()
        self._files_of = (-1, -1)
        self._files: list[SealedFile] = []

    def files(self) -> list[SealedFile]:
        """Return all files in the order of their positions."""
        # Changes of others show in the one, our own in the other.
        (others,) = self._connection.execute("PRAGMA data_version").fetchone()
        version = (others, self._connection.total_changes)
        if version != self._files_of:
            self._files_of, self._files = version, list(load_files(self._connection).values())
        return self._files

    def beginnings(self, file: SealedFile) -> list[tuple[int, int]]:
        """Return boot and first ms of its time for all that a file has of readings, oldest boot first."""
        if file.shelf not in READINGS:
            return []
        query = "SELECT boot, min(first_ms) FROM blocks WHERE file = ? GROUP BY boot ORDER BY boot"
        return self._connection.execute(query, (file.id,)).fetchall()

    def find(
        self, shapes: dict[int, Shape], windows: Sequence[Window], shelves: Sequence[Shelf] = READINGS
    ) -> Iterator[Stretch]:
        """Yield what the files have of some subjects in some stretches of boots."""
        files = {file.id: file for file in self.files()}
        for number, boot, first_ms, last_ms in stretches(self._connection, shelves, tuple(shapes)):
            for window in windows:
                # A window ends before a moment, a stretch with one.
                start_ms = max(first_ms, -(-window.start_ns // NS_PER_MS))
                end_ms = min(last_ms, (window.end_ns - 1) // NS_PER_MS)
                if window.segment.boot == boot and number in files and start_ms <= end_ms:
                    yield Stretch(files[number], window, start_ms, end_ms)

    def blocks(self, stretch: Stretch, shapes: dict[int, Shape]) -> list[Found]:
        """Return the blocks of a stretch that some subjects have."""
        boot = stretch.window.segment.boot
        found = places(
            self._connection, stretch.file.id, tuple(shapes), boot, stretch.first_ms, stretch.last_ms
        )
        return [Found(stretch.file, shapes[number], place, stretch.window) for number, place in found]

    def in_order(
        self, shapes: dict[int, Shape], windows: Sequence[Window], shelves: Sequence[Shelf]
    ) -> Iterator[Found]:
        """Yield the blocks of some subjects in the order of their beginnings."""

        def inside(stretch: Stretch) -> Iterator[tuple[Key, Found]]:
            blocks = [((one.begins_ms, one.place.offset), one) for one in self.blocks(stretch, shapes)]
            return iter(sorted(blocks, key=lambda block: block[0]))

        stretches = self.find(shapes, windows, shelves)
        return (
            found for _, found in merge_late(((one.start_ms, 0), partial(inside, one)) for one in stretches)
        )

    def scan(
        self, shapes: dict[int, Shape], windows: Sequence[Window], boots: Boots
    ) -> Iterator[tuple[Key, Entry]]:
        """Yield ((wall ms, position), reading) in this order."""
        return merge_late(
            ((stretch.start_ms, 0), partial(self._scan_stretch, stretch, shapes, boots))
            for stretch in self.find(shapes, windows)
        )

    def after(self, position: Position, boots: Boots) -> Iterator[tuple[Key, Entry]]:
        """Yield ((position, 0), reading) after a position, in this order."""
        return merge_late(
            ((file.first, 0), partial(self._file_after, file, position, boots))
            for file in self.files()
            if file.last > position and file.shelf in READINGS
        )

    def last(self, shapes: dict[int, Shape], windows: Sequence[Window], boots: Boots) -> Entry | None:
        """Return the newest reading of some subjects."""
        for stretch in sorted(self.find(shapes, windows), key=lambda one: one.end_ms, reverse=True):
            for found in sorted(
                self.blocks(stretch, shapes), key=lambda one: one.place.last_ms, reverse=True
            ):
                inside = [entry for _, entry in self._in_block(found, boots)]
                if inside:
                    return inside[-1]
        return None

    def block(self, file: SealedFile, shape: Shape, place: Place) -> Block | None:
        """Return an open block; None, and counted, when it cannot be read."""
        try:
            return Block(shape, self._folder.file(file.name).streams(place), place.count)
        except (OSError, ValueError) as error:
            self.note(file, place.count, error)
            return None

    def streams(self, found: Found) -> Streams:
        """Return the streams of a block; OSError or ValueError when it cannot be read."""
        return self._folder.file(found.file.name).streams(found.place)

    def note(self, file: SealedFile, count: int, error: Exception) -> None:
        """Count what is damaged, and say so once for a file."""
        if isinstance(error, FileNotFoundError):
            # Retention took it between the question and the look at it.
            return
        self.damaged_total += count
        if file.name not in self._told:
            self._told.add(file.name)
            log.error("%s: %s; run netmon store verify", file.name, error)

    def _scan_stretch(
        self, stretch: Stretch, shapes: dict[int, Shape], boots: Boots
    ) -> Iterator[tuple[Key, Entry]]:
        return merge_late(
            ((max(found.start_ms, stretch.start_ms), 0), partial(self._in_block, found, boots))
            for found in self.blocks(stretch, shapes)
        )

    def _in_block(self, found: Found, boots: Boots) -> Iterator[tuple[Key, Entry]]:
        window = found.window
        offset_ms = window.segment.offset_ms
        start_ms, end_ms = -(-window.start_ns // NS_PER_MS), -(-window.end_ns // NS_PER_MS)
        for at_ms, entry in self._entries(found.file, found.shape, found.place, boots, 0):
            if start_ms <= at_ms < end_ms:
                yield (at_ms + offset_ms, entry.position), entry

    def _file_after(self, file: SealedFile, position: Position, boots: Boots) -> Iterator[tuple[Key, Entry]]:
        def opened(place: Place, shape: Shape) -> Iterator[tuple[Key, Entry]]:
            for _, entry in self._entries(file, shape, place, boots, position):
                yield (entry.position, 0), entry

        found = places_after(self._connection, file.id, position)
        subjects = {number: load_stored_subject(self._connection, number) for number, _ in found}
        shapes = {number: one.shape for number, one in subjects.items() if one is not None}
        return merge_late(
            ((place.first_position, 0), partial(opened, place, shape))
            for number, place in found
            if (shape := shapes.get(number)) is not None
        )

    def _entries(
        self, file: SealedFile, shape: Shape, place: Place, boots: Boots, after: Position
    ) -> Iterator[tuple[int, Entry]]:
        """Yield moment (ms of the boot's time) and reading; positions up to `after` are passed over."""
        block = self.block(file, shape, place)
        if block is None:
            return
        left = place.count
        try:
            for position, at_ms, row in zip(block.positions(), block.moments_ms(), block.rows(), strict=True):
                left -= 1
                if position > after:
                    stamp = boots.stamp(place.boot, at_ms * NS_PER_MS)
                    yield at_ms, Entry(position, reading(shape, stamp, row))
        except ValueError as error:
            self.note(file, left, error)
        if block.damaged:
            self.note(file, block.damaged, ValueError(UNKNOWN_NOW))
