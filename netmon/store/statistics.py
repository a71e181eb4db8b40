"""Arithmetic of windows: percentiles, and how much counters grew; where values are kept is no matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from math import ceil, fsum
from operator import mul, sub, truediv

from netmon.model import Kind, Stamp, Value
from netmon.rates import Count, increase

CUMULATIVE = frozenset({Kind.COUNTER, Kind.HISTOGRAM})

Summary = tuple[int, Value, Value, Value, Value, Value, float | None, Value]
"""Number of values, least, p50, p95, p99, largest, mean, and for counters how much they grew."""

NOTHING: Summary = (0, None, None, None, None, None, None, None)


@dataclass(frozen=True, slots=True)
class Last:
    """The newest count of a counter."""

    value: int | float
    epoch: int
    stamp: Stamp


def percentile(ordered: Sequence[int | float], share: float) -> int | float:
    """Return the nearest-rank percentile of sorted values; `share` is in (0, 1]."""
    return ordered[max(ceil(share * len(ordered)), 1) - 1]


def summary(values: list[int | float], grown: Value = None) -> Summary:
    """Return the summary of known values, which are sorted in passing."""
    if not values:
        return NOTHING
    values.sort()
    n = len(values)
    p50, p95, p99 = (percentile(values, share) for share in (0.5, 0.95, 0.99))
    return n, values[0], p50, p95, p99, values[-1], fsum(values) / n, grown


def growth(before: Last, after: Last, wrap_bits: int) -> tuple[int | float, float] | None:
    """Return growth and rate per second between two counts; None when they cannot be known.

    Boottime when both are of one boot; across boots only wall time, and only a true one, connects them.
    """
    if before.stamp.boot_id == after.stamp.boot_id:
        times = (before.stamp.boottime_ns, after.stamp.boottime_ns)
    elif before.stamp.synced and after.stamp.synced:
        times = (before.stamp.wall_ms * 1_000_000, after.stamp.wall_ms * 1_000_000)
    else:
        return None
    grown = increase(
        Count(before.value, times[0], before.epoch), Count(after.value, times[1], after.epoch), wrap_bits
    )
    return None if grown is None else (grown, grown * 1e9 / (times[1] - times[0]))


def steady_growth(
    values: Sequence[int | float], moments_ms: Sequence[int]
) -> tuple[list[int | float], list[float]] | None:
    """Return growths and rates between neighbours of one epoch and boot; None when one is not plain.

    Plain: all known, never falling, time always advancing. It is the usual case, done without a loop.
    """
    grown = list(map(sub, values[1:], values))
    passed = list(map(sub, moments_ms[1:], moments_ms))
    if grown and (min(grown) < 0 or min(passed) <= 0):
        return None
    return grown, list(map(truediv, map(mul, grown, repeat(1000)), passed))
