"""Queueing on each way, from clocks that do not agree. Pure arithmetic on nanoseconds.

One way's delay is only known up to the difference of the two clocks. What varies is known: the delay less
its lower envelope over some minutes. The clocks' drift tilts both ways' envelopes by the same slope in
opposite directions; a queue that grows tilts only its own, and upwards.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

# The fastest that NTP lets a kernel's clock run away (MAXFREQ of linux/timex.h), and what two quartzes do.
_MAX_DRIFT, _QUARTZ_DRIFT = 500e-6, 100e-6
_SHORT_WINDOW_NS = 10_000_000_000
_SURE_DRIFT_SECONDS = 60.0
_STAMP_ERROR_NS = 50_000
_WINDOW_NS = 600_000_000_000
_MAX_TRAINS = 256

Point = tuple[int, int]
"""A moment of the clock that nobody sets, and one way's delay by clocks that do not agree; both in ns."""


@dataclass(frozen=True, slots=True)
class Delay:
    """One packet's delays (ns), each wrong by the difference of the clocks; their sum is right."""

    at_ns: int
    forward_ns: int
    backward_ns: int

    @property
    def round_trip_ns(self) -> int:
        """Return the time on both ways, which no difference of clocks can spoil."""
        return self.forward_ns + self.backward_ns

    @property
    def offset_ns(self) -> float:
        """Return how far the other clock seems ahead, if both ways take equally long."""
        return (self.forward_ns - self.backward_ns) / 2


@dataclass(frozen=True, slots=True)
class Queueing:
    """Time (s) that each packet of a train waited on each way beyond the envelope; and the clocks' drift."""

    forward: tuple[float, ...]
    backward: tuple[float, ...]
    drift_ratio: float
    window_seconds: float

    @property
    def known_drift_ratio(self) -> float | None:
        """Return the drift, once a minute's packets tell it from jitter."""
        return self.drift_ratio if self.window_seconds >= _SURE_DRIFT_SECONDS else None


@dataclass(frozen=True, slots=True)
class _Train:
    forward: tuple[Point, ...]
    backward: tuple[Point, ...]
    last: Delay
    shortest_ns: int
    count: int
    sum_ns: int


class DelayWindow:
    """The last ten minutes' envelopes; begins anew when a clock was set."""

    def __init__(self) -> None:
        self._trains: deque[_Train] = deque(maxlen=_MAX_TRAINS)

    def add(self, delays: Sequence[Delay]) -> Queueing | None:
        """Take a train, in the order of sending; return its queueing, None when it has no packet."""
        if not delays:
            return None
        train = self._after_last_step(delays)
        times = [delay.at_ns for delay in train]
        while self._trains and self._trains[0].last.at_ns < times[-1] - _WINDOW_NS:
            self._trains.popleft()
        self._trains.append(
            _Train(
                lower_hull([(delay.at_ns, delay.forward_ns) for delay in train]),
                lower_hull([(delay.at_ns, delay.backward_ns) for delay in train]),
                train[-1],
                min(delay.round_trip_ns for delay in train),
                len(times),
                sum(times),
            )
        )
        return self._queueing(train)

    def _queueing(self, train: Sequence[Delay]) -> Queueing:
        forward = lower_hull([point for past in self._trains for point in past.forward])
        backward = lower_hull([point for past in self._trains for point in past.backward])
        middle_ns = sum(past.sum_ns for past in self._trains) // sum(past.count for past in self._trains)
        window_ns = train[-1].at_ns - forward[0][0]
        # Over a second or two, jitter has larger slopes than clocks.
        limit = _MAX_DRIFT if window_ns >= _SHORT_WINDOW_NS else _QUARTZ_DRIFT
        drift = agreed_drift(slope_at(forward, middle_ns), -slope_at(backward, middle_ns), limit)
        return Queueing(
            above_floor([(delay.at_ns, delay.forward_ns) for delay in train], forward, drift),
            above_floor([(delay.at_ns, delay.backward_ns) for delay in train], backward, -drift),
            drift,
            window_ns / 1e9,
        )

    def _after_last_step(self, delays: Sequence[Delay]) -> Sequence[Delay]:
        """Return what was sent since a clock was set; forget everything before."""
        shortest_ns = min(delay.round_trip_ns for delay in delays)
        shortest_ns = min((shortest_ns, *(past.shortest_ns for past in self._trains)))
        before = self._trains[-1].last if self._trains else delays[0]
        begin = None
        for at, delay in enumerate(delays):
            if _stepped(before, delay, shortest_ns):
                begin = at
            before = delay
        if begin is None:
            return delays
        self._trains.clear()
        return delays[begin:]


def _stepped(before: Delay, after: Delay, shortest_ns: int) -> bool:
    """Tell whether the offset moved more than queues, drift and stamps explain: a clock was set.

    A packet that waits w longer than the shortest trip makes the offset wrong by at most w / 2.
    """
    waited_ns = (before.round_trip_ns + after.round_trip_ns) / 2 - shortest_ns
    drifted_ns = _MAX_DRIFT * (after.at_ns - before.at_ns)
    return abs(after.offset_ns - before.offset_ns) > waited_ns + drifted_ns + _STAMP_ERROR_NS


def lower_hull(points: Iterable[Point]) -> tuple[Point, ...]:
    """Return the lower convex hull of points that are sorted by time; of equal times the lowest counts."""
    hull: list[Point] = []
    for point in points:
        if hull and hull[-1][0] == point[0]:
            if hull[-1][1] <= point[1]:
                continue
            hull.pop()
        while len(hull) > 1 and not _turns_up(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    return tuple(hull)


def _turns_up(first: Point, second: Point, third: Point) -> bool:
    return (second[1] - first[1]) * (third[0] - second[0]) < (third[1] - second[1]) * (second[0] - first[0])


def slope_at(hull: Sequence[Point], at_ns: int) -> float:
    """Return the slope of a hull's edge over a moment; 0.0 for a single point.

    Over the mean moment of all points this edge is the line below them that is nearest to them all
    (Moon, Skelly and Towsley, "Estimation and Removal of Clock Skew", INFOCOM 1999).
    """
    for (left_ns, left), (right_ns, right) in pairwise(hull):
        if right_ns >= at_ns:
            return (right - left) / (right_ns - left_ns)
    return 0.0


def agreed_drift(forward: float, backward: float, limit: float) -> float:
    """Return the drift that both ways agree on: the smaller one, 0.0 when they contradict each other."""
    if forward * backward <= 0:
        return 0.0
    return math.copysign(min(abs(forward), abs(backward), limit), forward)


def above_floor(points: Sequence[Point], hull: Sequence[Point], slope: float) -> tuple[float, ...]:
    """Return how far (s) each point lies above the lowest one of the hull, both less the slope."""
    zero_ns, zero = hull[0]

    def level(point: Point) -> float:
        return point[1] - zero - slope * (point[0] - zero_ns)

    floor = min(level(point) for point in hull)
    return tuple((level(point) - floor) / 1e9 for point in points)


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """Return the smallest value that this share of the sorted values does not exceed; None of none."""
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)] if ordered else None
