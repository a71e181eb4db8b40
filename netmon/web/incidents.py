"""Incidents with their stories: for the API, and the newest ones for the page."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from netmon.errors import StoreError
from netmon.incidents.chronology import Told, chronology
from netmon.incidents.incident import Badness, Certainty, Incident, Severity
from netmon.incidents.past import incidents_in
from netmon.incidents.record import KIND, RECORD
from netmon.model import Event, Fault, Json
from netmon.store.interface import HistoryReader
from netmon.web.arguments import Period
from netmon.web.site import WebSite
from netmon.web.views import moment, stamp_time

_SHOWN = 12
_BACK_MS = 7 * 86_400_000
_TIMEOUT_SECONDS = 1.0
_AGAIN_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class StepDocument:
    """One step of an incident, or what a person wrote about it."""

    time: datetime
    step: Annotated[str, "what happened; `written` for what a person wrote"]
    text: str
    data: Annotated[Mapping[str, Json], "what a person wrote, by name; empty for steps"]


@dataclass(frozen=True, slots=True)
class IncidentDocument:
    """One incident, as it stands or as it ended."""

    id: Annotated[str, "its reference in messages and tickets"]
    thing: Annotated[str, "what it is of: the key that messages are told apart by"]
    where: Annotated[str, "the same in words"]
    open: bool
    severity: Severity
    worst: Annotated[str, "the worst minute: degraded, unseen or down"]
    fault: Fault
    certainty: Certainty
    sentence: str
    started: datetime
    ended: datetime | None
    duration_seconds: float
    bad_minutes: int
    facts: Annotated[tuple[str, ...], "what decided"]
    missing: Annotated[tuple[str, ...], "what would have told more"]
    quiet: Annotated[str, "why nobody is told; empty: somebody is"]
    suppressed_by: Annotated[str, "id of the incident that explains it"]
    flapping: bool
    ticket: str
    acknowledged_by: str
    timeline: tuple[StepDocument, ...]


@dataclass(frozen=True, slots=True)
class IncidentsDocument:
    """Incidents of a period, newest first."""

    incidents: tuple[IncidentDocument, ...]
    truncated: Annotated[bool, "whether there are more: ask for a shorter period"]


async def incidents(site: WebSite, period: Period, limit: int) -> IncidentsDocument:
    """Return the incidents of which something happened in a period, and those that are open at its end."""
    found = await site.query(lambda reader: _read(reader, period.start_ms, period.end_ms))
    return IncidentsDocument(tuple(map(document, found[:limit])), len(found) > limit)


def _read(reader: HistoryReader, start_ms: int, end_ms: int) -> list[Told]:
    events = [event for kind in (KIND, RECORD) for event in reader.events(start_ms, end_ms, kind)]
    return _newest_first(events, incidents_in(reader.facts(KIND)))


def _newest_first(events: Iterable[Event], standing: Sequence[Incident]) -> list[Told]:
    found = chronology(events)
    known = {told.incident.id for told in found}
    found += [Told(one) for one in standing if one.open and one.id not in known]
    return sorted(found, key=lambda told: told.incident.started.wall_ms, reverse=True)


def document(told: Told) -> IncidentDocument:
    """Return an incident as a document."""
    one = told.incident
    return IncidentDocument(
        id=one.id,
        thing=one.thing.key,
        where=f"{one.thing.site} {one.thing.name}".strip(),
        open=one.open,
        severity=one.severity,
        worst=Badness(one.worst).name.lower(),
        fault=one.fault,
        certainty=one.certainty,
        sentence=one.sentence,
        started=moment(one.started.wall_ms),
        ended=None if one.ended is None else moment(one.ended.wall_ms),
        duration_seconds=one.duration_seconds,
        bad_minutes=one.bad_minutes,
        facts=one.facts,
        missing=one.missing,
        quiet=one.quiet,
        suppressed_by=one.suppressed_by,
        flapping=one.flapping,
        ticket=one.ticket,
        acknowledged_by=one.acknowledged_by,
        timeline=tuple(map(_step, told.events)),
    )


def _step(event: Event) -> StepDocument:
    written = event.kind == RECORD
    step = "written" if written else str(event.data.get("step"))
    return StepDocument(stamp_time(event.stamp), step, event.text, event.data if written else {})


class RecentIncidents:
    """The newest incidents for the page: this run's from memory, those before it from the history."""

    def __init__(self, site: WebSite) -> None:
        self._site = site
        self._stored: tuple[list[Event], list[Incident]] = ([], [])
        self._next_try = 0.0

    async def newest(self) -> tuple[IncidentDocument, ...]:
        """Return those that are open and those of the last week, newest first."""
        events, standing = await self._from_history()
        latest = self._site.view.latest
        fresh = [event for event in latest.events() if event.kind in (KIND, RECORD)]
        known = {_identity(event) for event in fresh}
        events = [*(event for event in events if _identity(event) not in known), *fresh]
        now = {one.thing: one for one in (*standing, *incidents_in(latest.facts(KIND)))}
        found = _newest_first(events, list(now.values()))
        found.sort(key=lambda told: not told.incident.open)
        return tuple(map(document, found[:_SHOWN]))

    async def _from_history(self) -> tuple[list[Event], list[Incident]]:
        now = self._site.clock.monotonic()
        if now >= self._next_try:
            self._next_try = now + _AGAIN_SECONDS
            end_ms = self._site.clock.wall_ns() // 1_000_000 + 1
            try:
                async with asyncio.timeout(_TIMEOUT_SECONDS):
                    self._stored = await self._site.query(lambda reader: _week(reader, end_ms))
            except (StoreError, TimeoutError):
                pass  # that the history is in trouble stands under the health of netmon
        return self._stored


def _week(reader: HistoryReader, end_ms: int) -> tuple[list[Event], list[Incident]]:
    events = [event for kind in (KIND, RECORD) for event in reader.events(end_ms - _BACK_MS, end_ms, kind)]
    return events, incidents_in(reader.facts(KIND))


def _identity(event: Event) -> tuple[object, ...]:
    return event.kind, event.key, event.data.get("number"), event.data.get("id")
