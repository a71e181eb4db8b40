"""What others had on the line during a test, from the WAN port's counters and the test's own bytes. Pure.

Routers count when they like: some refresh their counters every few seconds only. Therefore a moment counts
where the counters moved, and the window ends with a count that cannot be older than the test's end.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from probes.bandwidth.layers import Layer
from probes.bandwidth.wan_port import Carried, PortCount, carried

_LIVE_GAP_RATIO = 1.6
_SHORTEST_INSIDE_SECONDS, _FEWEST_INSIDE = 1.4, 3
_MISSING_RATIO = 0.97
_FEWEST_MOVES = 2
_QUIET_SECONDS, LONGEST_QUIET_SECONDS = 1.0, 11.0
"""An idle line's counters stand still: how long they may where they moved with each look, and where not."""


@dataclass(frozen=True, slots=True)
class OwnLoad:
    """The test's own IP bytes in its direction: (moment in ns of CLOCK_BOOTTIME, bytes so far).

    `tail_bytes` were still under way when it was ended. `again_bytes` were sent again: a port that counts
    before they are lost has counted them twice, one behind the queue that dropped them has not.
    """

    arrived: Sequence[tuple[int, float]]
    tail_bytes: float = 0.0
    again_bytes: float = 0.0

    @property
    def began_ns(self) -> int:
        """When its first byte was sent."""
        return self.arrived[0][0]

    @property
    def ended_ns(self) -> int:
        """When it was ended."""
        return self.arrived[-1][0]

    def until(self, moment_ns: int) -> float:
        """Return what had arrived by a moment, straight between two looks."""
        at = bisect_right(self.arrived, moment_ns, key=lambda look: look[0])
        if at == 0:
            return 0.0
        if at == len(self.arrived):
            return self.arrived[-1][1]
        (before_ns, before), (after_ns, after) = self.arrived[at - 1 : at + 1]
        return before + (after - before) * (moment_ns - before_ns) / (after_ns - before_ns)


@dataclass(frozen=True, slots=True)
class Others:
    """What others carried during a test, bit/s of IP between two bounds; None: not known, `problem` says why.

    `before` is the use of the line before the test. The bounds differ where others made room for the test:
    beside it (`low`), or over the seconds around it as well (`high`).
    """

    low: float | None = None
    high: float | None = None
    before: float | None = None
    packet_bytes: float = 1500.0
    window_seconds: float = 0.0
    wan_bytes: float = 0.0
    test_bytes: float = 0.0
    problem: str = ""
    counts: Sequence[PortCount] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class _Moved:
    """A count that differs from the one before it, which was taken at `since_ns`."""

    count: PortCount
    since_ns: int


def in_layer(found: Others, layer: Layer) -> Others:
    """Return what others had in another layer than IP, by their mean packet."""

    def convert(rate: float | None) -> float | None:
        if rate is None:
            return None
        frame = {Layer.IP: 0, Layer.L2: 18, Layer.L1: 38, Layer.TCP: -52}[layer]
        return rate * max(found.packet_bytes + frame, 1.0) / found.packet_bytes

    return replace(found, low=convert(found.low), high=convert(found.high), before=convert(found.before))


def most_of(found: Others, layer: Layer) -> int | None:
    """Return what others had at most, in bit/s of a layer; None: not known.

    Of the two bounds it is the one that favours the supplier, and so the one to judge a supplier by.
    """
    told = in_layer(found, layer)
    return None if told.low is None else round(max(told.low, told.high or 0.0))


def use_of(counts: Sequence[PortCount]) -> float | None:
    """Return what the line carried up to the last count, bit/s of IP; None: not known."""
    moved = [one.count for one in _moved(counts)]
    ends = moved if len(moved) > 1 else counts
    found = carried(ends[0], ends[-1]) if len(ends) > 1 else None
    return found.ip_bytes * 8 / found.seconds if found is not None else None


