"""What the technician page shows: the way out of the site, step by step, from this box to the far end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from netmon import wording as human
from netmon.model import SlotState
from netmon.model.outcome import Outcome
from netmon.verdict.view import TargetState
from netmon.web.documents import CircuitDocument, DeviceDocument, VerdictDocument
from netmon.web.interfaces import own_interface_documents
from netmon.web.site import Health
from netmon.web.snapshot import Snapshot
from netmon.web.views import circuit_documents, device_documents, last_answer, verdict_document

_LINES_MAX = 30
"""Per step: a page that must load on a bad phone stays small, whatever the site's size."""
_CLOCK = {True: ("good", "synchronised"), False: ("warn", "not synchronised"), None: ("dim", human.UNKNOWN)}
_ORDER = ("bad", "warn", "dim", "good")
"""What does not answer comes first, for the rest may be left out."""
_TONES = {SlotState.UP: "good", SlotState.DOWN: "bad", SlotState.UNKNOWN: "dim"}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing on the way: its name, how it is in a word, and what helps to find it."""

    name: str
    tone: str
    word: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One stretch of the way out."""

    title: str
    lines: tuple[Line, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class TechnicianPage:
    """Everything that the technician page shows."""

    site_name: str
    now: datetime
    verdict: VerdictDocument
    steps: tuple[Step, ...]
    version: str


def compose(snapshot: Snapshot, health: Health, now: datetime, reached_at: str) -> TechnicianPage:
    """Return the page's content; pure. `reached_at` is the address of this box that the visitor used."""
    devices, silent = device_documents(snapshot), _Silence(health, now)
    ways = (
        ("This box", _box(snapshot, health, reached_at)),
        ("Router", _targets(snapshot, silent, "gateway", "cpe")),
        ("Line", [_circuit(circuit) for circuit in circuit_documents(snapshot)]),
        ("Beyond the line", _targets(snapshot, silent, "first_hop", "anchor")),
        ("Resolvers (names)", _targets(snapshot, silent, "resolver")),
        ("Services", _targets(snapshot, silent, "service", "")),
        ("Devices of this site", _devices(devices, silent)),
    )
    steps = tuple(
        Step(title, tuple(lines[:_LINES_MAX]), max(0, len(lines) - _LINES_MAX))
        for title, lines in ways
        if lines
    )
    name = snapshot.watch.site_name
    return TechnicianPage(name, now, verdict_document(snapshot), steps, health.version)


@dataclass(frozen=True, slots=True)
class _Silence:
    """Says since when something does not answer."""

    health: Health
    now: datetime

    def since(self, last: datetime | None) -> str:
        if last is None:
            started = human.moment(self.health.started, self.now)
            return f"no answer since netmon started ({started})"
        ago = human.span((self.now - last).total_seconds())
        return f"last answer {human.moment(last, self.now)} ({ago} ago)"


def _box(snapshot: Snapshot, health: Health, reached_at: str) -> list[Line]:
    lines = [Line("address", "dim", reached_at), Line("clock", *_CLOCK[health.clock_synchronised])]
    for one in own_interface_documents(snapshot):
        if one.name != "lo" and one.oper is not None:
            speed = human.bit_rate(one.speed_bits_per_second) if one.speed_bits_per_second else ""
            up = one.oper == "up"
            lines.append(
                Line(one.name, "good" if up else "dim", f"link {one.oper}", (speed,) if up and speed else ())
            )
    return lines


def _targets(snapshot: Snapshot, silent: _Silence, *roles: str) -> list[Line]:
    found = [target for target in snapshot.targets if target.probe.role in roles]
    lines = [_target(snapshot, silent, target) for target in found]
    return sorted(lines, key=lambda line: _ORDER.index(line.tone))


def _target(snapshot: Snapshot, silent: _Silence, target: TargetState) -> Line:
    name = f"{target.target} ({target.probe.name})"
    if target.good:
        return Line(name, "good", "answers")
    since = silent.since(last_answer(snapshot, target.target, target.probe.name))
    outcome = (str(target.outcome),) if target.outcome else ()
    if target.good is None:
        return Line(name, "dim", human.UNKNOWN, (*outcome, since))
    if target.outcome is Outcome.REFUSED:
        return Line(name, "warn", "refuses", (since,))
    return Line(name, "bad", "does not answer", (*outcome, since))


def _circuit(one: CircuitDocument) -> Line:
    return Line(one.id, _TONES[one.state], _word(one.state), tuple(_circuit_details(one)))


def _word(state: SlotState) -> str:
    return human.UNKNOWN if state is SlotState.UNKNOWN else str(state)


def _circuit_details(one: CircuitDocument) -> Iterator[str]:
    yield one.why
    if one.wan_device:
        yield f"WAN port {one.wan_device} {one.wan_interface}: {one.wan_status or human.UNKNOWN}"
    if one.supplier:
        yield f"supplier {one.supplier}" + (f", reference {one.supplier_ref}" if one.supplier_ref else "")


def _devices(devices: Sequence[DeviceDocument], silent: _Silence) -> list[Line]:
    dead = [
        Line(one.name, *_silent(one), (silent.since(one.last_answer), *_place(one)))
        for one in devices
        if one.answers is False
    ]
    unknown = [Line(one.name, "dim", human.UNKNOWN, _place(one)) for one in devices if one.answers is None]
    answering = sum(1 for one in devices if one.answers)
    all_told = (
        [Line("all others" if dead or unknown else "all", "good", f"{answering} answer")] if answering else []
    )
    return [*dead, *unknown, *all_told]


def _silent(one: DeviceDocument) -> tuple[str, str]:
    return ("warn", "refuses") if one.outcome is Outcome.REFUSED else ("bad", "does not answer")


def _place(one: DeviceDocument) -> tuple[str, ...]:
    return tuple(
        text for text in (one.role.replace("_", " "), f"behind {one.parent}" if one.parent else "") if text
    )
