"""A folder of files that `netmon export` wrote at one site or at several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from netmon.evidence.calendar import Days
from netmon.evidence.material import Material, assemble
from netmon.evidence.sources.export_files import EVENT, ExportError, Told, Wants, told_by
from netmon.evidence.sources.gathered import MINUTE_MS, NAMES, STATE, Gathered
from netmon.evidence.sources.source import Line, Source
from netmon.incidents.record import KIND, RECORD
from netmon.model import Event, Retention, Stamp
from netmon.model.derived import BANDWIDTH_TEST, CIRCUIT_MINUTE
from netmon.store.interface import Columns

_TESTS = frozenset({BANDWIDTH_TEST})
_ALL = Wants({CIRCUIT_MINUTE: frozenset(NAMES)}, _TESTS)
_WHOSE = Wants({CIRCUIT_MINUTE: frozenset({STATE})}, _TESTS)
_WRITTEN = Wants({}, frozenset({KIND, RECORD}), frozenset({RECORD}))
_Span = tuple[int, int]
"""First and last moment in ms."""


class ExportsSource(Source):
    """Reads each file once to see whose it is, and again for each of its circuits: it holds one at a time."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise ExportError(f"{folder} is no folder: put the files of `netmon export` into one")
        self._files = sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")
        if not self._files:
            raise ExportError(f"{folder} is empty: put the files of `netmon export` into it")
        self._spans: dict[Path, dict[Line, _Span]] = {}

    def lines(self, days: Days) -> Sequence[Line]:
        """Return the circuits that have minutes or tests."""
        found = {
            line for path in self._files for line, span in self._known(path).items() if _meet(span, days)
        }
        return sorted(found)

    def material(self, line: Line, days: Days) -> Material:
        """Return a circuit's minutes and tests."""
        pieces: list[Columns] = []
        events: list[Event] = []
        for path in self._files:
            span = self._known(path).get(line)
            if span is not None and _meet(span, days):
                found, told = Gathered(), list[Told]()
                _gather(_of_days(_of_line(told_by(path, _ALL), line), days), found, told)
                pieces += found.columns(line.circuit)
                events += _events(told)
        return assemble(pieces, events, line.circuit, days)

    def written(self, start_ms: int, end_ms: int) -> Iterator[Event]:
        """Yield what people wrote at the sites."""
        for path in self._files:
            told = (one for one in told_by(path, _WRITTEN) if start_ms <= one.wall_ms < end_ms)
            yield from _events(told)

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def _known(self, path: Path) -> Mapping[Line, _Span]:
        """Return whose a file is, and of when."""
        if path not in self._spans:
            found: dict[Line, _Span] = {}
            for told in told_by(path, _WHOSE):
                if "circuit" in told.labels:
                    first, last = found.get(line := _line_of(told), (told.wall_ms, told.wall_ms))
                    found[line] = min(first, told.wall_ms), max(last, told.wall_ms)
            self._spans[path] = found
        return self._spans[path]


def _line_of(told: Told) -> Line:
    return Line(told.labels.get("site", ""), told.labels["circuit"])


def _meet(span: _Span, days: Days) -> bool:
    return span[0] < days.end_minute * MINUTE_MS and days.start_minute * MINUTE_MS <= span[1]


def _of_line(cells: Iterable[Told], line: Line) -> Iterator[Told]:
    return (told for told in cells if "circuit" in told.labels and _line_of(told) == line)


def _of_days(cells: Iterable[Told], days: Days) -> Iterator[Told]:
    first, last = days.start_minute * MINUTE_MS, days.end_minute * MINUTE_MS
    return (told for told in cells if first <= told.wall_ms < last)


def _gather(cells: Iterable[Told], found: Gathered, events: list[Told]) -> None:
    """Sort what is told of one circuit."""
    for told in cells:
        if told.record == EVENT:
            events.append(told)
        elif isinstance(told.value, int | float):
            sample = (told.wall_ms, told.value)
            found.take(told.metric, told.labels.get("statistic", ""), (sample,), synced=told.synced)


def _events(cells: Iterable[Told]) -> Iterator[Event]:
    """Yield events again; each begins with its text."""
    event: list[Told] = []
    for told in cells:
        if told.metric == "text" and event:
            yield _event(event)
            event = []
        event.append(told)
    if event:
        yield _event(event)


def _event(cells: Sequence[Told]) -> Event:
    first, data = cells[0], {told.metric: told.value for told in cells[1:]}
    stamp, text = Stamp("", 0, first.wall_ms, first.synced), str(first.value or "")
    return Event(first.measurement, tuple(first.labels.items()), text, stamp, data, Retention.EVIDENCE)
