"""Records of incidents and of what people wrote about them, from events or from sealed records. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from netmon.evidence.seal.canonical import RecordJson
from netmon.incidents.record import KIND, RECORD
from netmon.model import Event, Json

_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Written:
    """One record about an incident; `text` is its data as text, which alone makes it the same as another."""

    kind: str
    incident: str
    wall_ms: int
    text: str
    data: Mapping[str, Json] = field(compare=False)

    @property
    def action(self) -> str:
        """What a person did; empty for a step of the incident itself."""
        return self.text_of("action") if self.kind == RECORD else ""

    @property
    def origin(self) -> str:
        """Where a row that is made of it came from."""
        by = self.text_of("by")
        return f"incident {self.incident}, written{' by ' if by else ''}{by} at {moment(self.wall_ms)}"

    def text_of(self, name: str) -> str:
        """Return a text; empty: there is none."""
        found = self.data.get(name)
        return " ".join(found.split()) if isinstance(found, str) else ""

    def moment_of(self, name: str) -> str:
        """Return a moment's minute as the centre's files write it; empty: there is none."""
        try:
            found = datetime.fromisoformat(self.text_of(name))
        except ValueError:
            return ""
        return moment(round(found.timestamp() * 1000)) if found.tzinfo is not None else ""


@dataclass(frozen=True, slots=True)
class Incident:
    """What is asked of an incident here; `ended_ms` None: it goes on. `synced`: the clock was right."""

    site: str
    level: str
    name: str
    condition: str
    started_ms: int
    ended_ms: int | None
    synced: bool


def moment(wall_ms: int) -> str:
    """Return the minute of a time as the centre's files write it."""
    return f"{datetime.fromtimestamp(wall_ms // _MINUTE_MS * 60, UTC):%Y-%m-%dT%H:%MZ}"


def spoken(events: Iterable[Event]) -> Iterator[Written]:
    """Yield what events tell of incidents, to the minute, as sealed records do."""
    for event in events:
        if event.kind in (KIND, RECORD):
            yield _written(event.kind, dict(event.key), event.stamp.wall_ms // _MINUTE_MS, event.data)


def written(records: Iterable[RecordJson]) -> Iterator[Written]:
    """Yield what sealed records tell of incidents."""
    for record in records:
        inner = record.get("rec") if record.get("kind") == "amendment" else record
        if not isinstance(inner, Mapping) or inner.get("kind") not in (KIND, RECORD):
            continue
        key, minute, data = inner.get("key"), inner.get("t"), inner.get("data")
        if isinstance(key, Mapping) and isinstance(minute, int) and isinstance(data, Mapping):
            yield _written(str(inner["kind"]), key, minute, data)


def incidents(records: Iterable[Written]) -> Mapping[str, Incident]:
    """Return incidents by id, as the last step of each that is among the records left it."""
    newest: dict[str, tuple[int, Incident]] = {}
    for record in records:
        number = record.data.get("number")
        if record.kind != KIND or not isinstance(number, int):
            continue
        found = _incident(record.data)
        if found is not None and number >= newest.get(record.incident, (0, found))[0]:
            newest[record.incident] = (number, found)
    return {name: found for name, (_, found) in newest.items()}


def _written(kind: str, key: Mapping[str, Json], minute: int, data: Mapping[str, Json]) -> Written:
    text = json.dumps(data, sort_keys=True, default=str)
    return Written(kind, str(key.get("incident", "")), minute * _MINUTE_MS, text, data)


def _incident(data: Mapping[str, Json]) -> Incident | None:
    thing, started, ended = data.get("thing"), data.get("started"), data.get("ended")
    if not isinstance(thing, Mapping) or not isinstance(started, Mapping):
        return None
    started_ms = started.get("wall_ms")
    ended_ms = ended.get("wall_ms") if isinstance(ended, Mapping) else None
    if not isinstance(started_ms, int) or not isinstance(ended_ms, int | None):
        return None
    site, level, name, condition = (
        str(thing.get(part, "")) for part in ("site", "level", "name", "condition")
    )
    return Incident(site, level, name, condition, started_ms, ended_ms, started.get("synced") is not False)
