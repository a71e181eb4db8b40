"""Speed tests by hour of the day: what each is worth, and the lines that it is held against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from netmon.evidence.calendar import local_time
from netmon.evidence.inputs.terms import Terms
from netmon.evidence.reports.figure import told
from netmon.evidence.reports.ground import Ground
from netmon.evidence.reports.series import Dot, DotClass, Mark
from netmon.evidence.speed_tests import PASSIVE, Proof, SpeedTest
from netmon.evidence.yardsticks import YARDSTICKS, threshold
from netmon.hours import Hours

DIRECTIONS = ("down", "up")
_RULE = YARDSTICKS["delivered_90"]


def tests_of(ground: Ground) -> list[SpeedTest]:
    """Return the tests of the report's days, in order; those that did not take place are not there."""
    first, last = ground.days.start_minute, ground.days.end_minute
    found = [
        one
        for one in ground.material.tests
        if one.direction in DIRECTIONS and one.method != PASSIVE and first <= one.minute < last
    ]
    return sorted(found, key=lambda one: (one.minute, one.direction, one.method))


def dots(ground: Ground) -> tuple[Dot, ...]:
    """Return the tests, each judged by the contract of its day."""
    return tuple(_dot(one, ground) for one in tests_of(ground))


def marks(ground: Ground) -> Iterator[Mark]:
    """Yield what was contracted, and the minimum, for both directions and as long as it held."""
    for part in ground.stretches:
        terms = part.terms
        if terms is None:
            continue
        for direction, rate, least in (
            ("down", terms.down, terms.minimum_down),
            ("up", terms.up, terms.minimum_up),
        ):
            for name, limit in (("contracted", rate), ("minimum", least)):
                if limit is not None:
                    yield Mark(direction, name, part.first, part.last, float(limit))


def rates_of(
    found: Sequence[Dot], direction: str, first: date, last: date, hours: Hours | None = None
) -> list[float]:
    """Return the rates of clean and corrected tests of some days, in bit/s."""
    return [
        one.bits_per_second
        for one in found
        if one.direction == direction
        and one.bits_per_second is not None
        and one.kind is not DotClass.INCONCLUSIVE
        and first <= one.at.date() <= last
        and (hours is None or hours.covers(one.at))
    ]


def _dot(test: SpeedTest, ground: Ground) -> Dot:
    at = local_time(test.minute, ground.days.zone)
    terms = ground.inputs.contracts.on(ground.line.circuit, at.date())
    kind, rate, why = _judged(test, terms)
    hour = round(at.hour + at.minute / 60, 4)
    return Dot(at, hour, test.direction, test.method, kind, told(rate), why)


def _judged(test: SpeedTest, terms: Terms | None) -> tuple[DotClass, float | None, str]:
    layer, limit = terms.rate_layer if terms else "IP", threshold(_RULE, terms, test.direction)
    contracted = _contracted(terms, test.direction) or 0.0
    value = test.value(layer, contracted)
    if value is None:
        return DotClass.INVALID, None, test.invalid(layer).partition(":")[0]
    if test.proof(layer, contracted, limit or 0.0) is Proof.INCONCLUSIVE:
        return DotClass.INCONCLUSIVE, value, test.doubt
    return DotClass.CLEAN if value == test.rate(layer) else DotClass.CORRECTED, value, ""


def _contracted(terms: Terms | None, direction: str) -> float | None:
    rate = None if terms is None else terms.down if direction == "down" else terms.up
    return None if rate is None else float(rate)
