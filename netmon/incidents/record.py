"""Incidents as records: an event for each step, and a fact that says how the newest one of a thing stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

from netmon.incidents.incident import Badness, Certainty, Incident, Level, Severity, Step, Thing
from netmon.model import Event, Fact, Fault, Json, Labels, Retention, Stamp

KIND = "incident"
"""Kind of the events of steps, and of the facts."""
RECORD = "incident_record"
"""Kind of what a person wrote about an incident."""


def step_event(incident: Incident, step: Step, text: str, now: Stamp) -> Event:
    """Return a step as an event: all of the incident is in it."""
    data: dict[str, Json] = {"step": str(step), **to_json(incident)}
    return Event(KIND, _event_key(incident), text, now, data, Retention.EVIDENCE)


def state_fact(incident: Incident, now: Stamp) -> Fact:
    """Return how the newest incident of its thing stands."""
    return Fact(KIND, (("site", incident.thing.site), ("thing", incident.thing.key)), to_json(incident), now)


def step_of(event: Event) -> tuple[Step, Incident]:
    """Return what an event of a step says; ValueError when it is none, or of another format."""
    return Step(str(event.data.get("step"))), from_json(event.data)


def _event_key(incident: Incident) -> Labels:
    return (("site", incident.thing.site), ("incident", incident.id))


def to_json(incident: Incident) -> dict[str, Json]:
    """Return an incident as what facts and events carry."""
    return {one.name: _plain(getattr(incident, one.name)) for one in fields(incident)}


def _plain(value: object) -> Json:
    if isinstance(value, Thing | Stamp):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Badness):
        return value.name.lower()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)


def from_json(data: Mapping[str, Json]) -> Incident:
    """Return the incident of a fact or an event; ValueError when it is none."""
    try:
        return Incident(
            id=_text(data["id"]),
            thing=_thing(data["thing"]),
            started=_stamp(data["started"]),
            number=int(_number(data["number"])),
            ended=None if data["ended"] is None else _stamp(data["ended"]),
            duration_seconds=_number(data["duration_seconds"]),
            bad_minutes=int(_number(data["bad_minutes"])),
            worst=Badness[_text(data["worst"]).upper()],
            severity=Severity(_text(data["severity"])),
            fault=Fault(_text(data["fault"])),
            certainty=Certainty(_text(data["certainty"])),
            sentence=_text(data["sentence"]),
            facts=_texts(data["facts"]),
            missing=_texts(data["missing"]),
            supplier_refs=_texts(data["supplier_refs"]),
            suppressed_by=_text(data["suppressed_by"]),
            quiet=_text(data["quiet"]),
            told=bool(data["told"]),
            flapping=bool(data["flapping"]),
            flap_score=_number(data["flap_score"]),
            as_of=None if data["as_of"] is None else _stamp(data["as_of"]),
            reopened_total=int(_number(data["reopened_total"])),
            written_ms=int(_number(data["written_ms"])),
            acknowledged_by=_text(data["acknowledged_by"]),
            ticket=_text(data["ticket"]),
            notify=_texts(data["notify"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"this is no incident: {error}") from error


def _thing(data: Json) -> Thing:
    found = _mapping(data)
    details = tuple((_texts(pair)[0], _texts(pair)[1]) for pair in _list(found["details"]))
    return Thing(
        _text(found["site"]),
        Level(_text(found["level"])),
        _text(found["name"]),
        _text(found["condition"]),
        _text(found["supplier"]),
        details,
    )


def _stamp(data: Json) -> Stamp:
    found = _mapping(data)
    return Stamp(
        _text(found["boot_id"]),
        int(_number(found["boottime_ns"])),
        int(_number(found["wall_ms"])),
        bool(found["synced"]),
    )


def _mapping(data: Json) -> Mapping[str, Json]:
    if not isinstance(data, Mapping):
        raise TypeError("a table is missing")
    return data


def _list(data: Json) -> Sequence[Json]:
    if isinstance(data, str) or not isinstance(data, Sequence):
        raise TypeError("a list is missing")
    return data


def _texts(data: Json) -> tuple[str, ...]:
    return tuple(_text(one) for one in _list(data))


def _text(data: Json) -> str:
    if not isinstance(data, str):
        raise TypeError("a text is missing")
    return data


def _number(data: Json) -> float:
    if not isinstance(data, int | float):
        raise TypeError("a number is missing")
    return data
