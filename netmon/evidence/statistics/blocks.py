"""A second opinion on a shift: whole days drawn anew, hour of the week by hour of the week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean, median

DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Day:
    """One day's values by hour of the day; an hour that is not known is not there. Monday is 0."""

    weekday: int
    hours: Mapping[int, float]


def bootstrap(
    before: Sequence[Day], after: Sequence[Day], seed: int, draws: int = DRAWS, confidence: float = 0.95
) -> tuple[float, float] | None:
    """Return the percentile interval of the mean shift over cells (weekday and hour) that both sides have.

    A cell's value is the median of its days. Days are drawn whole, with all their hours, from those of the
    same weekday, so that what a day's hours have in common is not taken for many observations. The same
    seed gives the same interval. None when no cell is on both sides.
    """
    sides = _by_weekday(before), _by_weekday(after)
    weekdays = sorted(sides[0].keys() & sides[1].keys())
    random = Random(seed)
    found = []
    for _ in range(draws):
        shifts = [
            shift
            for weekday in weekdays
            for shift in _shifts(*(random.choices(side[weekday], k=len(side[weekday])) for side in sides))
        ]
        if shifts:
            found.append(fmean(shifts))
    if not found:
        return None
    found.sort()
    tail = (1 - confidence) / 2
    return found[int(tail * len(found))], found[min(int((1 - tail) * len(found)), len(found) - 1)]


def _by_weekday(days: Sequence[Day]) -> dict[int, list[Day]]:
    found: dict[int, list[Day]] = {}
    for day in days:
        found.setdefault(day.weekday, []).append(day)
    return found


def _shifts(before: Sequence[Day], after: Sequence[Day]) -> list[float]:
    early, late = _cells(before), _cells(after)
    return [median(late[hour]) - median(early[hour]) for hour in early if hour in late]


def _cells(days: Sequence[Day]) -> dict[int, list[float]]:
    found: dict[int, list[float]] = {}
    for day in days:
        for hour, value in day.hours.items():
            found.setdefault(hour, []).append(value)
    return found
