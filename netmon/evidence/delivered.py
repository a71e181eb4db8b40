"""Was delivered what was promised: tests against a yardstick, with what so many tests can show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Delivered:
    """One yardstick's finding. Rates are in bit/s of the contract's layer; None: not known.

    `tests` are those that count, `fails` of them below `threshold`; `breach_at` is from how many fails a
    breach is shown (None: so few tests cannot). `percentile` is that of the rates at 1 - `target`.
    `effective_tests` is what they are worth, as tests of a day resemble each other. `why` is in words.
    """

    yardstick: str
    direction: str
    threshold: float | None
    target: float
    tests: int
    days: int
    fails: int
    inconclusive: int
    invalid: int
    share: float | None
    share_interval: tuple[float, float] | None
    percentile: float | None
    percentile_interval: tuple[float, float] | None
    breach_at: int | None
    effective_tests: float
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
    bought = _bought(terms, direction)
    by_day: dict[date, list[tuple[Proof, float]]] = {}
    invalid = 0
    for test in sorted(tests, key=lambda one: (one.minute, one.method)):
        if test.direction != direction or test.method == PASSIVE:
            continue
        if not days.start_minute <= test.minute < days.end_minute:
            continue
        if hours is not None and not hours.covers(local_time(test.minute, zone)):
            continue
        scale = bought or limit or 0.0
        value = test.value(layer, scale)
        proof = test.proof(layer, scale, limit if limit is not None else 0.0)
        if value is None or proof is None:
            invalid += 1
        else:
            by_day.setdefault(local_day(test.minute, zone), []).append((proof, value))
    return _finding(name, direction, limit, by_day, invalid)


def _finding(
    name: str,
    direction: str,
    limit: float | None,
    by_day: dict[date, list[tuple[Proof, float]]],
    invalid: int,
) -> Delivered:
    target = YARDSTICKS[name].target
    counted = {
        day: [float(proof is Proof.FAIL) for proof, _ in some if proof is not Proof.INCONCLUSIVE]
        for day, some in by_day.items()
    }
    rows = [day for day in counted.values() if day]
    values = [value for some in by_day.values() for proof, value in some if proof is not Proof.INCONCLUSIVE]
    n, fails = len(values), int(sum(map(sum, rows)))
    known = limit is not None
    worth = effective_size(rows)
    verdict, why = _verdict(counted, target, worth) if known else (Verdict.NOT_SHOWN, "nothing was promised")
    ready = n >= CLAIM_TESTS and len(rows) >= CLAIM_DAYS and max(map(len, rows)) <= CLAIM_TESTS_OF_A_DAY
    return Delivered(
        name, direction, limit, target, n, len(rows), fails,
        sum(proof is Proof.INCONCLUSIVE for some in by_day.values() for proof, _ in some),
        invalid,
        1 - fails / n if n and known else None,
        share_interval(n - fails, n) if known else None,
        nearest_rank(values, 1 - target),
        interval(values, 1 - target),
        breach_threshold(n, target),
        worth, verdict, why, ready,
    )  # fmt: skip


def _verdict(counted: dict[date, list[float]], target: float, worth: float) -> tuple[Verdict, str]:
    """Tell what is shown at an error of 5 %: a breach has to hold by tests and by days."""
    n, fails = sum(map(len, counted.values())), int(sum(map(sum, counted.values())))
    if n < LEAST_TESTS:
        return Verdict.NOT_SHOWN, f"too few tests: {n}, {LEAST_TESTS} tell"
    size = floor(worth + 1e-9)
    scaled = fails * size / n
    kept, breach = kept_threshold(size, target), breach_threshold(size, target)
    if kept is not None and scaled <= kept:
        return Verdict.PASS, f"{fails} of {n} tests are below"
    if breach is None or scaled < breach:
        return Verdict.NOT_SHOWN, f"{fails} of {n} tests are below, which may be chance"
    days, bad = sum(1 for day in counted.values() if day), fail_days(dict(enumerate(counted.values())))
    if sign_test(bad, days) > ALPHA:
        return Verdict.NOT_SHOWN, f"{fails} of {n} tests are below, but only {bad} of {days} days are bad"
    return Verdict.FAIL, f"{fails} of {n} tests are below, on {bad} of {days} days"


def _bought(terms: Terms | None, direction: str) -> float | None:
    rate = None if terms is None else terms.down if direction == "down" else terms.up
    return None if rate is None else float(rate)
