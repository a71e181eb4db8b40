"""Series of use: hours of the week, weekly busy hours, round trips of the idle and of the loaded line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from statistics import fmean, median

from netmon.evidence.busy_hour import busy_hour
from netmon.evidence.calendar import Days, local_time
from netmon.evidence.curve import Curve
from netmon.evidence.reports.figure import Figure, Unit, figure, told
from netmon.evidence.reports.ground import Ground
from netmon.evidence.reports.series import HeatCell, RoundTrip, Week
from netmon.evidence.speed_tests import SpeedTest
from netmon.evidence.statistics.quantiles import interval, nearest_rank

_P95 = 0.95
_IDLE, _LOADED = 0.1, 0.7
_TEST_TRIPS = frozenset(f"{load} {name}" for load in ("idle", "loaded") for name in ("p50", "p95"))
_GRADES = ((0.005, "A+"), (0.030, "A"), (0.060, "B"), (0.200, "C"), (0.400, "D"))
"""Of how much longer round trips are under load: those of DSLReports, which others use as well."""
_FEW_MINUTES = 30
"""Minutes of one hour of the week, or of one state of load, below which no percentile is told."""


def heat(ground: Ground, use: Curve) -> Iterator[HeatCell]:
    """Yield 168 cells, Monday's first hour first; none at all where use was never measured."""
    if not any(value is not None for value in use.values):
        return
    values: dict[tuple[int, int], list[float]] = {}
    serving: dict[tuple[int, int], int] = {}
    zone, start = ground.days.zone, ground.days.start_minute
    for first in range(start, ground.days.end_minute, 60):
        at, place = local_time(first, zone), first - start
        known = [one for one in use.values[place : place + 60] if one is not None]
        values.setdefault((at.weekday(), at.hour), []).extend(known)
        cell = at.weekday(), at.hour
        serving[cell] = serving.get(cell, 0) + sum(ground.serving[place : place + 60])
    for weekday in range(7):
        for hour in range(24):
            some = values.get((weekday, hour), [])
            enough = len(some) >= _FEW_MINUTES
            share = told(nearest_rank(some, _P95)) if enough else None
            yield HeatCell(weekday, hour, share, len(some), serving.get((weekday, hour), 0) > 0)


def weeks(ground: Ground, use: Curve) -> Iterator[Week]:
    """Yield the busy hour of each week, Monday to Sunday as far as it lies in the report's days."""
    first = ground.days.first
    while first <= ground.days.last:
        last = min(first + timedelta(days=6 - first.weekday()), ground.days.last)
        days = Days(first, last, ground.days.timezone)
        inside = use.cut(days.start_minute, days.end_minute)
        busy = busy_hour(inside, days, ground.service_days(days))
        yield Week(first, told(busy.p95), busy.peak_days)
        first = last + timedelta(days=1)


def round_trips(ground: Ground, use: Curve) -> Iterator[RoundTrip]:
    """Yield round trips of idle and of loaded minutes; none where none was measured.

    They have no interval: a minute resembles the one before it, and n of them are not n tries.
    """
    for name, chosen, words in (
        (
            "idle",
            use.mask(lambda one: one < _IDLE),
            f"minutes with less than {100 * _IDLE:g} % of the line in use",
        ),
        (
            "loaded",
            use.mask(lambda one: one >= _LOADED),
            f"minutes with {100 * _LOADED:g} % or more of the line in use",
        ),
    ):
        middle, slow = (
            ground.curve(curve).known(chosen) for curve in (ground.material.rtt_p50, ground.material.rtt_p95)
        )
        if middle or slow:
            yield RoundTrip(name, _trip(middle, words), _trip(slow, words))


def tested_trips(tests: Sequence[SpeedTest]) -> Iterator[RoundTrip]:
    """Yield round trips before tests and beside their load, of valid tests with both; none without any."""
    both = [one.trips for one in tests if not one.spoiled and one.trips.keys() >= _TEST_TRIPS]
    if not both:
        return
    rise = fmean(max(one["loaded p50"] - one["idle p50"], 0.0) for one in both)
    grade = next((name for limit, name in _GRADES if rise < limit), "F")
    for load, name, words in (
        ("idle", "before tests", "middle of the tests"),
        ("loaded", "during tests", f"middle of the tests; {rise * 1000:.0f} ms longer: grade {grade}"),
    ):
        each = ([one[f"{load} {statistic}"] for one in both] for statistic in ("p50", "p95"))
        yield RoundTrip(name, *(_middle(known, words) for known in each))


def _middle(known: Sequence[float], words: str) -> Figure:
    return figure(median(known), Unit.SECONDS, n=len(known), between=interval(known, 0.5), note=words)


def _trip(known: Sequence[float], words: str) -> Figure:
    """Return the middle of what the minutes have."""
    value = nearest_rank(known, 0.5) if len(known) >= _FEW_MINUTES else None
    return figure(value, Unit.SECONDS, n=len(known), note=f"middle of {words}")
