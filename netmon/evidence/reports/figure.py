"""One figure of a report: a number or a word, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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
