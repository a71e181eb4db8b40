"""Outages of the report's days: the table by both clocks, and the strip of days."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from netmon.evidence.admitted import admit
from netmon.evidence.attribution import Attribution
from netmon.evidence.availability import Availability
from netmon.evidence.calendar import Days, local_time
from netmon.evidence.fault_clocks import FaultClock, fault_clocks
from netmon.evidence.outages import Outage
from netmon.evidence.reports.figure import Figure, Unit, figure
from netmon.evidence.reports.ground import Ground
from netmon.evidence.reports.parts import Claimable, OutageRow
from netmon.evidence.reports.series import StripDay, StripRun, StripState
from netmon.evidence.strip import STATES

_RUN = re.compile(rb"(.)\1*", re.DOTALL)
_STATE_OF: Mapping[bytes, StripState] = {
    b"u": StripState.UP,
    b"d": StripState.DOWN,
    b"?": StripState.UNKNOWN,
    b"p": StripState.PLANNED,
}
_OTHERS: Mapping[Attribution, str] = {
    Attribution.PLANNED: "excluded",
    Attribution.POWER: "not the supplier's: the site had no power",
    Attribution.COUNCIL_LAN: "not the supplier's: the site's own network or router was down",
    Attribution.APPLIANCE: "not the supplier's: the measuring box was at fault",
}
_NO_TICKET = "no ticket was raised"
_NO_CLOCK = "counts for availability; without a ticket not for the fix time"


def outage_rows(ground: Ground) -> tuple[OutageRow, ...]:
    """Return each outage once, by the contract of the days in which it began; the first ones first."""
    found: dict[int, OutageRow] = {}
    for part in ground.parts:
        clocks = {}
        if part.terms is not None:
            own = fault_clocks(part.outages, ground.inputs.tickets, part.terms)
            clocks = {one.outage.start_minute: one for one in own}
        for outage in part.outages:
            row = _row(outage, clocks.get(outage.start_minute), part, ground.days)
            # One over the edge of two contracts is in both their accounts: the first has its beginning.
            found.setdefault(outage.start_minute, row)
    return tuple(found[start] for start in sorted(found))


def _row(outage: Outage, clock: FaultClock | None, part: Availability, days: Days) -> OutageRow:
    length = outage.end_minute - outage.start_minute
    ticket = clock.ticket.reference if clock and clock.ticket else None
    claimable, why = _claimable(outage, clock, part)
    note = _NO_TICKET if clock and ticket is None else ""
    stopped = f"less {clock.stopped} minutes in which it stood" if clock and clock.stopped else ""
    return OutageRow(
        local_time(outage.start_minute, days.zone),
        figure(length, Unit.MINUTES, between=(length - 1, length + 1)),
        outage.attribution,
        ticket,
        _clock(clock.by_ticket if clock else None, note),
        _clock(clock.by_supplier if clock else None, note),
        _clock(clock.counts if clock else None, stopped or note),
        claimable,
        why,
        outage.began_before,
        outage.goes_on,
    )


def _clock(minutes: int | None, note: str) -> Figure:
    return figure(minutes, Unit.MINUTES, note=note)


def _claimable(outage: Outage, clock: FaultClock | None, part: Availability) -> tuple[Claimable, str]:
    who = outage.attribution
    if part.terms is None:
        return Claimable.NOT_KNOWN, "no contract is known"
    if who is Attribution.UNKNOWN:
        return Claimable.NOT_KNOWN, "nobody is proven to answer for it"
    if who is not Attribution.SUPPLIER:
        return Claimable.NO, _OTHERS[who]
    if clock is None:
        return Claimable.YES, "its minutes count here; its fix time in the period in which it began"
    late = clock.counts is None
    return Claimable.YES, _NO_CLOCK if late else "the supplier's, and not excluded"


def strip_days(ground: Ground) -> Iterator[StripDay]:
    """Yield each day as runs of the same state; what a contract excludes is planned, whatever it was."""
    letters = bytearray()
    for part in ground.parts:
        days = part.days
        here = ground.material.strip.cut(days.start_minute, days.end_minute).letters(STATES)
        if part.terms is not None:
            taken = admit(ground.inputs.exclusions, part.terms, days).mask
            here = bytes(ord("p") if out else letter for letter, out in zip(here, taken, strict=True))
        letters += here
    for day, start, end in ground.days.edges():
        first = start - ground.days.start_minute
        today = bytes(letters[first : first + end - start])
        yield StripDay(day, end - start, tuple(map(_run, _RUN.finditer(today))))


def _run(match: re.Match[bytes]) -> StripRun:
    return StripRun(match.start(), match.end() - match.start(), _STATE_OF[match[1]])
