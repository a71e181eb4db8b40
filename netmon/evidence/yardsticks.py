"""Yardsticks by name: which share of tests is to reach which rate, at which hours.

There are two rules called 80/80: `fcc_80_80` asks it of one line's tests, `mba_80_80` of all lines at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from netmon.evidence.inputs.cells import hours
from netmon.evidence.inputs.terms import Terms
from netmon.evidence.statistics.quantiles import reached_by
from netmon.hours import Hours

MEGABIT = 1_000_000


class Of(StrEnum):
    """What a yardstick's rate is a share of."""

    CONTRACTED = "contracted"
    MINIMUM = "minimum"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Yardstick:
    """`share` of the rate is to be reached by `target` of the tests; `fixed` is by direction, in bit/s."""

    title: str
    of: Of
    target: float
    share: float = 1.0
    fixed: Mapping[str, int] | None = None
    hours: str | None = None
    """Hours of the week; None: the contract's peak hours for a minimum, else all."""
    source: str = ""


def _fixed(down: int, up: int) -> Mapping[str, int]:
    return {"down": down * MEGABIT, "up": up * MEGABIT}


YARDSTICKS: Mapping[str, Yardstick] = {
    "minimum": Yardstick(
        "minimum guaranteed: nine tests of ten in the peak hours reach it", Of.MINIMUM, 0.9,
        source="the contract",
    ),
    "delivered_90": Yardstick(
        "nine tests of ten reach 90 % of the contracted rate", Of.CONTRACTED, 0.9, 0.9, source="netmon"
    ),
    "fcc_80_80": Yardstick(
        "four tests of five reach 80 % of the contracted rate", Of.CONTRACTED, 0.8, 0.8,
        source="US performance measures for funded lines",
    ),
    "ofcom_minimum": Yardstick(
        "minimum guaranteed, 12 to 14 on working days", Of.MINIMUM, 0.9, hours="Mon-Fri 12:00-14:00",
        source="UK business speeds code; voluntary, and not for leased lines",
    ),
    "dfe_primary": Yardstick(
        "100 Mbit/s down and 30 up", Of.FIXED, 0.9, fixed=_fixed(100, 30),
        source="UK standards for primary schools",
    ),
    "dfe_secondary": Yardstick(
        "1 Gbit/s down and up", Of.FIXED, 0.9, fixed=_fixed(1000, 1000),
        source="UK standards for secondary schools and colleges",
    ),
    "uk_gigabit": Yardstick(
        "1 Gbit/s down, 200 Mbit/s up", Of.FIXED, 0.9, fixed=_fixed(1000, 200),
        source="UK definition of gigabit-capable",
    ),
    "uk_universal": Yardstick(
        "10 Mbit/s down, 1 up", Of.FIXED, 0.9, fixed=_fixed(10, 1),
        source="UK universal service, SI 2018/445",
    ),
}  # fmt: skip
"""Those that are asked of one line's tests."""


def threshold(yardstick: Yardstick, terms: Terms | None, direction: str) -> float | None:
    """Return the rate that a test is to reach, in bit/s; None: nothing was promised."""
    if yardstick.fixed is not None:
        return float(yardstick.fixed[direction])
    if terms is None:
        return None
    down = direction == "down"
    if yardstick.of is Of.MINIMUM:
        rate = terms.minimum_down if down else terms.minimum_up
    else:
        rate = terms.down if down else terms.up
    return None if rate is None else round(yardstick.share * rate, 3)


def asked_hours(yardstick: Yardstick, terms: Terms | None) -> Hours | None:
    """Return the hours whose tests count; None: all."""
    if yardstick.hours is not None:
        return hours(yardstick.hours)
    return terms.peak_hours if terms is not None and yardstick.of is Of.MINIMUM else None


def mba_80_80(lines: Iterable[Sequence[float]]) -> float | None:
    """Return the rate that four lines of five reached four times of five; None without lines.

    Of rates or of shares of what was contracted: what goes in comes out.
    """
    each = [rate for line in lines if (rate := reached_by(line, 0.8)) is not None]
    return reached_by(each, 0.8)


@dataclass(frozen=True, slots=True)
class Campaign:
    """What three days of wired tests show by the German procedure; None: what it asks is not promised."""

    tests: int
    enough: bool
    maximum_missed: bool | None
    minimum_missed: bool | None


def bnetza(days: Mapping[object, Sequence[float]], maximum: float | None, minimum: float | None) -> Campaign:
    """Judge tests by day: at least 30 over three days.

    `maximum_missed`: nine tenths of the maximum were not reached even once on two of three days.
    `minimum_missed`: the minimum was undershot on at least two days.
    """
    known = [day for day in days.values() if day]
    tests = sum(map(len, known))
    low = None if maximum is None else sum(max(day) < 0.9 * maximum for day in known) >= 2
    under = None if minimum is None else sum(min(day) < minimum for day in known) >= 2
    return Campaign(tests, len(known) == 3 and tests >= 30, low, under)
