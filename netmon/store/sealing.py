"""Writes a stretch of the log as sealed files: all of its readings, each once, in one rename."""

from __future__ import annotations

import logging
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from shutil import rmtree
from sqlite3 import Connection

from netmon.model import Shape
from netmon.store.block import NS_PER_MS, Block, Columns, pack_block
from netmon.store.block_file import BlockFileWriter, Place
from netmon.store.boots import Boots, Segment
from netmon.store.connection import transaction
from netmon.store.frames import Cells
from netmon.store.hour_builder import Carry, HoursBuilder
from netmon.store.interface import Position
from netmon.store.log_reader import LogReader
from netmon.store.manifest import SealedFile, Shelf, newest_place, save_file, save_sealed_to, shelf_of
from netmon.store.sealed_folder import PART, SealedFolder, file_name, stretch_name, sync_folder
from netmon.store.statistics import CUMULATIVE, Last
from netmon.store.streams import Packed
from netmon.store.subjects import Subject

log = logging.getLogger(__name__)

BLOCK_CELLS = 65_536
"""Cells of a block: a tenth of a second of work, and a few megabytes while it is made."""
_LEAST_READINGS = 4
_MOST_READINGS = 8192


_Row = tuple[int, Position, Cells]
"""Moment in ns, position, cells."""


@dataclass(slots=True)
class Run:
    """The readings of one subject in one boot: their positions, and between which moments (ns) they lie."""

    subject: int
    boot: int
    first_ns: int
    last_ns: int
    positions: array[int]


@dataclass(frozen=True, slots=True)
class Stretch:
    """All readings of some positions, ends included; the day is for people."""

    first: Position
    last: Position
    day: str
    runs: Sequence[Run]


class Sealing:
    """One stretch on its way from the log to files; each of `steps()` is a short piece of work."""

    def __init__(self, connection: Connection, reader: LogReader, folder: SealedFolder) -> None:
        self.readings = 0
        self._connection = connection
        self._reader = reader
        self._folder = folder
        self._part = folder.path / PART
        self._writers: dict[Shelf, BlockFileWriter] = {}
        self._places: dict[Shelf, list[tuple[int, Place]]] = {}
        self._carries: dict[int, Carry] = {}

    def steps(self, stretch: Stretch) -> Iterator[None]:
        """Write a stretch: first the blocks, then, when all are durable, they appear."""
        boots = self._reader.refresh()
        self._folder.clear_unentered(self._connection)
        # A seal that failed half-way may have left something there.
        rmtree(self._part, ignore_errors=True)
        self._part.mkdir(mode=0o700, parents=True)
        try:
            known = {segment.boot for segment in boots.segments()}
            for run in sorted(stretch.runs, key=self._order):
                subject = self._reader.subject(run.subject)
                if subject is None or subject.shape is None or run.boot not in known:
                    self._reader.damaged_total += len(run.positions)
                else:
                    yield from self._run(run, subject, subject.shape, boots)
            self._publish(boots, stretch)
            yield
        finally:
            for writer in self._writers.values():
                writer.close()
            rmtree(self._part, ignore_errors=True)

    def _order(self, run: Run) -> tuple[str, int, int]:
        # Like beside like: what the index says of subjects then packs to a quarter.
        subject = self._reader.subject(run.subject)
        return "" if subject is None else subject.name, run.subject, run.boot

    def _run(self, run: Run, subject: Subject, shape: Shape, boots: Boots) -> Iterator[None]:
        """Write the blocks of one subject in one boot, and its hours."""
        limit = _limit(len(shape.metrics) * len(shape.rows))
        boundaries = [one.from_ns for one in boots.segments() if one.boot == run.boot and one.from_ns]
        segment = _only_segment(boots, run)
        carry = self._carries.setdefault(run.subject, self._carry(run, shape, boots))
        hours = None if segment is None else HoursBuilder(shape, segment, carry)
        for at in range(0, len(run.positions), limit):
            for chunk in _ordered(self._reader.cells(shape, run.positions[at : at + limit])):
                self._add(run, subject, chunk, boundaries, hours)
            yield
        if hours is not None and hours.hours and hours.in_order:
            covers = (*hours.moments_ms, run.positions[0], run.positions[-1], len(hours.hours))
            self._write(Shelf.ROLLUPS, run, subject, covers, hours.pack())

    def _add(
        self,
        run: Run,
        subject: Subject,
        entries: Sequence[_Row],
        boundaries: Sequence[int],
        hours: HoursBuilder | None,
    ) -> None:
        try:
            moments = [_moment_ms(at_ns, boundaries) for at_ns, _, _ in entries]
            columns = Columns([cells for _, _, cells in entries])
            packed = pack_block([position for _, position, _ in entries], moments, columns)
        except (ValueError, ArithmeticError, TypeError) as error:
            # One reading that no block can hold must not keep all others in the log for ever.
            if len(entries) == 1:
                self._reader.damaged_total += 1
                log.error("a reading of %s cannot be sealed and is left out: %s", subject.name, error)  # noqa: TRY400 - a message for a person
                return
            half = len(entries) // 2
            self._add(run, subject, entries[:half], boundaries, hours)
            self._add(run, subject, entries[half:], boundaries, hours)
            return
        covers = (moments[0], moments[-1], entries[0][1], entries[-1][1], len(entries))
        self._write(shelf_of(subject), run, subject, covers, packed)
        self.readings += len(entries)
        if hours is not None:
            hours.feed(moments, columns)

    def _write(
        self, shelf: Shelf, run: Run, subject: Subject, covers: tuple[int, int, int, int, int], packed: Packed
    ) -> None:
        if shelf not in self._writers:
            self._writers[shelf] = BlockFileWriter(self._part / file_name(shelf))
        place = self._writers[shelf].add(subject, run.boot, covers, packed)
        self._places.setdefault(shelf, []).append((run.subject, place))

    def _publish(self, boots: Boots, stretch: Stretch) -> None:
        """Make the files durable, let them appear all at once, and tell the tables."""
        used = {place.boot for places in self._places.values() for _, place in places}
        segments = [segment for segment in boots.segments() if segment.boot in used]
        sizes = {shelf: writer.finish(segments) for shelf, writer in self._writers.items()}
        sync_folder(self._part)
        name = stretch_name(stretch.day, stretch.first, stretch.last)
        if sizes:
            self._part.rename(self._folder.path / name)
            self._folder.unentered.add(name)
        else:
            self._part.rmdir()
        sync_folder(self._folder.path)
        with transaction(self._connection):
            for shelf, places in self._places.items():
                readings = 0 if shelf is Shelf.ROLLUPS else sum(place.count for _, place in places)
                file = SealedFile(
                    0, f"{name}/{file_name(shelf)}", shelf, stretch.first, stretch.last,
                    readings, sizes[shelf], len(places),
                )  # fmt: skip
                save_file(self._connection, file, places)
            save_sealed_to(self._connection, stretch.last)
        self._folder.unentered.discard(name)

    def _carry(self, run: Run, shape: Shape, boots: Boots) -> Carry:
        """Return the newest counts that were sealed before."""
        found = newest_place(self._connection, run.subject, run.positions[0])
        if found is None or not any(metric.kind in CUMULATIVE for metric in shape.metrics):
            return {}
        name, place = found
        try:
            block = Block(shape, self._folder.file(name).streams(place), place.count)
            return dict(_last_counts(block, boots, place.boot))
        except (ValueError, OSError):
            return {}


