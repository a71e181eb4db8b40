"""Measurements in state folders: of one site, or of many, with a folder for each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from netmon.errors import StoreError
from netmon.evidence.calendar import Days
from netmon.evidence.material import Material, read_material
from netmon.evidence.sources.source import Line, Source
from netmon.model.derived import BANDWIDTH_TEST, CIRCUIT_MINUTE
from netmon.store.history_file import FILE_NAME
from netmon.store.interface import HistoryReader, Query
from netmon.store.reader import open_reader

_MINUTE_MS = 60_000
_MEASUREMENTS = (CIRCUIT_MINUTE, BANDWIDTH_TEST)


class StoreSource(Source):
    """One state folder. It is read beside the daemon that writes it; StoreError when there is none."""

    def __init__(self, folder: Path) -> None:
        self._reader: HistoryReader = open_reader(folder)

    def lines(self, days: Days) -> Sequence[Line]:
        """Return the circuits that have minutes or tests in these days."""
        stretch = days.start_minute * _MINUTE_MS, days.end_minute * _MINUTE_MS
        keys = (key for name in _MEASUREMENTS for key in self._reader.keys(Query(name, *stretch)))
        labels = (dict(key) for key in keys)
        return sorted({Line(one.get("site", ""), one["circuit"]) for one in labels if one.get("circuit")})

    def material(self, line: Line, days: Days) -> Material:
        """Return all that the folder knows of a circuit."""
        return read_material(self._reader, line.circuit, days)

    def close(self) -> None:
        """Let go of the files."""
        self._reader.close()


class FleetSource(Source):
    """A folder with a state folder for each site, whatever these are called; the last one stays open."""

    def __init__(self, folder: Path) -> None:
        self._folders = sorted(path.parent for path in folder.glob(f"*/{FILE_NAME}"))
        if not self._folders:
            raise StoreError(f"no folder in {folder} has a history")
        self._lines: dict[tuple[Path, Days], frozenset[Line]] = {}
        self._open: tuple[Path, StoreSource] | None = None

    def lines(self, days: Days) -> Sequence[Line]:
        """Return the circuits that have minutes or tests in these days; one may be in one folder only."""
        found: dict[Line, Path] = {}
        for folder in self._folders:
            for line in self._source(folder).lines(days):
                if line in found:
                    raise StoreError(f"{line.circuit} of {line.site} is in {found[line]} and in {folder}")
                found[line] = folder
        return sorted(found)

    def material(self, line: Line, days: Days) -> Material:
        """Return all that a circuit's folder knows of it; nothing when no folder does."""
        # Most folders have their site's name: whoever wants one line need not open two hundred.
        likely = sorted(self._folders, key=lambda folder: folder.name != line.site)
        folder = next((one for one in likely if line in self._lines_of(one, days)), likely[0])
        return self._source(folder).material(line, days)

    def close(self) -> None:
        """Let go of the files."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def _lines_of(self, folder: Path, days: Days) -> frozenset[Line]:
        if (folder, days) not in self._lines:
            self._lines[folder, days] = frozenset(self._source(folder).lines(days))
        return self._lines[folder, days]

    def _source(self, folder: Path) -> StoreSource:
        if self._open is None or self._open[0] != folder:
            self.close()
            self._open = folder, StoreSource(folder)
        return self._open[1]
