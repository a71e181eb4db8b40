"""The file sink: line protocol or CSV for whoever fetches files; every record once, also after a crash."""

from __future__ import annotations

import asyncio
import csv
import errno
import io
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from netmon.clock import Clock
from netmon.delivery.file_folder import FileFolder, Part
from netmon.delivery.file_settings import FileSettings
from netmon.delivery.line import LineEncoder
from netmon.delivery.long_form import cell_text, cells, harmless
from netmon.delivery.sink import Sink
from netmon.errors import Parked, RetryLater
from netmon.model import Record
from netmon.store.interface import Position
from netmon.threads import DaemonThreads

T = TypeVar("T")

COLUMNS = ("time", "record", "measurement", "labels", "metric", "value", "outcome", "clock")
_FOR_A_PERSON = frozenset({errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.ELOOP})


class FileSink(Sink):
    """Collects what is sent and writes it when told that it is complete, together with the position.

    The disk is waited for in a thread of its own; a full or dead one keeps the data in the store.
    """

    name = "file"

    def __init__(self, settings: FileSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self.batch_lines = settings.batch_lines
        self._folder = FileFolder(settings.folder)
        self._encoder = LineEncoder()
        self._thread = DaemonThreads(1, "file")
        self._part: Part | None = None
        self._position: Position = 0
        self._unsure = True
        self._history = ""
        self._waiting: list[bytes] = []

    @property
    def cursor(self) -> str:
        """The folder: another one gets the whole history."""
        return self._settings.cursor

    @property
    def left_out_total(self) -> int:
        """Integers beyond 64 signed bits, which line protocol cannot hold."""
        return self._encoder.left_out_total

    def encode(self, record: Record) -> Sequence[bytes]:
        """Return the record's lines."""
        return self._encoder.encode(record) if self._settings.format == "line" else csv_lines(record)

    async def resume(self, position: Position) -> Position:
        """Return what the files themselves say; the store's word when there are none."""
        await self._call(self._look)
        # The store's word counts where files were fetched and taken away.
        self._position = max(self._position, position)
        return self._position

    async def recognises(self, history: str) -> bool:
        """Tell whether the files are this history's; files that do not say whose they are may be."""
        said = await self._call(self._folder.owner)
        self._history = history
        if said is None:
            await self._call(lambda: self._folder.own(history))
        return said in (None, history)

    async def begin_again(self, position: Position) -> Position:
        """Put aside the names of files of another history, so that their positions are not taken for ours."""
        await self._call(self._disown)
        self._part, self._position, self._unsure = None, position, False
        return position

    async def send(self, lines: Sequence[bytes]) -> None:
        """Collect lines until `complete`."""
        self._waiting += lines

    async def complete(self, position: Position) -> None:
        """Write what was collected, so that the file's name says this position; end the file when due."""
        if not self._waiting:
            return
        data = b"\n".join(self._waiting) + b"\n"
        await self._call(lambda: self._append(data, position))
        self._waiting = []
        part = self._part
        if part is not None and self._due(part):
            await self._call(lambda: self._rotate(part))

    async def close(self) -> None:
        """End the thread; the part goes on after the next start."""
        self._thread.shutdown(wait=False)

    def _append(self, data: bytes, position: Position) -> None:
        if self._unsure:
            self._look()
        if self._position >= position:
            return
        self._unsure = True
        if self._part is None:
            header = (",".join(COLUMNS) + "\n").encode() if self._settings.format == "csv" else b""
            self._part = self._folder.begin(self._settings.format, self._position + 1, self._now(), header)
        self._part = self._folder.append(self._part, data, position)
        self._position, self._unsure = position, False

    def _look(self) -> None:
        """Learn from the files how far they go: after a start, and after a disk that failed half-way."""
        settings = self._settings
        self._part, own = self._folder.open(settings.format, compress=settings.gzip)
        self._position, self._unsure = max(self._position, own), False

    def _disown(self) -> None:
        self._folder.disown(compress=self._settings.gzip)
        if self._history:
            self._folder.own(self._history)

    def _rotate(self, part: Part) -> None:
        self._part, self._unsure = None, True
        self._folder.finish(part, compress=self._settings.gzip)
        self._unsure = False
        if self._clock.synchronised():
            self._folder.forget(self._clock.wall_ns() / 1e9 - self._settings.keep_seconds)

    def _due(self, part: Part) -> bool:
        # A clock that was set back makes a negative age: begin a file with the right time.
        age_seconds = (self._now() - part.begun).total_seconds()
        return part.size_bytes >= self._settings.rotate_bytes or not (
            -60 <= age_seconds < self._settings.rotate_seconds
        )

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.wall_ns() / 1e9, UTC)

    async def _call(self, work: Callable[[], T]) -> T:
        """Do something on the disk; what a person must mend parks, the rest is tried again."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except OSError as error:
            words = f"{self._settings.folder}: {error.strerror}"
            raise (Parked(words) if error.errno in _FOR_A_PERSON else RetryLater(words)) from error


def csv_lines(record: Record) -> Sequence[bytes]:
    """Return one line per value, facts included; labels are a JSON object, so that columns never change."""
    lines = []
    for cell in cells(record):
        labels = json.dumps(dict(cell.labels), ensure_ascii=False, separators=(",", ":"))
        row = (cell.time, cell.record, harmless(cell.measurement), labels, harmless(cell.metric))
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow([*row, cell_text(cell.value), cell.outcome, cell.clock])
        # A text may hold line ends, and half of those who read CSV take them for the end of a record.
        lines.append(text.getvalue().replace("\n", " ").encode(errors="replace"))
    return lines
