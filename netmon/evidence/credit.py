"""Possible credit, subject to contract: each scheme's arithmetic in words, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil

from netmon.evidence.availability import Availability
from netmon.evidence.fault_clocks import FaultClock
from netmon.evidence.inputs.schemes import Amount, Basis, Cap, CapPeriod, Schemes
from netmon.evidence.inputs.terms import Terms

_PENNY = Decimal("0.01")
_MONTHS: Mapping[CapPeriod, int] = {CapPeriod.MONTH: 1, CapPeriod.QUARTER: 3, CapPeriod.YEAR: 12}
_DAYS_OF_YEAR, _MINUTES_OF_HOUR = 365, 60


@dataclass(frozen=True, slots=True)
class Working:
    """One scheme: its name, the arithmetic in words, and the money in pounds."""

    scheme: str
    words: str
    pounds: Decimal


@dataclass(frozen=True, slots=True)
class Credit:
    """What a stretch of days may give back. `pounds` is None where the figures do not tell."""

    workings: tuple[Working, ...]
    pounds: Decimal | None
    cap: Decimal | None
    clause: str


def credit(
    found: Availability, clocks: Iterable[FaultClock], days_of_month: int, before: Decimal = Decimal(0)
) -> Credit | None:
    """Return the possible credit of a stretch; None without a contract, or without credits in it.

    The charge is the month's, in proportion to the days of the stretch. `before` is what the same cap
    period has given already.
    """
    terms = found.terms
    if terms is None or terms.monthly is None or terms.credits == Schemes():
        return None
    cap = None if terms.cap is None else max(_capped(terms.cap, terms.monthly) - before, Decimal(0))
    if found.contract.contract is None:
        return Credit((), None, cap, terms.cited)
    monthly = Fraction(terms.monthly)
    charge = monthly * len(found.days) / days_of_month
    schemes, running = terms.credits, [one for one in clocks if one.counts is not None]
    workings = [
        *_tier(found, schemes, charge, monthly),
        *_points(found, schemes, charge, monthly),
        *_hours_over(running, terms, charge, monthly),
        *_missed(running, terms, charge, monthly),
    ]
    amounts = [one.pounds for one in workings]
    whole = max(amounts, default=Decimal(0)) if terms.combine == "max" else sum(amounts, Decimal(0))
    return Credit(tuple(workings), whole if cap is None else min(whole, cap), cap, terms.cited)


def _tier(found: Availability, schemes: Schemes, charge: Fraction, monthly: Fraction) -> Sequence[Working]:
    share = found.contract.contract
    reached = [
        tier for tier in schemes.tiers if share is not None and share * 100 < Fraction(tier.below_percent)
    ]
    if not reached or share is None:
        return ()
    lowest = min(reached, key=lambda tier: tier.below_percent)
    words = f"availability {_percent(share)} is below {lowest.below_percent} %: {_said(lowest.amount)}"
    return [Working("availability tier", words, _money(lowest.amount, charge, monthly, Fraction(1)))]


def _points(found: Availability, schemes: Schemes, charge: Fraction, monthly: Fraction) -> Sequence[Working]:
    share, target = found.contract.contract, found.target
    if schemes.per_point is None or share is None or target is None or share >= target:
        return ()
    points = (target - share) * 100
    words = f"{float(points):.4f} points below {float(target * 100):g} %, {_said(schemes.per_point)} each"
    return [Working("per point", words, _money(schemes.per_point, charge, monthly, points))]


def _hours_over(
    clocks: Sequence[FaultClock], terms: Terms, charge: Fraction, monthly: Fraction
) -> Sequence[Working]:
    amount = terms.credits.per_hour_over_fix
    hours = [_over(one, terms) for one in clocks]
    late = sum(map(bool, hours))
    if amount is None or not late:
        return ()
    words = f"{sum(hours)} hours begun over the fix time in {late} {_faults(late)}, {_said(amount)} each"
    return [Working("per hour over fix", words, _money(amount, charge, monthly, Fraction(sum(hours))))]


def _missed(
    clocks: Sequence[FaultClock], terms: Terms, charge: Fraction, monthly: Fraction
) -> Sequence[Working]:
    amount = terms.credits.per_missed_fix
    missed = sum(_over(one, terms) > 0 for one in clocks)
    if amount is None or not missed:
        return ()
    words = f"{missed} {_faults(missed)} over the fix time, {_said(amount)} each"
    return [Working("per missed fix", words, _money(amount, charge, monthly, Fraction(missed)))]


def _over(clock: FaultClock, terms: Terms) -> int:
    """Return the hours begun by which a fault lasted longer than its fix time."""
    if terms.fix is None or clock.counts is None:
        return 0
    return max(ceil(Fraction(clock.counts, _MINUTES_OF_HOUR) - Fraction(round(terms.fix), 3600)), 0)


def _money(amount: Amount, charge: Fraction, monthly: Fraction, times: Fraction) -> Decimal:
    """Return an amount so many times, in pounds and pence; half a penny goes up."""
    each: Mapping[Basis, Callable[[Fraction], Fraction]] = {
        Basis.SHARE: lambda number: charge * number / 100,
        Basis.POUNDS: lambda number: number,
        Basis.DAYS: lambda number: monthly * 12 / _DAYS_OF_YEAR * number,
    }
    exact = each[amount.basis](Fraction(amount.number)) * times
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(_PENNY, ROUND_HALF_UP)


def _capped(cap: Cap, monthly: Decimal) -> Decimal:
    charge = Fraction(monthly) * _MONTHS[cap.period]
    return _money(cap.amount, charge, Fraction(monthly), Fraction(1))


def _faults(number: int) -> str:
    return "fault" if number == 1 else "faults"


def _said(amount: Amount) -> str:
    return {
        Basis.SHARE: f"{amount.number} % of the charge",
        Basis.POUNDS: f"£{amount.number}",
        Basis.DAYS: f"{amount.number} days' charge",
    }[amount.basis]


def _percent(share: Fraction) -> str:
    return f"{float(share) * 100:.4f} %"
