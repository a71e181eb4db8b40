"""Tests of one day resemble each other: what many of them on few days are worth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netmon.evidence.statistics.binomial import cumulative


def resemblance(days: Sequence[Sequence[float]]) -> float:
    """Return the intraclass correlation by one-way analysis of variance, 0 to 1; 0 where none can be told."""
    days = [day for day in days if day]
    n, groups = sum(map(len, days)), len(days)
    if groups < 2 or n <= groups:
        return 0.0
    grand = sum(map(sum, days)) / n
    means = [sum(day) / len(day) for day in days]
    between = sum(len(day) * (mean - grand) ** 2 for day, mean in zip(days, means, strict=True))
    within = sum((value - mean) ** 2 for day, mean in zip(days, means, strict=True) for value in day)
    between, within = between / (groups - 1), within / (n - groups)
    size = (n - sum(len(day) ** 2 for day in days) / n) / (groups - 1)
    whole = between + (size - 1) * within
    return min(max((between - within) / whole, 0.0), 1.0) if whole > 0 else 0.0


def effective_size(days: Sequence[Sequence[float]]) -> float:
    """Return how many independent tests these are worth: n / (1 + (m - 1) ICC), m the mean per day."""
    days = [day for day in days if day]
    n = sum(map(len, days))
    return n / (1 + (n / len(days) - 1) * resemblance(days)) if n else 0.0


def sign_test(fail_days: int, days: int) -> float:
    """Return the chance of so many failing days or more, if each failed with a chance of a half."""
    return 1.0 if fail_days == 0 else 1 - cumulative(days, 0.5)[fail_days - 1]


def fail_days(days: Iterable[Sequence[float]], tolerated: float = 0.1) -> int:
    """Count the days on which more than the tolerated share failed; a test that failed is 1, else 0."""
    return sum(sum(day) > tolerated * len(day) for day in days if day)
