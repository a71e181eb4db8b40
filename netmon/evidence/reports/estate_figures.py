"""Figures as the estate's tables need them: counts, middles and sums that say what they leave out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from statistics import median

from netmon.evidence.account import Account
from netmon.evidence.reports.figure import Figure, Unit
from netmon.evidence.statistics.binomial import share_interval

NOT_KNOWN = "not known"


def count(number: int, of: int | None = None, note: str = "") -> Figure:
    """Return how many there are, of how many that were asked."""
    return Figure(number, Unit.COUNT, n=of, note=note)


def middle(values: Iterable[float | None], unit: Unit) -> Figure:
    """Return the median of what is known with the least and the most as bounds; `coverage`: of how much."""
    told = list(values)
    known = sorted(value for value in told if value is not None)
    coverage = len(known) / len(told) if told else None
    if not known:
        return Figure(None, unit, n=0, coverage=coverage, note=NOT_KNOWN)
    return Figure(median(known), unit, len(known), known[0], known[-1], coverage)


def added(values: Iterable[int | Decimal | None], unit: Unit, what: str) -> Figure:
    """Return the sum of what is known; the note says of how many it is not."""
    told = list(values)
    known = [value for value in told if value is not None]
    missing = len(told) - len(known)
    note = f"not known of {missing} of {len(told)} {what}" if missing else ""
    coverage = len(known) / len(told) if told else None
    whole = sum(known, Decimal(0)) if unit is Unit.POUNDS else sum(known)
    return Figure(float(whole) if known else None, unit, n=len(known), coverage=coverage, note=note)


def pounds(money: Decimal | None, note: str = "") -> Figure:
    """Return money; None is not known."""
    return Figure(None if money is None else float(money), Unit.POUNDS, note=note)


def day(when: date | None, note: str = "") -> Figure:
    """Return a day of the calendar; None is not known."""
    return Figure(None if when is None else str(when), Unit.DATE, note=note)


def of_those(yes: int, told: int, what: str) -> Figure:
    """Return a share with its exact interval; there is none of nothing."""
    if not told:
        return Figure(None, Unit.SHARE, n=0, note=f"no {what}")
    low, high = share_interval(yes, told) or (None, None)
    return Figure(yes / told, Unit.SHARE, told, low, high)


def availability(account: Account) -> Figure:
    """Return the measured share with worst and best as bounds; no value below the least coverage."""
    known = account.up + account.down
    figure = Figure(
        None,
        Unit.SHARE,
        known,
        number(account.worst),
        number(account.best),
        number(account.coverage),
    )
    if account.printable:
        return Figure(number(account.measured), Unit.SHARE, known, figure.low, figure.high, figure.coverage)
    why = "too little is known for a percentage" if known else NOT_KNOWN
    return Figure(None, Unit.SHARE, known, figure.low, figure.high, figure.coverage, why)


def number(share: Fraction | None) -> float | None:
    """Return an exact share as a number."""
    return None if share is None else float(share)


def words(text: str, note: str = "") -> Figure:
    """Return a word; an empty one is not known."""
    return Figure(text or None, Unit.WORDS, note=note)


def minutes(number_of: int, known: int, bounds: Sequence[int], coverage: float | None) -> Figure:
    """Return minutes that were counted, with the fewest and the most that there may have been."""
    value = number_of if known else None
    return Figure(value, Unit.MINUTES, known, bounds[0], bounds[1], coverage, "" if known else NOT_KNOWN)
