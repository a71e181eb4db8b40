"""Learn a token bucket from a transfer that emptied it: fast while it is full, then at its rate. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

BINS = 200
_FEWEST_TICKS = 20
_PEAK_BINS = 3
_LAST_SHARE = 1 / 3
_CLEAR_RATIO = 1.25
"""How much faster it must have been while full: slow servers and busy hosts fall by a tenth, too."""
_NEAR_RATIO = 0.1
# After it is empty nothing is as fast as before, and it lasts.
_SHORTEST_REST, _STEADY_SHARE = 0.25, 0.8
_KNEE_SHARE = 0.97


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a line lets through (bit/s): `peak` for `burst_bytes` beyond `sustained`, then that."""

    peak_bits_per_second: float
    burst_bytes: float
    sustained_bits_per_second: float


def learn(ticks: Sequence[tuple[float, float]]) -> Bucket | None:
    """Return the bucket that a transfer emptied, by (seconds, bytes so far); None: it met none.

    None proves as much as was sent: a bucket that is larger was not emptied.
    """
    if len(ticks) < _FEWEST_TICKS or ticks[-1][0] <= ticks[0][0]:
        return None
    bins = _evenly(ticks)
    knee = _knee(bins, _slope(bins[-round(BINS * _LAST_SHARE) :]))
    rest = bins[knee + _PEAK_BINS :]
    if len(rest) < BINS * _SHORTEST_REST:
        return None
    sustained = _slope(rest)
    peak = max(_rate(bins[at], bins[at + _PEAK_BINS]) for at in range(max(knee - _PEAK_BINS, 0) + 1))
    if not sustained or peak < _CLEAR_RATIO * sustained or not _lasts(rest, sustained):
        return None
    return Bucket(peak * 8, _drawn(bins[: knee + 1], sustained), sustained * 8)


def _evenly(ticks: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the curve at moments of equal distance."""
    times = [seconds for seconds, _ in ticks]
    step = (times[-1] - times[0]) / BINS
    found = []
    for number in range(BINS + 1):
        at = times[0] + number * step
        after = min(max(bisect_right(times, at), 1), len(ticks) - 1)
        (t0, y0), (t1, y1) = ticks[after - 1], ticks[after]
        share = (at - t0) / (t1 - t0) if t1 > t0 else 1.0
        found.append((at, y0 + min(share, 1.0) * (y1 - y0)))
    return found


def _knee(bins: Sequence[tuple[float, float]], sustained: float) -> int:
    """Return where the excess over the sustained rate is complete."""
    excess = [total - sustained * seconds for seconds, total in bins]
    begin = min(range(len(excess) // 2), key=excess.__getitem__)
    least, most = excess[begin], max(excess[begin:])
    enough = least + _KNEE_SHARE * (most - least)
    return next(at for at in range(begin, len(excess)) if excess[at] >= enough)


def _drawn(bins: Sequence[tuple[float, float]], sustained: float) -> float:
    """Return the most bytes that were ever missing in the bucket; it does not fill above its brim."""
    missing = most = 0.0
    for before, after in pairwise(bins):
        grown = after[1] - before[1] - sustained * (after[0] - before[0])
        missing = max(missing + grown, 0.0)
        most = max(most, missing)
    return most


def _lasts(rest: Sequence[tuple[float, float]], sustained: float) -> bool:
    """Tell whether the rate stayed where it fell to, but for pauses, in which a bucket fills again."""
    rates = [_rate(rest[at], rest[at + _PEAK_BINS]) for at in range(len(rest) - _PEAK_BINS)]
    near = [rate for rate in rates if abs(rate - sustained) < _NEAR_RATIO * sustained]
    return len(near) > _STEADY_SHARE * len(rates)


def _slope(bins: Sequence[tuple[float, float]]) -> float:
    """Return bytes per second by least squares."""
    middle = fmean(seconds for seconds, _ in bins)
    mean = fmean(total for _, total in bins)
    across = sum((seconds - middle) ** 2 for seconds, _ in bins)
    return sum((seconds - middle) * (total - mean) for seconds, total in bins) / across


def _rate(before: tuple[float, float], after: tuple[float, float]) -> float:
    return (after[1] - before[1]) / (after[0] - before[0])
