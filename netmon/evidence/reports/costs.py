"""Money of a circuit: prices by contract, the ledger of credits, and the dates of the contract."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from netmon.evidence.busy_hour import busy_hour
from netmon.evidence.calendar import month
from netmon.evidence.claim_ledger import Entry, Possible, ledger
from netmon.evidence.inputs.occasions import Claim
from netmon.evidence.inputs.schemes import Schemes
from netmon.evidence.notice import notice
from netmon.evidence.price import price
from netmon.evidence.reports.dots import rates_of
from netmon.evidence.reports.estate_months import Due, JudgedMonth, dues
from netmon.evidence.reports.figure import Figure, Unit, figure, on, pounds
from netmon.evidence.reports.ground import Ground
from netmon.evidence.reports.loads import Load
from netmon.evidence.reports.money import CreditRow, Dates, Money, PriceRow
from netmon.evidence.reports.said import day_words
from netmon.evidence.reports.series import Dot
from netmon.evidence.statistics.quantiles import nearest_rank

_DELIVERED = 0.2
_UNKNOWN_CHARGE = "a charge is not known"


def money_of(ground: Ground, load: Load, found: Sequence[Dot]) -> Money:
    """Return prices, credits and dates."""
    return Money(tuple(_prices(ground, load, found)), tuple(_credits(ground)), _dates(ground))


def _prices(ground: Ground, load: Load, found: Sequence[Dot]) -> Iterator[PriceRow]:
    """Yield what each contract costs for each Mbit/s: as contracted, as delivered (p20), in the busy hour."""
    users = ground.site.users if ground.site else None
    for part in ground.stretches:
        if part.terms is None:
            continue
        days = ground.of(part)
        rates = rates_of(found, "down", part.first, part.last)
        inside = load.down.cut(days.start_minute, days.end_minute)
        busy = busy_hour(inside, days, ground.service_days(days))
        paid = price(part.terms, nearest_rank(rates, _DELIVERED), busy.p95)
        each = None if paid.monthly is None or not users else paid.monthly / users
        yield PriceRow(
            part.first,
            part.last,
            pounds(paid.monthly, "" if paid.monthly is not None else _UNKNOWN_CHARGE),
            figure(paid.contracted, Unit.POUNDS_PER_MEGABIT),
            figure(
                paid.delivered,
                Unit.POUNDS_PER_MEGABIT,
                n=len(rates),
                note="by the rate of four tests in five",
            ),
            figure(paid.used, Unit.POUNDS_PER_MEGABIT, n=busy.peak_days, note="by the busy hour"),
            pounds(each),
        )


def _credits(ground: Ground) -> Iterator[CreditRow]:
    """Yield the ledger as it was known on the report's own day: what came later is not in it."""
    circuit = ground.line.circuit
    found = list(dues(ground.months, circuit, ground.inputs, ground.as_of))
    early = [one for one in ground.months if _is_early(one, ground.as_of)]
    possible = [*(one.possible for one in found), *(_open(one, circuit) for one in early)]
    claims = [_as_known(one, ground) for one in ground.inputs.claims if one.circuit == circuit]
    workings = {one.possible.period: tuple(_workings(one)) for one in found}
    workings |= {one.period: (_too_early(one),) for one in early}
    for entry in ledger(possible, [one for one in claims if one is not None], ground.as_of):
        yield _credit(entry, workings.get(entry.period, ()))


def _is_early(one: JudgedMonth, as_of: date) -> bool:
    """Tell whether a month may give something back, and is not here whole, or not over."""
    gives = any(part.terms and part.terms.credits != Schemes() for part in one.parts)
    return gives and not (one.whole and one.days.last < as_of)


def _too_early(one: JudgedMonth) -> str:
    if one.whole:
        return "the month is not over"
    return f"a month is judged whole: {len(one.days)} of its {one.length} days are here"


def _open(one: JudgedMonth, circuit: str) -> Possible:
    """Return what is not known of a month that is not here whole, or not over."""
    whole = month(one.days.first.year, one.days.first.month)
    within = [part.terms.claim_within_days for part in one.parts if part.terms]
    soonest = min((days for days in within if days is not None), default=None)
    return Possible(circuit, one.period, None, whole.last, soonest)


def _as_known(claim: Claim, ground: Ground) -> Claim | None:
    if claim.claimed_on > ground.as_of or claim.period > f"{ground.days.last:%Y-%m}":
        return None
    if claim.received_on is None or claim.received_on <= ground.as_of:
        return claim
    return claim.model_copy(update={"received": None, "received_on": None})


def _credit(entry: Entry, workings: tuple[str, ...]) -> CreditRow:
    return CreditRow(
        entry.period,
        entry.standing,
        pounds(entry.possible, "subject to contract"),
        pounds(entry.claimed, "" if entry.references else "nothing was claimed"),
        pounds(entry.received, "" if entry.references else "nothing was claimed"),
        on(
            entry.bar, "" if entry.bar else "it was claimed" if entry.references else "no time limit is known"
        ),
        entry.references,
        workings,
    )


def _workings(one: Due) -> Iterator[str]:
    """Yield the arithmetic of a month in words."""
    for part, due in one.credits:
        since = day_words(part.days.first)
        for step in due.workings:
            yield f"from {since}: {step.words}: £{step.pounds:,.2f} ({due.clause})"
        if due.workings and due.cap is not None:
            yield f"no more than £{due.cap:,.2f} (cap)"


def _dates(ground: Ground) -> Dates | None:
    """Return the dates of the last day's contract."""
    terms = ground.terms
    if terms is None:
        return None
    found = notice(terms, ground.as_of)
    return Dates(
        on(found.ends),
        Figure(None if found.ends is None else found.renewals, Unit.COUNT),
        on(found.decide_by),
        on(found.deadline),
        Figure(found.days_left, Unit.DAYS),
        found.urgency,
    )