def settled(counts: Sequence[PortCount], own: OwnLoad) -> bool:
    """Tell whether the counters certainly include the whole test, or have stood still for too long."""
    if any(one.since_ns >= own.ended_ns for one in _moved(counts)):
        return True
    beside = [
        after.octets != before.octets
        for before, after in pairwise(counts)
        if own.began_ns <= (before.time_ns + after.time_ns) // 2 <= own.ended_ns
    ]
    live = len(beside) >= _FEWEST_MOVES and all(beside)
    quiet_seconds = _QUIET_SECONDS if live else LONGEST_QUIET_SECONDS
    return bool(counts) and counts[-1].time_ns >= own.ended_ns + quiet_seconds * 1e9


def moves(counts: Sequence[PortCount], since_ns: int) -> int:
    """Return how often the counters were seen to move since a moment."""
    return sum(one.since_ns >= since_ns for one in _moved(counts))


def others(counts: Sequence[PortCount], own: OwnLoad, before: float | None = None) -> Others:
    """Return what others carried; `counts` are in order, one at least before the test and one after it."""

    def unknown(problem: str) -> Others:
        return Others(before=before, problem=problem, counts=counts)

    if len(counts) < 2 or counts[0].time_ns > own.began_ns:
        return unknown("the WAN port was not counted before the test")
    if len({one.epoch for one in counts}) > 1:
        return unknown("the WAN port's counters began anew during the test")
    if not settled(counts, own):
        return unknown("the WAN port's counters did not move after the test")
    window = _window(counts, own)
    if window is None:
        return unknown("the WAN port's counters fell during the test")
    test_bytes = own.until(own.ended_ns) + own.tail_bytes
    if window.ip_bytes < _MISSING_RATIO * own.until(own.ended_ns):
        return unknown(
            f"the WAN port counted {window.ip_bytes / 1e6:.2f} MB, the test alone had"
            f" {test_bytes / 1e6:.2f} MB: it went another way, or the counters are late"
        )
    wide = max(window.ip_bytes - test_bytes, 0.0) * 8 / window.seconds
    beside = _beside(counts, own)
    bounds = [wide] if beside is None else [wide, beside]
    again = own.again_bytes * 8 / max((own.ended_ns - own.began_ns) / 1e9, 1e-9)
    return Others(
        max(min(bounds) - again, 0.0),
        max(bounds),
        before,
        window.packet_bytes,
        window.seconds,
        window.ip_bytes,
        test_bytes,
        counts=counts,
    )


def _window(counts: Sequence[PortCount], own: OwnLoad) -> Carried | None:
    """Return what the port carried from its last move before the test to the first that has all of it."""
    moved = [one.count for one in _moved(counts) if one.count.time_ns <= own.began_ns]
    first = moved[-1] if moved else counts[0]
    last = next((one.count for one in _moved(counts) if one.since_ns >= own.ended_ns), counts[-1])
    return carried(first, last)


def _beside(counts: Sequence[PortCount], own: OwnLoad) -> float | None:
    """Return what others carried between the first and the last count within the test, in bit/s.

    None where the test was too short, or the counters did not move with each count.
    """
    inside = [one for one in counts if own.began_ns <= one.time_ns <= own.ended_ns]
    gaps = [after.time_ns - before.time_ns for before, after in pairwise(inside)]
    if len(own.arrived) < _FEWEST_INSIDE:
        return None  # only its sum is known
    if len(inside) < _FEWEST_INSIDE or sum(gaps) < _SHORTEST_INSIDE_SECONDS * 1e9:
        return None
    still = any(before.octets == after.octets for before, after in pairwise(inside))
    if still or max(gaps) > _LIVE_GAP_RATIO * sorted(gaps)[len(gaps) // 2]:
        return None
    found = carried(inside[0], inside[-1])
    if found is None:
        return None
    test_bytes = own.until(inside[-1].time_ns) - own.until(inside[0].time_ns)
    return max(found.ip_bytes - test_bytes, 0.0) * 8 / found.seconds


def _moved(counts: Sequence[PortCount]) -> list[_Moved]:
    return [
        _Moved(after, before.time_ns) for before, after in pairwise(counts) if after.octets != before.octets
    ]
