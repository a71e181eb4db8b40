"""The central InfluxDB: by InfluxQL, which versions 1, 2 and 3 share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from netmon.delivery.influx_session import InfluxSession
from netmon.delivery.influx_settings import InfluxSettings
from netmon.delivery.influx_setup import identifier, influxql
from netmon.delivery.line import EVENT_MEASUREMENT, plain_name
from netmon.evidence.calendar import Days
from netmon.evidence.material import Material, assemble
from netmon.evidence.seal.centre import Point, point_event
from netmon.evidence.sources.asking import TIMEOUT_SECONDS, Asking
from netmon.evidence.sources.gathered import NAMES, STATE, Gathered, chunks, weeks
from netmon.evidence.sources.series_tests import RATE
from netmon.evidence.sources.source import Line, Source
from netmon.incidents.record import KIND, RECORD
from netmon.model import Event, Value
from netmon.model.derived import BANDWIDTH_TEST, CIRCUIT_MINUTE
from netmon.store.interface import Columns

_ACCOUNT = "give the token or the name and password of an account that may read"
_FIELDS = ", ".join(map(identifier, NAMES))


@dataclass(frozen=True, slots=True)
class Series:
    """Part of an answer: tags that its rows share, and the rows. The first column is the time in ms."""

    tags: Mapping[str, str]
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]

    @property
    def synced(self) -> bool:
        """Tell whether the clock was right."""
        return self.tags.get("clock") != "unsynced"

    def points(self, measurement: str) -> Iterator[Point]:
        """Yield the rows as points."""
        for row in self.rows:
            told = zip(self.columns[1:], row[1:], strict=True)
            yield Point(
                measurement, self.tags, {name: value for name, value in told if value is not None}, row[0]
            )


class Influx:
    """Asks one database; blocks."""

    def __init__(self, settings: InfluxSettings) -> None:
        settings = replace(settings, timeout_seconds=max(settings.timeout_seconds, TIMEOUT_SECONDS))
        self._database = settings.destination
        self._session = InfluxSession(settings)
        self._asking = Asking(settings.url, _ACCOUNT)

    def select(
        self,
        fields: str,
        measurement: str,
        conditions: Mapping[str, str],
        start_ms: int,
        end_ms: int,
        by: str = "*",
    ) -> Iterator[Series]:
        """Yield the series of a measurement that have these tags, in a stretch of time, end excluded."""
        words = [f"time >= {start_ms}ms", f"time < {end_ms}ms"]
        words += [f"{identifier(name)} = {_text(value)}" for name, value in conditions.items()]
        asked = f"SELECT {fields} FROM {identifier(measurement)} WHERE {' AND '.join(words)} GROUP BY {by}"  # noqa: S608 - escaped
        found = self._asking.wait(influxql(self._session, asked, self._database, epoch="ms"))
        for one in found.get("series", ()):
            tags = {name: text for name, text in one.get("tags", {}).items() if text}
            yield Series(tags, one["columns"], one["values"])

    def close(self) -> None:
        """Close the connections."""
        self._asking.close(self._session.close())


class InfluxSource(Source):
    """Minutes from `circuit_minute`, tests from their events: what sinks wrote, as the site told it."""

    def __init__(self, settings: InfluxSettings) -> None:
        self._influx = Influx(settings)

    def lines(self, days: Days) -> Sequence[Line]:
        """Return the circuits that have minutes or tests."""
        found: set[Line] = set()
        for start_ms, end_ms in chunks(days):
            for measurement, field in ((CIRCUIT_MINUTE, STATE), (BANDWIDTH_TEST, RATE)):
                last = f"last({identifier(field)})"
                for one in self._influx.select(last, measurement, {}, start_ms, end_ms, '"site", "circuit"'):
                    if "circuit" in one.tags:
                        found.add(Line(one.tags.get("site", ""), one.tags["circuit"]))
        return sorted(found)

    def material(self, line: Line, days: Days) -> Material:
        """Return a circuit's minutes and tests."""
        return assemble(self._minutes(line, days), self._tests(line, days), line.circuit, days)

    def _minutes(self, line: Line, days: Days) -> Iterator[Columns]:
        for start_ms, end_ms in chunks(days):
            found = Gathered()
            for one in self._influx.select(_FIELDS, CIRCUIT_MINUTE, _where(line), start_ms, end_ms):
                _take(one, found)
            yield from found.columns(line.circuit)

    def _tests(self, line: Line, days: Days) -> Iterator[Event]:
        where = {**_where(line), "kind": BANDWIDTH_TEST}
        for start_ms, end_ms in chunks(days):
            for one in self._influx.select('"text", "data"', EVENT_MEASUREMENT, where, start_ms, end_ms):
                yield from map(point_event, one.points(EVENT_MEASUREMENT))

    def written(self, start_ms: int, end_ms: int) -> Iterator[Event]:
        """Yield what people wrote at the sites."""
        for times in weeks(start_ms, end_ms):
            for kind in (KIND, RECORD):
                for one in self._influx.select("*", EVENT_MEASUREMENT, {"kind": kind}, *times):
                    yield from map(point_event, one.points(EVENT_MEASUREMENT))

    def close(self) -> None:
        """Close the connections."""
        self._influx.close()


def _where(line: Line) -> Mapping[str, str]:
    return {"site": plain_name(line.site), "circuit": plain_name(line.circuit)}


def _take(series: Series, found: Gathered) -> None:
    statistic = series.tags.get("statistic", "")
    moments = [row[0] for row in series.rows]
    for place, name in enumerate(series.columns[1:], start=1):
        cells: Iterator[Value] = (row[place] for row in series.rows)
        found.take(name, statistic, zip(moments, cells, strict=True), synced=series.synced)


def _text(value: str) -> str:
    """Return a text as InfluxQL writes it."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
