"""What is to be told to somebody, read off the steps of incidents: the seam to the channels."""

from __future__ import annotations

from dataclasses import dataclass

from netmon.incidents.incident import Incident, Severity, Step
from netmon.incidents.record import KIND, step_of
from netmon.model import Event, Labels

_TELLING = frozenset({Step.OPENED, Step.REOPENED, Step.CHANGED, Step.FLAPPING, Step.RELEASED})


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell. `id` is the same whenever the same step is told again.

    `key` is the dedupe key of its thing. `labels` are the identity in Alertmanager.
    Not `firing`: it is over.
    """

    id: str
    key: str
    labels: Labels
    severity: Severity
    firing: bool
    step: Step
    incident: Incident
    text: str
    """The step in one line."""


def notice_of(event: Event) -> Notice | None:
    """Return what an event asks to tell; None: nothing, such as a step of a suppressed incident.

    An end is told when anything was, even of an incident that is suppressed by now.
    """
    if event.kind != KIND:
        return None
    try:
        step, incident = step_of(event)
    except ValueError:
        return None
    over = step is Step.CLOSED
    if not incident.told or (not over and (incident.quiet or step not in _TELLING)):
        return None
    return Notice(
        id=f"{incident.id}/{incident.number}",
        key=incident.thing.key,
        labels=incident.thing.labels,
        severity=incident.severity,
        firing=not over,
        step=step,
        incident=incident,
        text=event.text,
    )
