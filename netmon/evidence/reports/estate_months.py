"""A circuit's period by calendar months, as contracts promise: what each month gave, by whose terms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from netmon.evidence.availability import Availability, availability
from netmon.evidence.calendar import Days, month
from netmon.evidence.claim_ledger import Possible
from netmon.evidence.credit import Credit, credit
from netmon.evidence.fault_clocks import fault_clocks
from netmon.evidence.inputs.files import Inputs
from netmon.evidence.inputs.occasions import Ticket
from netmon.evidence.inputs.schemes import CapPeriod
from netmon.evidence.inputs.sites import SiteRow
from netmon.evidence.strip import Strip
from netmon.evidence.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class JudgedMonth:
    """A month, or what of it lies in the period, by stretches of the same terms.

    Promises and credits are those of whole months: `whole` is False where the period has less of it.
    """

    period: str
    days: Days
    length: int
    whole: bool
    parts: tuple[Availability, ...]


def judged_months(
    strip: Strip, days: Days, circuit: str, inputs: Inputs, site: SiteRow | None
) -> Iterator[JudgedMonth]:
    """Yield the months of a period; exclusions and caps are ruled on month by month."""
    exclusions = tuple(one for one in inputs.exclusions if one.circuit == circuit)
    for period, inside, length in _months(days):
        parts = tuple(
            availability(
                strip,
                Days(part.first, part.last, days.timezone),
                part.terms,
                exclusions,
                site,
                inputs.closed,
            )
            for part in inputs.contracts.stretches(circuit, inside.first, inside.last)
        )
        yield JudgedMonth(period, inside, length, len(inside) == length, parts)


def _months(days: Days) -> Iterator[tuple[str, Days, int]]:
    first = days.first
    while first <= days.last:
        whole = month(first.year, first.month, days.timezone)
        last = min(whole.last, days.last)
        yield f"{first:%Y-%m}", Days(first, last, days.timezone), len(whole)
        first = last + timedelta(days=1)


def both_ways(verdicts: Iterable[Verdict | None]) -> Verdict | None:
    """Return one verdict for several: broken once is broken; None: nothing was promised in any."""
    known = [one for one in verdicts if one is not None]
    if not known:
        return None
    if Verdict.FAIL in known:
        return Verdict.FAIL
    return Verdict.PASS if set(known) == {Verdict.PASS} else Verdict.NOT_SHOWN


@dataclass(frozen=True, slots=True)
class Due:
    """What a month may give back, and the clause that says so. `possible.pounds` None: not known.

    `credits` are the arithmetic, each with the part of the month that it is of.
    """

    possible: Possible
    clause: str
    credits: tuple[tuple[Availability, Credit], ...]


def dues(months: Iterable[JudgedMonth], circuit: str, inputs: Inputs, as_of: date) -> Iterator[Due]:
    """Yield possible credits of whole months that are over; months whose contract gives none are left out.

    What the months before gave counts against a cap over a quarter or a year, as far as the period has them.
    """
    tickets = tuple(one for one in inputs.tickets if one.circuit == circuit)
    given: dict[tuple[CapPeriod, int, int], Decimal] = {}
    for one in months:
        if one.whole and one.days.last < as_of:
            found = tuple(_credits(one, tickets, given))
            if found:
                yield _due(circuit, one, found)


def _credits(
    one: JudgedMonth, tickets: Sequence[Ticket], given: dict[tuple[CapPeriod, int, int], Decimal]
) -> Iterator[tuple[Availability, Credit]]:
    for part in one.parts:
        terms = part.terms
        if terms is None:
            continue
        span = None if terms.cap is None else _span(terms.cap.period, one.days.first)
        before = given.get(span, Decimal(0)) if span else Decimal(0)
        found = credit(part, fault_clocks(part.outages, tickets, terms), one.length, before)
        if found is None:
            continue
        yield part, found
        if span and found.pounds is not None:
            given[span] = before + found.pounds


def _due(circuit: str, one: JudgedMonth, found: tuple[tuple[Availability, Credit], ...]) -> Due:
    """Put a month together: what is proven is due, and that nothing is due takes as much as a percentage."""
    proven = sum((due.pounds for _, due in found if due.pounds is not None), Decimal(0))
    seen = all(due.pounds is not None and part.contract.printable for part, due in found)
    limits = [part.terms.claim_within_days for part, _ in found if part.terms]
    soonest = min((days for days in limits if days is not None), default=None)
    pounds = proven if proven or seen else None
    possible = Possible(circuit, one.period, pounds, one.days.last, soonest)
    return Due(possible, "; ".join(dict.fromkeys(due.clause for _, due in found)), found)


def _span(period: CapPeriod, day: date) -> tuple[CapPeriod, int, int]:
    """Return which month, quarter or year a day lies in."""
    months = {CapPeriod.MONTH: 1, CapPeriod.QUARTER: 3, CapPeriod.YEAR: 12}[period]
    return period, day.year, (day.month - 1) // months
