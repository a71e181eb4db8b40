"""Incidents of the past, each with its story, read off the events of their steps and of what people wrote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from netmon.incidents.incident import Incident
from netmon.incidents.record import KIND, RECORD, step_of
from netmon.model import Event


@dataclass(slots=True)
class Told:
    """An incident as its last step left it, and all events about it, oldest first."""

    incident: Incident
    events: list[Event] = field(default_factory=list)


def chronology(events: Iterable[Event]) -> list[Told]:
    """Return incidents by the beginning of each; one whose steps are not among the events is left out."""
    found: dict[str, Told] = {}
    written: dict[str, list[Event]] = {}
    for event in events:
        name = dict(event.key).get("incident", "")
        if event.kind == RECORD:
            written.setdefault(name, []).append(event)
        elif event.kind == KIND:
            _add(found, event)
    for name, told in found.items():
        told.events = sorted([*told.events, *written.get(name, ())], key=lambda one: one.stamp.wall_ms)
    return sorted(found.values(), key=lambda told: told.incident.started.wall_ms)


def _add(found: dict[str, Told], event: Event) -> None:
    try:
        _, incident = step_of(event)
    except ValueError:
        return
    told = found.setdefault(incident.id, Told(incident))
    told.events.append(event)
    if incident.number >= told.incident.number:
        told.incident = incident
