"""Incidents in the words of people: a line, a text message, a letter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from netmon.incidents.incident import ACCESS, Badness, Certainty, Incident, Level, Severity
from netmon.incidents.notice import Notice
from netmon.incidents.record import to_json
from netmon.incidents.words import spoken
from netmon.model import Fault
from netmon.notices.alphabet import cut, plain
from netmon.notices.announcement import Announcement, Tellable
from netmon.notices.message import Message, Sort
from netmon.text import clean

_TODAY_SECONDS = 20 * 3600
_ACCESS = {Badness.DOWN: "DOWN", Badness.UNSEEN: "NOT SEEN", Badness.DEGRADED: "DEGRADED"}
_CONDITIONS: Mapping[str, str] = {
    "names": "NAMES FAIL",
    "service": "SERVICE FAILS",
    "far_end": "FAR END FAILS",
    "mains": "NO MAINS",
    "answers": "NO ANSWER",
}
_CAUSES: Mapping[Fault, str] = {
    Fault.LINE: "Line fault",
    Fault.CPE: "Router fault",
    Fault.POWER: "Power cut",
    Fault.LAN: "Local network fault",
    Fault.WIFI: "Wi-Fi fault",
    Fault.ISP: "Supplier fault",
    Fault.FAR_END: "Fault at the far end",
    Fault.RESOLVER: "Name server fault",
    Fault.SERVICE: "Service fault",
    Fault.APPLIANCE: "Fault of the monitor",
}
_SHORTEST_PLACE = 12


@dataclass(frozen=True, slots=True)
class Place:
    """Where a netmon stands: full names of sites by id, and the time that their people keep."""

    site: str
    names: Mapping[str, str] = field(default_factory=dict)
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    short_characters: int = 160

    def moment(self, wall_ms: int, now_ms: int) -> str:
        """Return a time as the site's people say it; with the day when it was not today."""
        local = datetime.fromtimestamp(wall_ms / 1000, self.timezone)
        today = 0 <= now_ms - wall_ms < _TODAY_SECONDS * 1000
        return f"{local:%H:%M}" if today else f"{local:%d %b %H:%M}"


def message_of(notice: Tellable, place: Place, now_ms: int) -> Message:
    """Return what is told of a step."""
    if isinstance(notice, Announcement):
        return notice.message()
    incident = notice.incident
    return Message(
        id=notice.id,
        key=clean(notice.key),
        sort=Sort.INCIDENT,
        severity=notice.severity,
        firing=notice.firing,
        title=_title(notice, place, now_ms),
        short=_short(notice, place, now_ms),
        text=_letter(notice, place, now_ms),
        started_ms=incident.started.wall_ms,
        ended_ms=None if notice.firing or incident.ended is None else incident.ended.wall_ms,
        labels=tuple((name, clean(text)) for name, text in notice.labels),
        data=to_json(incident),
    )


def what(incident: Incident) -> str:
    """Return what is wrong, in capitals."""
    thing = incident.thing
    if thing.of_rule:
        return f"RULE {clean(thing.condition.partition(':')[2])}"
    if thing.condition == ACCESS:
        return _ACCESS.get(incident.worst, "TROUBLE")
    return _CONDITIONS.get(thing.condition, clean(thing.condition).upper().replace("_", " "))


def where(incident: Incident, place: Place) -> str:
    """Return which thing it is of."""
    thing = incident.thing
    if thing.level is Level.SUPPLIER:
        return clean(thing.name)
    site = place.names.get(thing.site) or thing.site
    details = " ".join(text for _, text in thing.details)
    return clean(f"{site} {thing.name} {details}")


def cause(incident: Incident) -> str:
    """Return the cause, and how sure it is; empty for rules, whose sentence says all."""
    if incident.thing.of_rule:
        return ""
    found = _CAUSES.get(incident.fault)
    if found is None:
        return "Cause unknown"
    return {Certainty.PROVEN: found, Certainty.PROBABLE: f"{found} likely"}.get(
        incident.certainty, f"{found} possible"
    )


def _title(notice: Notice, place: Place, now_ms: int) -> str:
    incident = notice.incident
    if not notice.firing:
        return clean(f"OVER {where(incident, place)} after {spoken(incident.duration_seconds)}")
    since = place.moment(incident.started.wall_ms, now_ms)
    flaps = " comes and goes" if incident.flapping else ""
    return clean(f"{what(incident)} {where(incident, place)}{flaps} since {since}")


def _short(notice: Notice, place: Place, now_ms: int) -> str:
    """Return site, what, since when, cause, supplier's reference and our own, in this order, as they fit.

    The place is cut first, then the cause goes; the references are what a call to the supplier needs.
    """
    incident, most = notice.incident, place.short_characters
    references = ", ".join(incident.supplier_refs)
    supplier = plain(clean(f"{incident.thing.supplier} {references}"))
    if notice.firing:
        since = place.moment(incident.started.wall_ms, now_ms)
        head, tail = what(incident), f"{'comes and goes ' if incident.flapping else ''}since {since}."
    else:
        head, tail = "OVER", f"after {spoken(incident.duration_seconds)}."
    parts = [plain(cause(incident)), cut(supplier, 60)]
    ending = " ".join([plain(tail), *(f"{part}." for part in parts if part), f"Ref {incident.id}"])
    name, room = plain(where(incident, place)), most - len(plain(head)) - len(ending) - 2
    if room < _SHORTEST_PLACE:
        ending = f"{plain(tail)} Ref {incident.id}"
        room = most - len(plain(head)) - len(ending) - 2
    return cut(f"{plain(head)} {cut(name, room)} {ending}", most)


def _letter(notice: Notice, place: Place, now_ms: int) -> str:
    """Return all that somebody needs to act; every line is clean by itself."""
    incident = notice.incident
    zone = place.timezone
    lines = [_title(notice, place, now_ms), "", incident.sentence or notice.text, ""]
    lines += [f"Since: {_times(incident.started.wall_ms, zone)}"]
    if incident.ended is not None and not notice.firing:
        lines += [f"Until: {_times(incident.ended.wall_ms, zone)} ({spoken(incident.duration_seconds)})"]
    if cause(incident):
        lines += [f"Cause: {cause(incident)} ({incident.fault}, {incident.certainty})"]
    lines += [f"Fact: {fact}" for fact in incident.facts]
    lines += [f"Not known: {fact}" for fact in incident.missing]
    if incident.thing.supplier or incident.supplier_refs:
        lines += [f"Supplier: {incident.thing.supplier} {', '.join(incident.supplier_refs)}"]
    lines += [f"Severity: {incident.severity}", f"Reference: {incident.id}"]
    return "\n".join(clean(line) for line in lines)


def _times(wall_ms: int, zone: ZoneInfo) -> str:
    moment = datetime.fromtimestamp(wall_ms / 1000, UTC)
    local = "" if zone.key == "UTC" else f"{moment.astimezone(zone):%Y-%m-%d %H:%M} ({zone.key}), "
    return f"{local}{moment:%Y-%m-%d %H:%M} UTC"


def summary(place: Place, key: str, held: int, titles: Sequence[str], now_ms: int) -> Message:
    """Return what the budget held back, in one message; `key` makes it the same whenever it is told again."""
    site = clean(place.names.get(place.site) or place.site)
    title = f"{held} more alerts at {site}, not sent one by one"
    lines = [title, "", "The budget of this channel is used up. Among them:", *titles]
    short = cut(plain(f"{title}. {'; '.join(titles)}"), place.short_characters)
    text = "\n".join(clean(line) for line in lines)
    return Message(key, key, Sort.SUMMARY, Severity.PAGE, True, title, short, text, now_ms)
