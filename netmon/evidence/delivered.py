"""Was delivered what was promised: tests against a yardstick, with what so many tests can show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from math import floor

from netmon.evidence.calendar import Days, local_day, local_time
from netmon.evidence.inputs.terms import Terms
from netmon.evidence.speed_tests import PASSIVE, Proof, SpeedTest
from netmon.evidence.statistics.binomial import ALPHA, breach_threshold, kept_threshold, share_interval
from netmon.evidence.statistics.clustering import effective_size, fail_days, sign_test
from netmon.evidence.statistics.quantiles import interval, nearest_rank
from netmon.evidence.verdicts import Verdict
from netmon.evidence.yardsticks import YARDSTICKS, asked_hours, threshold

LEAST_TESTS = 29
"""With fewer, not even a row of passes shows anything about nine of ten."""
CLAIM_TESTS, CLAIM_DAYS, CLAIM_TESTS_OF_A_DAY = 120, 20, 8
_Test = tuple[Proof, float, bool]
"""What it says, its rate, and whether the supplier has to accept it."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many tests there were: `tests` count, on so many days, and `fails` of them were below.

    `bad_days` are those of which over a tenth of the tests failed. `effective` is what the tests are worth,
    as those of a day resemble each other. Inconclusive and invalid ones count nowhere else. `unclaimable`
    fails are of endpoints that the supplier need not accept: no claim rests on them.
    """

    tests: int
    days: int
    fails: int
    bad_days: int
    inconclusive: int
    invalid: int
    effective: float
    unclaimable: int = 0


@dataclass(frozen=True, slots=True)
class Delivered:
    """One yardstick's finding. Rates are in bit/s of the contract's layer; None: not known.

    A share of `target` of the tests is to reach `threshold`; `share` did. `breach_at` is from how many fails
    a breach is shown (None: so few tests cannot). `percentile` is that of the rates at 1 - `target`. `why`
    is in words. `claim_ready`: tests and days are enough for a claim, and a breach holds by days as well, and
    by the tests that the supplier has to accept.
    """

    yardstick: str
    direction: str
    threshold: float | None
    target: float
    counted: Counted
    share: float | None
    share_interval: tuple[float, float] | None
    percentile: float | None
    percentile_interval: tuple[float, float] | None
    breach_at: int | None
    verdict: Verdict
    why: str
    claim_ready: bool


def delivered(
    name: str, direction: str, tests: Iterable[SpeedTest], days: Days, terms: Terms | None
) -> Delivered:
    """Judge the tests of some days and one direction by a yardstick."""
    yardstick = YARDSTICKS[name]
    limit, layer = threshold(yardstick, terms, direction), terms.rate_layer if terms else "IP"
    hours, zone = asked_hours(yardstick, terms), days.zone
    first, end, bought = days.start_minute, days.end_minute, _bought(terms, direction)
    by_day: dict[date, list[_Test]] = {}
    invalid = 0
    asked = (
        one
        for one in tests
        if one.direction == direction and one.method != PASSIVE and first <= one.minute < end
    )
    for test in sorted(asked, key=lambda one: (one.minute, one.method)):
        if hours is not None and not hours.covers(local_time(test.minute, zone)):
            continue
        scale = bought or limit or 0.0
        value = test.value(layer, scale)
        proof = test.proof(layer, scale, limit if limit is not None else 0.0)
        if value is None or proof is None:
            invalid += 1
        else:
            by_day.setdefault(local_day(test.minute, zone), []).append((proof, value, test.claimable))
    return _finding(name, direction, limit, by_day, invalid)


def _finding(
    name: str,
    direction: str,
    limit: float | None,
    by_day: dict[date, list[_Test]],
    invalid: int,
) -> Delivered:
    target, known = YARDSTICKS[name].target, limit is not None
    proofs = [one for some in by_day.values() for one in some]
    values = [value for proof, value, _ in proofs if proof is not Proof.INCONCLUSIVE]
    rows = [
        row
        for some in by_day.values()
        if (row := [float(proof is Proof.FAIL) for proof, *_ in some if proof is not Proof.INCONCLUSIVE])
    ]
    n, fails, bad = len(values), int(sum(map(sum, rows))), fail_days(rows)
    weak = sum(proof is Proof.FAIL and not claimable for proof, _, claimable in proofs)
    counted = Counted(n, len(rows), fails, bad, len(proofs) - n, invalid, effective_size(rows), weak)
    verdict, why = _verdict(counted, target) if known else (Verdict.NOT_SHOWN, "nothing was promised")
    stands = verdict is not Verdict.FAIL or _stands(counted, target)
    return Delivered(
        name,
        direction,
        limit,
        target,
        counted,
        share=1 - fails / n if n and known else None,
        share_interval=share_interval(n - fails, n) if known else None,
        percentile=nearest_rank(values, 1 - target),
        percentile_interval=interval(values, 1 - target),
        breach_at=breach_threshold(n, target),
        verdict=verdict,
        why=why,
        claim_ready=stands
        and n >= CLAIM_TESTS
        and len(rows) >= CLAIM_DAYS
        and max(map(len, rows)) <= CLAIM_TESTS_OF_A_DAY,
    )


def _verdict(counted: Counted, target: float) -> tuple[Verdict, str]:
    """Tell what is shown at an error of 5 %, with as many tests as they are worth."""
    n, fails = counted.tests, counted.fails
    if n < LEAST_TESTS:
        return Verdict.NOT_SHOWN, f"too few tests: {n}, at least {LEAST_TESTS} are needed"
    size = floor(counted.effective + 1e-9)
    scaled = fails * size / n
    kept, breach = kept_threshold(size, target), breach_threshold(size, target)
    if kept is not None and scaled <= kept:
        return Verdict.PASS, f"{fails} of {n} tests are below"
    if breach is None or scaled < breach:
        return Verdict.NOT_SHOWN, f"{fails} of {n} tests are below, which may be chance"
    return Verdict.FAIL, f"{fails} of {n} tests are below"


def _stands(counted: Counted, target: float) -> bool:
    """Tell whether a breach is one by days as well, and without fails that the supplier need not accept."""
    accepted = replace(counted, fails=counted.fails - counted.unclaimable)
    by_days = sign_test(counted.bad_days, counted.days) <= ALPHA
    return by_days and _verdict(accepted, target)[0] is Verdict.FAIL


def _bought(terms: Terms | None, direction: str) -> float | None:
    rate = None if terms is None else terms.down if direction == "down" else terms.up
    return None if rate is None else float(rate)
