"""Pounds per Mbit/s: as contracted, as delivered, as used."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from netmon.evidence.inputs.terms import Terms

_MEGABIT = 1_000_000
_DAYS_OF_MONTH = Decimal("365.2425") / 12


@dataclass(frozen=True, slots=True)
class Price:
    """What a month costs, and what that is for each Mbit/s. None: not known, and never 0."""

    monthly: Decimal | None
    contracted: float | None
    delivered: float | None
    used: float | None


def price(terms: Terms, delivered_p20: float | None, busy_hour_p95: float | None) -> Price:
    """Return prices; rates are in bit/s towards the site. What was paid once is spread over the term."""
    monthly = monthly_equivalent(terms)
    return Price(
        monthly, _each(monthly, terms.down), _each(monthly, delivered_p20), _each(monthly, busy_hour_p95)
    )


def monthly_equivalent(terms: Terms) -> Decimal | None:
    """Return all charges by month; None while one of them is not known: 0.00 says that there is none."""
    if terms.monthly is None or terms.managed is None or terms.one_off is None:
        return None
    whole = terms.monthly + terms.managed
    if not terms.one_off:
        return whole
    if terms.term_start is None or terms.term_end is None:
        return None
    months = round(Decimal((terms.term_end - terms.term_start).days + 1) / _DAYS_OF_MONTH)
    return whole + terms.one_off / max(months, 1)


def _each(monthly: Decimal | None, bits_per_second: float | None) -> float | None:
    if monthly is None or not bits_per_second:
        return None
    return float(monthly) / (bits_per_second / _MEGABIT)
