"""Statistics of a series of round trips: percentiles, delay variation, loss and how sure it is. Pure.

A series is in the order of sending, in seconds; None stands for a packet that was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise
from math import ceil, sqrt

Series = Sequence[float | None]

_Z_95_PERCENT = 1.959964


def received(series: Series) -> list[float]:
    """Return what was not lost, in the same order."""
    return [delay for delay in series if delay is not None]


def percentile(values: Sequence[float], ratio: float) -> float | None:
    """Return the smallest value that so many (0 to 1) are not above (nearest rank); None for no values."""
    if not values:
        return None
    return sorted(values)[max(ceil(ratio * len(values)) - 1, 0)]


def ipdv_seconds(series: Series) -> list[float]:
    """Return the steps between packets that followed each other (RFC 5481 §4.1), without their signs."""
    return [
        abs(delay - before) for before, delay in pairwise(series) if before is not None and delay is not None
    ]


def pdv_seconds(series: Series) -> list[float]:
    """Return how far each packet was above the fastest (RFC 5481 §4.2): what a play-out buffer must hold."""
    delays = received(series)
    fastest = min(delays, default=0.0)
    return [delay - fastest for delay in delays]


def rtt_jitter_seconds(series: Series) -> float | None:
    """Return the smoothed step between packets received (RFC 3550 §6.4.1); None for fewer than two.

    Of round trips, where the standard means one way: times of sending fall out of the difference alike.
    """
    delays = received(series)
    if len(delays) < 2:
        return None
    jitter = 0.0
    for before, delay in pairwise(delays):
        jitter += (abs(delay - before) - jitter) / 16
    return jitter


def longest_loss_packets(series: Series) -> int:
    """Return how many packets in a row were lost, at most."""
    return max((sum(1 for _ in run) for lost, run in groupby(series, lambda d: d is None) if lost), default=0)


def loss_interval(lost: int, sent: int) -> tuple[float, float]:
    """Return the bounds that hold the true loss ratio in 95 of 100 cases (Wilson's score interval).

    They mean something for a handful of packets too, and for none lost. Nothing sent: 0 to 1.
    """
    if sent == 0:
        return 0.0, 1.0
    ratio, square = lost / sent, _Z_95_PERCENT**2
    middle = ratio + square / (2 * sent)
    margin = _Z_95_PERCENT * sqrt(ratio * (1 - ratio) / sent + square / (4 * sent**2))
    scale = 1 + square / sent
    # Rounding must not leave the ratio itself outside, where it is 0 or 1.
    low, high = (middle - margin) / scale, (middle + margin) / scale
    return max(min(low, ratio), 0.0), min(max(high, ratio), 1.0)
