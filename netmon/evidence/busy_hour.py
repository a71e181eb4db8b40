"""The busy hour, twice: the fixed clock hour with the most load (TCBH), and the mean of daily peaks (ADPH).

TCBH stands still and shows trends; ADPH follows each day's own hour and sizes lines.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from operator import sub
from statistics import fmean

from netmon.evidence.billing import BILLED_SHARE, five_minutes
from netmon.evidence.calendar import Days, local_time
from netmon.evidence.curve import Curve
from netmon.evidence.statistics.quantiles import nearest_rank

_HOUR = 60
_LEAST_KNOWN = 48
"""Minutes of an hour that have to be known."""


@dataclass(frozen=True, slots=True)
class BusyHour:
    """Loads in the curve's unit; None: too little is known.

    `hour` is the clock hour (0 to 23, the place's own time) with the highest mean over the days of which
    at least half know it; `mean` its load, `p95` the 95th percentile of its five minutes. `daily_peak` is
    the mean of each day's busiest sixty minutes, over `peak_days` of `days`.
    """

    hour: int | None
    mean: float | None
    p95: float | None
    daily_peak: float | None
    peak_days: int
    days: int


def busy_hour(curve: Curve, days: Days, service_days: Collection[date]) -> BusyHour:
    """Return the busy hour of service days."""
    peaks: list[float] = []
    hours: dict[int, list[Curve]] = {}
    for day, start, end in days.edges():
        if day not in service_days:
            continue
        today = curve.cut(start, end)
        peak = _peak(today)
        if peak is not None:
            peaks.append(peak)
        for first in range(start, end - _HOUR + 1, _HOUR):
            clock_hour = local_time(first, days.zone).hour
            hours.setdefault(clock_hour, []).append(today.cut(first, first + _HOUR))
    means = {hour: known for hour, some in hours.items() if 2 * len(known := _means(some)) >= len(some)}
    hour = max(sorted(means), key=lambda one: fmean(means[one]), default=None)
    fives = [] if hour is None else [one for some in hours[hour] for one in five_minutes(some)]
    return BusyHour(
        hour,
        None if hour is None else fmean(means[hour]),
        nearest_rank([one for one in fives if one is not None], BILLED_SHARE),
        fmean(peaks) if peaks else None,
        len(peaks),
        len(set(service_days) & set(days)),
    )


def _means(hours: list[Curve]) -> list[float]:
    known = [[one for one in hour.numbers if one == one] for hour in hours]  # noqa: PLR0124 - NaN alone differs
    return [fmean(some) for some in known if len(some) >= _LEAST_KNOWN]


def _peak(today: Curve) -> float | None:
    """Return the highest mean of sixty minutes in a row; None when no hour is known well enough."""
    known = today.is_known()
    whole = known.count(1) == len(known)
    told = today.numbers if whole else [one if one == one else 0.0 for one in today.numbers]  # noqa: PLR0124 - NaN alone differs
    sums = list(accumulate(told, initial=0.0))
    loads = map(sub, sums[_HOUR:], sums)
    if whole:
        most = max(loads, default=None)
        return None if most is None else most / _HOUR
    counts = list(accumulate(known, initial=0))
    pairs = zip(loads, map(sub, counts[_HOUR:], counts), strict=True)
    return max((load / count for load, count in pairs if count >= _LEAST_KNOWN), default=None)
