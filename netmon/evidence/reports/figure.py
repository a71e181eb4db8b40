"""One figure of a report: a number or a word, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import isfinite

Value = float | int | str | None
"""None: not known, which is printed in words and never as 0. Days and moments are ISO 8601 text."""


class Unit(StrEnum):
    """What a value is counted in; one way of printing for each."""

    WORDS = ""
    COUNT = "count"
    RATE = "bit/s"
    SECONDS = "s"
    MINUTES = "min"
    USER_MINUTES = "user-min"
    SHARE = "ratio"
    """Of 1: 0.999 is printed as 99.9 %."""
    CHANGE = "relative change"
    """Of 1, with its sign: -0.47 is printed as 47 % less."""
    POUNDS = "GBP"
    POUNDS_PER_MEGABIT = "GBP/(Mbit/s)"
    CLOCK_HOUR = "hour of the day"
    """The place's own time; 14 is printed as 14:00 to 15:00."""
    DAYS = "d"
    DATE = "date"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its grounds. None: not known, or that there is none (`note` says which, and why).

    `n` is how many tests, minutes or days it rests on. `low` and `high` are its interval, in its unit: 95 %
    for what is sampled, hard bounds for what is counted. `coverage` is the share of what should have been
    seen that was.
    """

    value: Value = None
    unit: Unit = Unit.WORDS
    n: int | None = None
    low: float | None = None
    high: float | None = None
    coverage: float | None = None
    note: str = ""

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return self.value is not None


_DIGITS = 7
"""Significant digits that are told: more would differ between machines, and nobody measured them."""


def told(number: float | Fraction | Decimal | None) -> float | None:
    """Return a number as it is told; what is not a number of this world (infinite) is not known."""
    if number is None or not isfinite(number):
        return None
    return float(f"{float(number):.{_DIGITS}g}")


def figure(
    number: float | Fraction | Decimal | None,
    unit: Unit,
    *,
    n: int | None = None,
    between: tuple[float, float] | None = None,
    coverage: float | Fraction | None = None,
    note: str = "",
) -> Figure:
    """Return a figure of a measured number; whole numbers stay whole."""
    value: Value = number if isinstance(number, int) else told(number)
    low, high = (None, None) if between is None else (told(between[0]), told(between[1]))
    return Figure(value, unit, n, low, high, told(coverage), note)


def pounds(money: Decimal | None, note: str = "") -> Figure:
    """Return money to the penny."""
    return Figure(None if money is None else float(round(money, 2)), Unit.POUNDS, note=note)


def on(day: date | None, note: str = "") -> Figure:
    """Return a day."""
    return Figure(None if day is None else day.isoformat(), Unit.DATE, note=note)
