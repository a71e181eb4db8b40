"""Prometheus and VictoriaMetrics: samples by instant queries with a range: so that minutes are counted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from netmon.delivery.remote_write_lines import JOB
from netmon.delivery.remote_write_session import RemoteWriteSession
from netmon.delivery.remote_write_settings import RemoteWriteSettings
from netmon.errors import Parked
from netmon.evidence.calendar import Days
from netmon.evidence.material import Material, assemble
from netmon.evidence.sources.asking import TIMEOUT_SECONDS, Asking
from netmon.evidence.sources.gathered import MINUTE_MS, NAMES, STATE, Gathered, Sample, chunks
from netmon.evidence.sources.series_tests import NAMES as TEST_NAMES
from netmon.evidence.sources.series_tests import RATE, SeriesOf, events_of
from netmon.evidence.sources.source import Line, Source
from netmon.model import Event
from netmon.model.derived import CIRCUIT_MINUTE
from netmon.store.interface import Columns

_ACCOUNT = "give the token, or the name and password, that its queries ask for"
_BY_LINES = f"{CIRCUIT_MINUTE}_"
"""What VictoriaMetrics puts before the names of minutes that came by InfluxDB's line protocol."""
_Json = Mapping[str, Any]
_WHENCE = frozenset({"job", "instance"})


@dataclass(frozen=True, slots=True)
class _Answered:
    """One series of an answer, all its samples that are numbers, in order of time."""

    name: str
    labels: Mapping[str, str]
    samples: Sequence[Sample]

    @property
    def written(self) -> bool:
        """Tell whether netmon wrote it, at the minutes' own times; a scrape has its own job or instance."""
        site = self.labels.get("site", "")
        instance = self.labels.get("instance", "")
        return self.labels.get("job") == JOB and (instance == site or instance.startswith(f"{site}/"))

    def as_told(self) -> SeriesOf:
        """Return it without where it came from."""
        kept = {name: text for name, text in self.labels.items() if name not in _WHENCE}
        return SeriesOf(self.name, kept, self.samples)


class PrometheusSource(Source):
    """Reads what remote-write brought, to the minute; what was scraped, as it was seen each minute.

    A scrape comes two or four times a minute: its last sample of each minute counts. It shows a minute when
    that is decided, so all is one to two minutes late. Of a circuit that was written nothing scraped counts.
    """

    def __init__(self, settings: RemoteWriteSettings) -> None:
        base = settings.query_base or settings.url.rstrip("/")
        timeout_seconds = max(settings.timeout_seconds, TIMEOUT_SECONDS)
        self._session = RemoteWriteSession(
            replace(settings, url=base, query_url=base, timeout_seconds=timeout_seconds)
        )
        self._asking = Asking(base, _ACCOUNT)

    def lines(self, days: Days) -> Sequence[Line]:
        """Return the circuits that have minutes or tests."""
        found: set[Line] = set()
        for start_ms, end_ms in chunks(days):
            names = _among((STATE, RATE))
            for one in self._ask(
                f"count by (site, circuit) (count_over_time({{{names}}}[%s]))", start_ms, end_ms
            ):
                labels = one["metric"]
                if labels.get("circuit"):
                    found.add(Line(labels.get("site", ""), labels["circuit"]))
        return sorted(found)

    def material(self, line: Line, days: Days) -> Material:
        """Return a circuit's minutes and tests."""
        return assemble(self._minutes(line, days), self._tests(line, days), line.circuit, days)

    def _minutes(self, line: Line, days: Days) -> Iterator[Columns]:
        for start_ms, end_ms in chunks(days):
            found = Gathered()
            for one in _trusted(list(self._series(NAMES, line, start_ms, end_ms))):
                synced = one.labels.get("clock") != "unsynced"
                samples = one.samples if one.written else _last_of_each_minute(one.samples)
                found.take(one.name, one.labels.get("statistic", ""), samples, synced=synced)
            yield from found.columns(line.circuit)

    def _tests(self, line: Line, days: Days) -> Iterator[Event]:
        for start_ms, end_ms in chunks(days):
            series = self._series(TEST_NAMES, line, start_ms, end_ms)
            yield from events_of(one.as_told() for one in series if one.written)

    def close(self) -> None:
        """Close the connection."""
        self._asking.close(self._session.close())

    def _series(self, names: Iterable[str], line: Line, start_ms: int, end_ms: int) -> Iterator[_Answered]:
        where = f"site={json.dumps(line.site)},circuit={json.dumps(line.circuit)}"
        for one in self._ask(f"{{{_among(names)},{where}}}[%s]", start_ms, end_ms):
            labels = dict(one["metric"])
            yield _Answered(
                labels.pop("__name__", "").removeprefix(_BY_LINES),
                labels,
                _samples(one["values"], start_ms, end_ms),
            )

    def _ask(self, query: str, start_ms: int, end_ms: int) -> Sequence[_Json]:
        """Ask for a range up to and with its last millisecond, and return the result."""
        promql = query % f"{end_ms - start_ms}ms"
        return self._asking.wait(_result(self._session, promql, (end_ms - 1) / 1000))


async def _result(session: RemoteWriteSession, promql: str, time_seconds: float) -> Sequence[_Json]:
    try:
        return list(json.loads(await session.query(promql, time_seconds))["data"]["result"])
    except (ValueError, KeyError, TypeError) as error:
        raise Parked("the answer is not Prometheus' JSON: is this its address?") from error


def _samples(values: Iterable[tuple[float, str]], start_ms: int, end_ms: int) -> list[Sample]:
    """Return the stretch's samples; some versions count a range's far end, and markers are no values."""
    found = ((round(float(at) * 1000), float(value)) for at, value in values)
    return sorted((at, value) for at, value in found if start_ms <= at < end_ms and isfinite(value))


def _trusted(series: Sequence[_Answered]) -> list[_Answered]:
    """Return what netmon wrote where there is any, else what was scraped."""
    return [one for one in series if one.written] or list(series)


def _last_of_each_minute(samples: Sequence[Sample]) -> Iterable[Sample]:
    """Return one sample of each minute: between two of them one minute was decided."""
    return {wall_ms // MINUTE_MS: (wall_ms, value) for wall_ms, value in samples}.values()


def _among(names: Iterable[str]) -> str:
    return f'__name__=~"({_BY_LINES})?({"|".join(names)})"'
