"""The rate at which a train of packets came out of the bottleneck, from the kernel's stamps. Pure.

The mean from first to last packet loses 6-12 % behind 2 ms of jitter; least squares over the arrival
curve does not. Links that deliver in clumps (slots, aggregation, coalesced interrupts) are counted by
whole clumps: a clump cut short at either end costs 3 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, pstdev

FEWEST_PACKETS = 8
_EDGE = 20  # a twentieth at either end: the first and the last packets are those that were delayed alone
_FEWEST_CLUMPS = 5
_CLUMP_GAP_NS = 1_000_000
_CLOCKWORK_RATIO = 0.1


@dataclass(frozen=True, slots=True)
class Fit:
    """Bits of IP per second, the standard error as a share of it, over how long, and whether by clumps."""

    bits_per_second: float
    error_ratio: float
    span_seconds: float
    packets: int
    clumped: bool = False


def fit(stamps_ns: Sequence[int], packet_bytes: int) -> Fit | None:
    """Return the rate of one train; None when too few packets came to tell one."""
    times = sorted(stamps_ns)
    if len(times) < FEWEST_PACKETS or times[-1] <= times[0]:
        return None
    found = _by_clumps(times, packet_bytes) if _in_clumps(times) else None
    return found or _by_least_squares(times, packet_bytes)


def _in_clumps(times: Sequence[int]) -> bool:
    """Tell whether most packets came at once and some after a pause of more than a millisecond."""
    gaps = sorted(after - before for before, after in pairwise(times))
    mean_ns = (times[-1] - times[0]) / len(gaps)
    return gaps[len(gaps) // 2] < 0.2 * mean_ns and gaps[-1] > _CLUMP_GAP_NS


def _by_clumps(times: Sequence[int], packet_bytes: int) -> Fit | None:
    """Count the clumps between the first and the last one; None when there are too few."""
    gaps = sorted(after - before for before, after in pairwise(times))
    cut_ns = 0.3 * gaps[int(0.98 * (len(gaps) - 1))]
    begins = [0] + [at for at, (before, after) in enumerate(pairwise(times), 1) if after - before > cut_ns]
    if len(begins) < _FEWEST_CLUMPS or not _regular([times[at] for at in begins[1:]]):
        return None
    packets, span_ns = begins[-1] - begins[1], times[begins[-1]] - times[begins[1]]
    whole = len(begins) - 2
    return Fit(packets * packet_bytes * 8e9 / span_ns, 0.5 / whole, span_ns / 1e9, packets, clumped=True)


def _regular(times: Sequence[int]) -> bool:
    """Tell whether moments follow each other like slots: jitter makes clumps, too, but no clockwork."""
    steps = [after - before for before, after in pairwise(times)]
    return pstdev(steps) < _CLOCKWORK_RATIO * fmean(steps)


def _by_least_squares(times: Sequence[int], packet_bytes: int) -> Fit | None:
    """Fit a line through number and time of the middle nine tenths."""
    edge = max(1, len(times) // _EDGE)
    middle = [time - times[0] for time in times[edge : len(times) - edge]]
    count = len(middle)
    centre, mean_ns = (count - 1) / 2, sum(middle) / count
    across = sum((number - centre) ** 2 for number in range(count))
    slope_ns = sum((number - centre) * (time - mean_ns) for number, time in enumerate(middle)) / across
    if slope_ns <= 0:
        return None
    left = [time - mean_ns - slope_ns * (number - centre) for number, time in enumerate(middle)]
    # Neighbours wait together, so that errors are not independent: by the span, not by the square root of n.
    error = 1.5 * pstdev(left) / (slope_ns * count)
    return Fit(packet_bytes * 8e9 / slope_ns, error, (times[-1] - times[0]) / 1e9, len(times))
