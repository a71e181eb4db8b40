"""Simulated days of a line with a daily and weekly pattern, whose hours and days remember the ones before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from math import exp, sin, sqrt
from random import Random

from netmon.evidence.matched import Sides, sides

CUTOVER = date(2026, 5, 6)
DAY_DEVIATION, HOUR_DEVIATION, HOUR_MEMORY = 0.09, 0.06, 0.7
HOURS = range(9, 18)


def window(weeks: int) -> Sides:
    """So many whole weeks each side."""
    span = timedelta(days=7 * weeks + 3)
    return sides(CUTOVER, CUTOVER + span, CUTOVER - span)


def simulated(
    random: Random, both: Sides, memory: float, ratio: float = 1.0
) -> Mapping[date, Mapping[int, float]]:
    """Round trips in seconds; those after the cutover are multiplied."""
    found: dict[date, dict[int, float]] = {}
    state = random.gauss(0, DAY_DEVIATION)
    for number in range((both.after[-1] - both.before[0]).days + 1):
        day = both.before[0] + timedelta(days=number)
        state = _next(random, state, memory, DAY_DEVIATION)
        noise = random.gauss(0, HOUR_DEVIATION)
        hours = {}
        for hour in HOURS:
            noise = _next(random, noise, HOUR_MEMORY, HOUR_DEVIATION)
            shape = 0.4 * sin((hour - 9) / 3) + 0.05 * day.weekday()
            hours[hour] = 0.02 * exp(shape + state + noise) * (ratio if day > CUTOVER else 1.0)
        found[day] = hours
    return found


def _next(random: Random, value: float, memory: float, deviation: float) -> float:
    return memory * value + sqrt(1 - memory**2) * random.gauss(0, deviation)
