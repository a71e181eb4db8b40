"""Two clocks for one fault: ours runs from the first dead minute, the contract's often from the ticket."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from netmon.evidence.attribution import Attribution
from netmon.evidence.inputs.occasions import Ticket, minute_of
from netmon.evidence.inputs.terms import Terms
from netmon.evidence.outages import Outage


@dataclass(frozen=True, slots=True)
class FaultClock:
    """One outage of the supplier's by both clocks, in minutes.

    `by_detection` is the outage as measured; `by_ticket` what of it came after the ticket (None: nobody
    raised one); `by_supplier` is from ticket to closing, as the supplier tells it. `stopped` minutes the
    contract takes off: after its clock was started, and each once. `counts` is what that clock shows: None
    when it was never started.
    """

    outage: Outage
    ticket: Ticket | None
    by_detection: int
    by_ticket: int | None
    by_supplier: int | None
    stopped: int
    counts: int | None


def fault_clocks(found: Iterable[Outage], tickets: Iterable[Ticket], terms: Terms) -> list[FaultClock]:
    """Return the clocks of each outage that began in the period and that the supplier answers for."""
    own = sorted((t for t in tickets if t.circuit == terms.circuit), key=lambda t: (t.raised, t.reference))
    began = (one for one in found if not one.began_before)
    return [_clock(outage, own, terms) for outage in began if outage.attribution is Attribution.SUPPLIER]


def _clock(outage: Outage, tickets: Sequence[Ticket], terms: Terms) -> FaultClock:
    ticket = next(
        (one for one in tickets if outage.start_minute <= one.raised_minute < outage.end_minute), None
    )
    start = outage.start_minute if terms.fix_clock == "detection" else None
    if ticket is not None and start is None:
        start = ticket.raised_minute
    stopped = 0 if start is None else _stopped(outage, ticket, start, terms)
    return FaultClock(
        outage,
        ticket,
        outage.end_minute - outage.start_minute,
        None if ticket is None else outage.end_minute - ticket.raised_minute,
        None if ticket is None or ticket.closed is None else minute_of(ticket.closed) - ticket.raised_minute,
        stopped,
        None if start is None else max(outage.end_minute - start - stopped, 0),
    )


def _stopped(outage: Outage, ticket: Ticket | None, start: int, terms: Terms) -> int:
    """Count the minutes since its start for which the supplier's clock stands; overlaps count once."""
    pauses = [
        (one.start_minute, one.end_minute)
        for one in (ticket.pauses if ticket else ())
        if one.reason in terms.clock_stops
    ]
    total, reached = 0, start
    for begin, end in sorted([*outage.others, *pauses]):
        first, last = max(begin, reached), min(end, outage.end_minute)
        total += max(last - first, 0)
        reached = max(reached, last)
    return total
