"""Yardsticks that are more than a share of tests: campaigns of days, and rules about something else.

Each says what it judges and what it leaves out. None of them is a contract's term by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from netmon.evidence.statistics.quantiles import nearest_rank, reached_by
from netmon.evidence.yardsticks import MEGABIT

Days = Mapping[object, Sequence[float]]
"""Rates of wired tests by day, in one layer; what else the line carried is in them."""
_BNETZA_TESTS, _BNETZA_DAYS = 30, 3
_BEAD_DAYS = 3
FCC_SECONDS, FCC_SHARE = 0.1, 0.95
BEAD_OUTAGE_MINUTES = 48 * 60
"""Most minutes of a year without service (NTIA BEAD)."""


@dataclass(frozen=True, slots=True)
class Normal:
    """The speed that a line normally has: BEREC's two numbers, a speed and how often it is met.

    Judges nothing by itself: a contract that states both is judged by `normal_kept`. `speed` is bit/s, None
    without tests. Source: BEREC on the "normally available speed" of open internet access. Leaves out: what
    was advertised, and whether the measuring system is a certified one.
    """

    share: float
    speed: float | None
    tests: int


def normal(rates: Sequence[float], share: float) -> Normal:
    """Return what so large a share of tests reached: 0.95 of the whole day's, or 0.9 of those at peak."""
    return Normal(share, reached_by(rates, share), len(rates))


def normal_kept(rates: Sequence[float], speed: float, share: float) -> bool | None:
    """Tell whether a stated speed was met as often as stated; None without tests."""
    found = normal(rates, share).speed
    return None if found is None else found >= speed


@dataclass(frozen=True, slots=True)
class Campaign:
    """What three days of wired tests show by the German procedure; None: what it asks is not promised.

    Source: BNetzA's procedure for a lower price, 30 tests over three days; normal and minimum speed as its
    rule of 2017 had them. Judges one line. Leaves out: the regulator's own measuring program, the pauses
    between tests, and whether the customer's card and cable are fit, which netmon records with each test.
    """

    tests: int
    enough: bool
    maximum_missed: bool | None
    minimum_missed: bool | None
    normal_missed: bool | None = None


def bnetza(days: Days, maximum: float | None, minimum: float | None, usual: float | None = None) -> Campaign:
    """Judge tests by day: at least 30 over three days.

    `maximum_missed`: nine tenths of the maximum were not reached even once on two of three days.
    `minimum_missed`: the minimum was undershot on at least two days. `normal_missed`: the normally
    available speed (`usual`) was not reached by nine tests of ten.
    """
    known = [day for day in days.values() if day]
    rates = [rate for day in known for rate in day]
    low = None if maximum is None else sum(max(day) < 0.9 * maximum for day in known) >= 2
    under = None if minimum is None else sum(min(day) < minimum for day in known) >= 2
    kept = None if usual is None else normal_kept(rates, usual, 0.9)
    enough = len(known) == _BNETZA_DAYS and len(rates) >= _BNETZA_TESTS
    return Campaign(len(rates), enough, low, under, None if kept is None else not kept)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a challenge of a claimed speed shows by NTIA BEAD's rule; None: the claim is not known.

    Source: NTIA BEAD challenge process, speed tests by one subscriber. Judges whether the median of three
    days' tests is below what the provider claims. Leaves out: eligibility, the provider's rebuttal with
    tests on a tenth of its customers, and latency. Of an anchor institution 1 Gbit/s both ways is asked
    (`bead_anchor` among YARDSTICKS).
    """

    days: int
    enough: bool
    median: float | None
    below: bool | None


def bead(days: Days, claimed: float | None) -> Challenge:
    """Return the median of the first three days' tests: one test a day, the median where there are more."""
    known = [day for day in list(days.values())[:_BEAD_DAYS] if day]
    each = [found for day in known if (found := nearest_rank(day, 0.5)) is not None]
    median = nearest_rank(each, 0.5)
    enough = len(each) == _BEAD_DAYS
    below = None if claimed is None or median is None or not enough else median < claimed
    return Challenge(len(each), enough, median, below)


@dataclass(frozen=True, slots=True)
class Latency:
    """How many round trips were within the limit; `share` None without any.

    Source: US performance measures for funded lines: 95 % within 100 ms, at 18:00 to 24:00.
    Leaves out: that those are to a test server at an exchange; netmon's anchors are those that it has.
    """

    n: int
    share: float | None
    kept: bool | None


def fcc_latency(round_trips: Iterable[float | None]) -> Latency:
    """Judge round trips in seconds; one that is not known counts nowhere."""
    known = [one for one in round_trips if one is not None]
    share = sum(one <= FCC_SECONDS for one in known) / len(known) if known else None
    return Latency(len(known), share, None if share is None else share >= FCC_SHARE)


def e_rate(users: int | None, *, long_term: bool) -> float | None:
    """Return the bit/s that US E-rate's targets ask for so many users; None: how many is not known.

    Source: the programme's own: 100 Mbit/s per 1000 users, in the long term 1 Gbit/s. It judges what is
    bought, not what is delivered: compare it with the contracted rate. Leaves out: lines within a district.
    """
    if users is None:
        return None
    return users / 1000 * (1000 if long_term else 100) * MEGABIT
