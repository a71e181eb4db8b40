"""Figures as the estate's tables need them: counts, middles and sums that say what they leave out."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from statistics import median

from netmon.evidence.account import Account
from netmon.evidence.reports.figure import Figure, Unit, figure
from netmon.evidence.statistics.binomial import share_interval

NOT_KNOWN = "not known"


def count(number: int, of: int | None = None, note: str = "") -> Figure:
    """Return how many there are, of how many that were asked."""
    return Figure(number, Unit.COUNT, n=of, note=note)


def middle(values: Iterable[float | None], unit: Unit) -> Figure:
    """Return the median of what is known, of several with the least and the most; `coverage`: of how many."""
    asked = list(values)
    known = sorted(value for value in asked if value is not None)
    coverage = len(known) / len(asked) if asked else None
    between = (known[0], known[-1]) if len(known) > 1 else None
    note = "" if known else NOT_KNOWN
    return figure(
        median(known) if known else None, unit, n=len(known), between=between, coverage=coverage, note=note
    )


def added(values: Iterable[int | Decimal | None], unit: Unit, what: str) -> Figure:
    """Return the sum of what is known; the note says of how many it is not. Nothing known is no sum.

    Nor is 0 while something is not known: nobody shall read that there was none.
    """
    asked = list(values)
    known = [value for value in asked if value is not None]
    missing = len(asked) - len(known)
    note = f"not known of {missing} of {len(asked)} {what}" if missing else ""
    coverage = len(known) / len(asked) if asked else None
    whole = sum(known)
    told = whole if known and (whole or not missing) else None
    return figure(told, unit, n=len(known), coverage=coverage, note=note)


def of_those(yes: int, shown: int, what: str) -> Figure:
    """Return a share with its exact interval; there is none of nothing."""
    if not shown:
        return Figure(None, Unit.SHARE, n=0, note=f"no {what}")
    return figure(yes / shown, Unit.SHARE, n=shown, between=share_interval(yes, shown))


def availability(account: Account) -> Figure:
    """Return the measured share with worst and best as bounds; no value below the least coverage."""
    known, worst, best = account.up + account.down, account.worst, account.best
    return figure(
        account.measured if account.printable else None,
        Unit.SHARE,
        n=known,
        between=None if worst is None or best is None else (float(worst), float(best)),
        coverage=account.coverage,
        note="" if account.printable else "too little is known for a percentage" if known else NOT_KNOWN,
    )


def minutes(number: int, known: int, bounds: tuple[int, int], coverage: float | Fraction | None) -> Figure:
    """Return minutes that were counted, with the fewest and the most that there may have been."""
    note = "" if known else NOT_KNOWN
    return figure(
        number if known else None, Unit.MINUTES, n=known, between=bounds, coverage=coverage, note=note
    )
