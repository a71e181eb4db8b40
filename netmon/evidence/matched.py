"""Hours that may be compared: the same hours of the same weekdays, before and after, on ordinary days."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean, median

from netmon.evidence.calendar import Days, local_time
from netmon.evidence.curve import Curve
from netmon.evidence.statistics.blocks import Day

HoursOfDays = Mapping[date, Mapping[int, float]]
"""Values by day and hour of the day; what is not known is not there."""

AROUND_DAYS = 3
"""Days each side of a cutover that count for neither: engineers are there, and routes settle."""
LEAST_WEEKS, MOST_WEEKS = 4, 8
LEAST_DAYS = 10
"""Days of each side that an outcome itself is known on: half the working days of the least weeks."""
_LEAST_MINUTES = 30


@dataclass(frozen=True, slots=True)
class Sides:
    """Whole weeks each side of a cutover."""

    before: Sequence[date]
    after: Sequence[date]
    weeks: int


def sides(cutover: date, last_known: date, first_known: date) -> Sides:
    """Return as many whole weeks as both sides have, at most eight; none where there is less than one."""
    ends, begins = cutover - timedelta(days=AROUND_DAYS + 1), cutover + timedelta(days=AROUND_DAYS + 1)
    room = min((ends - first_known).days + 1, (last_known - begins).days + 1)
    weeks = min(max(room // 7, 0), MOST_WEEKS)
    span = 7 * weeks
    return Sides(
        [ends - timedelta(days=span - 1 - number) for number in range(span)],
        [begins + timedelta(days=number) for number in range(span)],
        weeks,
    )


def hourly(
    curve: Curve, days: Days, serving: bytes, whole: Callable[[list[float]], float] = median
) -> HoursOfDays:
    """Return the medians (or else) of hours within a mask, of which at least half the minutes are known."""
    values: dict[date, dict[int, list[float]]] = {}
    zone, begin = days.zone, days.start_minute
    for day, start, end in days.edges():
        for first in range(start, end, 60):
            last = min(first + 60, end)
            chosen = serving[first - begin : last - begin]
            if 1 not in chosen:
                continue
            known = curve.cut(first, last).known(chosen)
            if len(known) >= _LEAST_MINUTES:
                values.setdefault(day, {}).setdefault(local_time(first, zone).hour, []).extend(known)
    return {day: {hour: whole(some) for hour, some in hours.items()} for day, hours in values.items()}


def less_controls(own: HoursOfDays, controls: Sequence[HoursOfDays]) -> HoursOfDays:
    """Return values less the mean of the controls that know the hour; hours that none knows are left out."""
    found: dict[date, dict[int, float]] = {}
    for day, hours in own.items():
        for hour, value in hours.items():
            others = [one[day][hour] for one in controls if hour in one.get(day, {})]
            if others:
                found.setdefault(day, {})[hour] = value - fmean(others)
    return found


def matched(
    values: HoursOfDays, both: Sides, counts: Callable[[date], bool]
) -> tuple[Sequence[Day], Sequence[Day]]:
    """Return the days of both sides with the hours of the week that both know, in order of time."""
    early = [(day, values[day]) for day in both.before if day in values and counts(day)]
    late = [(day, values[day]) for day in both.after if day in values and counts(day)]
    common = _cells(early) & _cells(late)
    return _days(early, common), _days(late, common)


def _cells(days: Iterable[tuple[date, Mapping[int, float]]]) -> set[tuple[int, int]]:
    return {(day.weekday(), hour) for day, hours in days for hour in hours}


def _days(days: Iterable[tuple[date, Mapping[int, float]]], common: set[tuple[int, int]]) -> Sequence[Day]:
    found = []
    for day, hours in days:
        kept = {hour: value for hour, value in hours.items() if (day.weekday(), hour) in common}
        if kept:
            found.append(Day(day.weekday(), kept))
    return found
