"""Percentiles as bills and contracts count them, and how well a sample shows them."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from netmon.evidence.statistics.binomial import cumulative


def nearest_rank(values: Sequence[float], share: float) -> float | None:
    """Return the value at place ceil(share x n) of all in order; None of none.

    For the 95th percentile of 8 640 five-minute samples, the largest 432 are dropped.
    """
    if not values:
        return None
    # 0.55 x 100 is 55.00000000000001 in binary, and would be the 56th.
    place = ceil(round(share * len(values), 9))
    return sorted(values)[max(place, 1) - 1]


def reached_by(values: Sequence[float], share: float) -> float | None:
    """Return the largest value that at least this share of all reach; None of none."""
    found = nearest_rank([-value for value in values], share)
    return None if found is None else -found


def lower_bound(values: Sequence[float], share: float, confidence: float = 0.95) -> float | None:
    """Return what the percentile is not below, whatever the values' distribution; None: too few values."""
    place = 0
    for below in cumulative(len(values), share):
        if below > 1 - confidence:
            break
        place += 1
    return sorted(values)[place - 1] if place else None


def upper_bound(values: Sequence[float], share: float, confidence: float = 0.95) -> float | None:
    """Return what the percentile is not above, whatever the values' distribution; None: too few values."""
    found = lower_bound([-value for value in values], 1 - share, confidence)
    return None if found is None else -found


def interval(values: Sequence[float], share: float, confidence: float = 0.95) -> tuple[float, float] | None:
    """Return both bounds of the percentile; None when there are too few values for either.

    At 95 % that takes 17 values for the 20th percentile, 36 for the 10th and 72 for the 5th.
    """
    each = (1 + confidence) / 2
    low, high = lower_bound(values, share, each), upper_bound(values, share, each)
    return None if low is None or high is None else (low, high)
