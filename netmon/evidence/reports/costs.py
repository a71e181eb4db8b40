"""Money of a circuit: prices by contract, the ledger of credits, and the dates of the contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from netmon.evidence.busy_hour import busy_hour
from netmon.evidence.calendar import month
from netmon.evidence.claim_ledger import Entry, Possible, ledger
from netmon.evidence.credit import credit
from netmon.evidence.fault_clocks import fault_clocks
from netmon.evidence.inputs.occasions import Claim
from netmon.evidence.inputs.schemes import Schemes
from netmon.evidence.notice import notice
from netmon.evidence.price import price
from netmon.evidence.reports.dots import rates_of
from netmon.evidence.reports.estate_months import JudgedMonth, dues
from netmon.evidence.reports.figure import Figure, Unit, figure, on, pounds
from netmon.evidence.reports.ground import Ground
from netmon.evidence.reports.loads import Load
from netmon.evidence.reports.money import CreditRow, Dates, Money, PriceRow
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
            figure(paid.used, Unit.POUNDS_PER_MEGABIT, n=busy.days, note="by the busy hour"),
            pounds(each),
        )


def _credits(ground: Ground) -> Iterator[CreditRow]:
    """Yield the ledger as it was known on the report's own day: what came later is not in it."""
    circuit = ground.line.circuit
    possible = [one.possible for one in dues(ground.months, circuit, ground.inputs)]
    possible += [_open(one, circuit) for one in ground.months if _is_part(one)]
    claims = [_as_known(one, ground) for one in ground.inputs.claims if one.circuit == circuit]
    workings = _workings(ground)
    for entry in ledger(possible, [one for one in claims if one is not None], ground.as_of):
        yield _credit(entry, workings.get(entry.period, ()))


def _is_part(one: JudgedMonth) -> bool:
    """Tell whether a month may give something back, and the report has less than the whole of it."""
    return not one.whole and any(part.terms and part.terms.credits != Schemes() for part in one.parts)


def _open(one: JudgedMonth, circuit: str) -> Possible:
    """Return what is not known of a month that is not here whole."""
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
        on(entry.bar, "" if entry.bar else "no time limit is known"),
        entry.references,
        workings,
    )


def _workings(ground: Ground) -> Mapping[str, tuple[str, ...]]:
    """Return the arithmetic of each whole month in words."""
    found: dict[str, tuple[str, ...]] = {}
    for one in ground.months:
        words: list[str] = []
        if _is_part(one):
            words.append(f"a month is judged whole: {len(one.days)} of its {one.length} days are here")
        for part in one.parts if one.whole else ():
            if part.terms is None:
                continue
            clocks = fault_clocks(part.outages, ground.inputs.tickets, part.terms)
            due = credit(part, clocks, one.length)
            if due is None or not due.workings:
                continue
            since, cited = part.days.first, part.terms.cited
            words += [f"from {since}: {step.words}: £{step.pounds:.2f} ({cited})" for step in due.workings]
            if due.cap is not None:
                words.append(f"no more than £{due.cap:.2f} (cap)")
        found[one.period] = tuple(words)
    return found


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
