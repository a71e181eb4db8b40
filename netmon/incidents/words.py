"""Incidents in one line for people."""

from __future__ import annotations

from netmon.incidents.incident import Certainty, Incident, Level, Step


def line(incident: Incident, step: Step) -> str:
    """Return a step as one line: where, what, why."""
    where = f"{incident.thing.site} {incident.thing.name}".strip()
    if incident.thing.level is Level.SUPPLIER:
        where = incident.thing.name
    if step is Step.CLOSED:
        return f"{where}: over after {spoken(incident.duration_seconds)}: {incident.sentence}{_why(incident)}"
    if incident.quiet:
        return f"{where}: {incident.sentence}{_why(incident)} [{incident.quiet}]"
    prefix = {Step.REOPENED: "again: ", Step.FLAPPING: "comes and goes: "}.get(step, "")
    return f"{where}: {prefix}{incident.sentence}{_why(incident)}"


def _why(incident: Incident) -> str:
    if incident.thing.of_rule:
        return ""
    sure = "" if incident.certainty is Certainty.UNKNOWN else f", {incident.certainty}"
    return f" ({incident.fault}{sure})"


def spoken(seconds: float) -> str:
    """Return a length as people say it: the two largest of days, hours, minutes."""
    minutes = max(1, round(seconds / 60))
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{n} {unit}" for n, unit in ((days, "d"), (hours, "h"), (rest, "min")) if n]
    return " ".join(parts[:2])
