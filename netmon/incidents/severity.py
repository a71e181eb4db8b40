"""Who must hear of an incident: by what is hit, whether a second path carries, whether people work now."""

from __future__ import annotations

from netmon.incidents.incident import ACCESS, Badness, Level, Severity, Thing
from netmon.model import Fault

_PAGING = frozenset({Fault.LINE, Fault.ISP, Fault.CPE, Fault.POWER, Fault.LAN})
"""Where an unseen site must be taken for a dark one."""
_BY_CONDITION = {"names": Severity.PAGE, "far_end": Severity.NOTE}
_ORDER = (Severity.NOTE, Severity.TICKET, Severity.PAGE)


def severity(thing: Thing, worst: Badness, fault: Fault, *, in_hours: bool) -> Severity:
    """Return the severity now. A page is for what keeps a site's people from working, while they work.

    One line of several is a ticket: when the last one goes, the site itself has an incident.
    """
    found = _in_hours(thing, worst, fault)
    return Severity.TICKET if found is Severity.PAGE and not in_hours else found


def _in_hours(thing: Thing, worst: Badness, fault: Fault) -> Severity:
    if thing.condition != ACCESS:
        return _BY_CONDITION.get(thing.condition, Severity.TICKET)
    if thing.level not in (Level.SITE, Level.SUPPLIER):
        return Severity.TICKET
    if worst is Badness.DOWN or (worst is Badness.UNSEEN and fault in _PAGING):
        return Severity.PAGE
    return Severity.NOTE if fault is Fault.NONE else Severity.TICKET


def higher(one: Severity, other: Severity) -> Severity:
    """Return the more urgent of two: an incident that was a page does not become a ticket."""
    return max(one, other, key=_ORDER.index)
