"""Yardsticks by name: which share of tests is to reach which rate, at which hours.

There are two rules called 80/80: `fcc_80_80` asks it of one line's tests, `mba_80_80` of all lines at once.
Rules that are no share of tests are in `campaigns.py`. Where a rule names a rate alone, as the DfE's does,
nine tests of ten are netmon's own reading of it.
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
    leaves_out: str = ""
    """What its own text asks beside this, and netmon does not judge."""


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
        leaves_out="one week a quarter, an hourly test at 18:00 to 24:00, subscribers drawn by lot",
    ),
    "ofcom_minimum": Yardstick(
        "minimum guaranteed, 12 to 14 on working days", Of.MINIMUM, 0.9, hours="Mon-Fri 12:00-14:00",
        source="UK business speeds code; voluntary, and not for leased lines",
        leaves_out="30 days to mend it before one may leave, and whether the supplier signed the code",
    ),
    "dfe_primary": Yardstick(
        "100 Mbit/s down and 30 up", Of.FIXED, 0.9, fixed=_fixed(100, 30),
        source="UK standards for primary schools (DfE)",
        leaves_out="full fibre, a second line of another kind that takes over by itself, filters and Wi-Fi",
    ),
    "dfe_secondary": Yardstick(
        "1 Gbit/s down and up", Of.FIXED, 0.9, fixed=_fixed(1000, 1000),
        source="UK standards for secondary schools and colleges (DfE)",
        leaves_out="full fibre, a second line of another kind that takes over by itself, filters and Wi-Fi",
    ),
    "uk_gigabit": Yardstick(
        "1 Gbit/s down, 200 Mbit/s up", Of.FIXED, 0.9, fixed=_fixed(1000, 200),
        source="UK definition of gigabit-capable (BDUK)",
        leaves_out="the limits of jitter and loss, and that a product of the wholesale market gives it",
    ),
    "uk_universal": Yardstick(
        "10 Mbit/s down, 1 up", Of.FIXED, 0.9, fixed=_fixed(10, 1),
        source="UK universal service, SI 2018/445",
        leaves_out="sync speed (this is what was delivered), contention of 50:1, 100 GB a month, the price",
    ),
    "bead_anchor": Yardstick(
        "1 Gbit/s down and up", Of.FIXED, 0.9, fixed=_fixed(1000, 1000),
        source="US BEAD programme (NTIA): community anchor institutions",
        leaves_out="48 hours of outages a year, 100 ms of latency, who pays; nine of ten is netmon's own",
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

    Source: FCC Measuring Broadband America, of subscribers at peak. Leaves out: how panellists are drawn.
    Of rates or of shares of what was contracted: what goes in comes out.
    """
    each = [rate for line in lines if (rate := reached_by(line, 0.8)) is not None]
    return reached_by(each, 0.8)