def _last_counts(block: Block, boots: Boots, boot: int) -> Iterator[tuple[int, Last]]:
    rows = len(block.shape.rows)
    stamp = boots.stamp(boot, list(block.moments_ms())[-1] * NS_PER_MS)
    epochs = [list(known)[-1] if (known := block.epochs(row)) is not None else 0 for row in range(rows)]
    for at, metric in enumerate(block.shape.metrics):
        if metric.kind in CUMULATIVE:
            for row in range(rows):
                value = list(block.series(at, row))[-1]
                if value is not None:
                    yield at * rows + row, Last(value, epochs[row], stamp)


def _only_segment(boots: Boots, run: Run) -> Segment | None:
    """Return the clock offset of a run; None when it is not settled, or changed on the way."""
    inside = [
        segment for segment in boots.segments() if segment.boot == run.boot and segment.from_ns <= run.last_ns
    ]
    if not inside or not inside[-1].synced or inside[-1].from_ns > run.first_ns:
        return None
    return inside[-1]


def _limit(cells: int) -> int:
    """Return how many readings of so many cells make a block."""
    return min(max(BLOCK_CELLS // max(cells, 1), _LEAST_READINGS), _MOST_READINGS)


def _ordered(entries: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
    """Cut entries, which are in the order of time, so that positions grow in each piece."""
    start = 0
    for at in range(1, len(entries)):
        if entries[at][1] < entries[at - 1][1]:
            yield entries[start:at]
            start = at
    if entries:
        yield entries[start:]


def _moment_ms(at_ns: int, boundaries: Sequence[int]) -> int:
    """Return a moment in ms, on the same side of the boot's clock steps as it was in ns."""
    moment_ms = at_ns // NS_PER_MS
    if any(moment_ms * NS_PER_MS < boundary <= at_ns for boundary in boundaries):
        return moment_ms + 1
    return moment_ms


def day_of(wall_ms: int) -> str:
    """Return the day of a moment as people write it, for names of folders."""
    return datetime.fromtimestamp(wall_ms / 1000, UTC).strftime("%Y-%m-%d")
