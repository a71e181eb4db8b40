"""Decides what is sealed: days that are over, and sooner what makes the log too large."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Generator, Iterator
from sqlite3 import Connection

from netmon.store.boots import Boots
from netmon.store.connection import transaction, used_bytes
from netmon.store.hours import HOUR_MS
from netmon.store.log_reader import LogReader
from netmon.store.sealed_folder import SealedFolder
from netmon.store.sealing import Run, Sealing, Stretch, day_of
from netmon.store.subjects import Genus

DAY_MS = 24 * HOUR_MS
GRACE_MS = 10 * 60_000
"""A day is over when there is a record of ten minutes later: what was late has come."""
LOG_BYTES = 64 * 2**20
"""A larger log is sealed before the day is over; so much is also checked when it is opened."""
STRETCH_CELLS = 5_000_000
"""Cells of one stretch: whoever reads all of it in order holds it in memory, at 1 to 2 bytes each."""
_ROWS_AT_ONCE = 4096
_DELETED_AT_ONCE = 10_000
HOLD_SECONDS = 3 * 24 * 3600.0
"""A boot whose clock is never synchronised is sealed all the same when it has lasted for so long."""

_READINGS = f"topic IN (SELECT id FROM topics WHERE genus = {Genus.READING:d})"  # noqa: S608 - a number of ours
_Row = tuple[int, int, int]
"""Position, boot, moment in ns."""


class Sealer:
    """Seals stretch after stretch; each step is one short piece of work for the disk thread."""

    def __init__(
        self,
        connection: Connection,
        reader: LogReader,
        folder: SealedFolder,
        hold_seconds: float = HOLD_SECONDS,
    ) -> None:
        self.readings = 0
        self._hold_ns = int(hold_seconds * 1e9)
        self._sizes: dict[int, int] = {}
        self._connection = connection
        self._reader = reader
        self._folder = folder

    def steps(self, *, everything: bool = False) -> Iterator[None]:
        """Seal all days that are over (`everything`: the present one, too), then delete it from the log."""
        yield from self._clear()
        while (until := self._until(self._reader.refresh(), everything=everything)) is not None:
            sealing = Sealing(self._connection, self._reader, self._folder)
            stretch = yield from self._stretch(until)
            yield from sealing.steps(stretch)
            self.readings += sealing.readings
            yield from self._clear()

    def _until(self, boots: Boots, *, everything: bool) -> int | None:
        """Return the last position that can be sealed now; None when there is nothing to do."""
        sealed_to = self._reader.sealed_to
        first = self._row(f"position > {sealed_to:d} AND {_READINGS} ORDER BY position")
        newest = self._row("1 ORDER BY position DESC")
        if first is None or newest is None:
            return None
        limit = self._settled(boots, sealed_to, newest)
        now_ms = _wall_ms(boots, newest)
        began_ms = _wall_ms(boots, first) or now_ms
        if now_ms is None or began_ms is None or limit < first[0]:
            return None
        end_ms = (began_ms // DAY_MS + 1) * DAY_MS
        if now_ms >= end_ms + GRACE_MS:
            until = min(self._before(boots, end_ms, sealed_to, limit), limit)
        elif everything:
            until = limit
        elif used_bytes(self._connection) > LOG_BYTES:
            until = self._before(boots, now_ms // HOUR_MS * HOUR_MS, sealed_to, limit)
        else:
            return None
        # A clock that went back may have left nothing before the end of that day.
        return until if until >= first[0] else limit if everything or now_ms >= end_ms + GRACE_MS else None

    def _settled(self, boots: Boots, sealed_to: int, newest: _Row) -> int:
        """Return the last position whose time is not going to change any more."""
        segments = [segment for segment in boots.segments() if segment.boot == newest[1]]
        began = self._search(sealed_to, newest[0], lambda row: row[1] >= newest[1])
        first = self._row(f"position >= {began:d} ORDER BY position")
        if first is None or (segments and segments[-1].synced) or newest[2] - first[2] > self._hold_ns:
            return newest[0]
        return began - 1

    def _before(self, boots: Boots, wall_ms: int, sealed_to: int, limit: int) -> int:
        """Return the last position before a moment."""

        def late(row: _Row) -> bool:
            at_ms = _wall_ms(boots, row)
            return at_ms is not None and at_ms >= wall_ms

        return self._search(sealed_to, limit, late) - 1

    def _search(self, sealed_to: int, limit: int, test: Callable[[_Row], bool]) -> int:
        """Return the first position from which on the test holds, as far as positions follow time."""

        def holds(position: int) -> bool:
            row = self._row(f"position >= {position:d} ORDER BY position")
            return row is None or row[0] > limit or test(row)

        span = range(sealed_to + 1, limit + 1)
        return sealed_to + 1 + bisect_left(span, x=True, key=holds)

    def _stretch(self, until: int) -> Generator[None, None, Stretch]:
        """Look at what there is; return a stretch that is not too large."""
        boots, start = self._reader.refresh(), self._reader.sealed_to
        runs: dict[tuple[int, int], Run] = {}
        at, cells = start, 0
        while at < until and cells < STRETCH_CELLS:
            end = min(at + _ROWS_AT_ONCE, until)
            cells += self._collect(at, end, runs)
            at = end
            yield
        if at < until:
            # Whole hours, or their statistics would have to be put together again.
            at = self._whole_hours(boots, start, at)
            for run in runs.values():
                del run.positions[bisect_right(run.positions, at) :]
        first = self._row(f"position > {start:d} AND {_READINGS} ORDER BY position")
        day = day_of(0 if first is None else _wall_ms(boots, first) or 0)
        return Stretch(start + 1, at, day, [run for run in runs.values() if run.positions])

    def _collect(self, after: int, until: int, runs: dict[tuple[int, int], Run]) -> int:
        """Add readings to their runs; return how many cells they have."""
        rows = self._connection.execute(
            "SELECT position, subject, boot, at_ns FROM log "  # noqa: S608 - constants
            f"WHERE position > ? AND position <= ? AND {_READINGS} ORDER BY position",
            (after, until),
        )
        cells = 0
        for position, subject, boot, at_ns in rows:
            run = runs.get((subject, boot))
            if run is None:
                run = runs[subject, boot] = Run(subject, boot, at_ns, at_ns, array("q"))
            run.positions.append(position)
            run.first_ns, run.last_ns = min(run.first_ns, at_ns), max(run.last_ns, at_ns)
            cells += self._cells(subject)
        return cells

    def _whole_hours(self, boots: Boots, start: int, at: int) -> int:
        """Return the last position of the last hour that has ended by a position; `at` when there is none."""
        row = self._row(f"position >= {at:d} ORDER BY position")
        now_ms = None if row is None else _wall_ms(boots, row)
        whole = at if now_ms is None else self._before(boots, now_ms // HOUR_MS * HOUR_MS, start, at)
        return whole if whole > start else at

    def _cells(self, number: int) -> int:
        cells = self._sizes.get(number)
        if cells is None:
            subject = self._reader.subject(number)
            shape = None if subject is None else subject.shape
            cells = self._sizes[number] = 0 if shape is None else len(shape.rows) * len(shape.metrics)
        return cells

    def _row(self, condition: str) -> _Row | None:
        row: _Row | None = self._connection.execute(
            f"SELECT position, boot, at_ns FROM log WHERE {condition} LIMIT 1"  # noqa: S608 - constants and integers
        ).fetchone()
        return row

    def _clear(self) -> Iterator[None]:
        """Delete from the log what is in sealed files."""
        self._reader.refresh()
        passed, sealed_to = 0, self._reader.sealed_to
        while True:
            rows = self._connection.execute(
                f"SELECT position FROM log WHERE position > ? AND position <= ? AND {_READINGS} "  # noqa: S608 - constants
                "ORDER BY position LIMIT ?",
                (passed, sealed_to, _DELETED_AT_ONCE),
            ).fetchall()
            if not rows:
                return
            with transaction(self._connection):
                self._connection.executemany("DELETE FROM log WHERE position = ?", rows)
            passed = rows[-1][0]
            yield


def _wall_ms(boots: Boots, row: _Row) -> int | None:
    try:
        return boots.stamp(row[1], row[2]).wall_ms
    except ValueError:
        return None
