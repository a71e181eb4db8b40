"""A day at the site, as functions of the hour: how busy the line is, how slow, how lossy, when it is cut."""

from __future__ import annotations

import math
from dataclasses import dataclass

OUTAGE_HOURS = (14.0, 16.0)
START_HOUR = 8.0
_IDLE_RTT_SECONDS = 0.012
_BUFFER_SECONDS = 0.120


@dataclass(frozen=True, slots=True)
class Moment:
    """The line at one moment: `use` is the share of the contracted rate towards the site."""

    hour: float
    use: float
    rtt_seconds: float
    loss_ratio: float
    cut: bool


def moment(hour: float) -> Moment:
    """Return the line's state at an hour of the day (0 to 24, turning over)."""
    hour %= 24
    cut = OUTAGE_HOURS[0] <= hour < OUTAGE_HOURS[1]
    use = 0.0 if cut else _use(hour)
    return Moment(hour, use, _IDLE_RTT_SECONDS + _queue_seconds(use), 0.02 if use > 0.9 else 0.0, cut)


def until_cut_hours(hour: float) -> float:
    """Return how many hours after this one the line is cut next; 0 while it is."""
    return 0.0 if moment(hour).cut else (OUTAGE_HOURS[0] - hour) % 24


def _use(hour: float) -> float:
    """Quiet at night, a morning peak when the doors open, a longer one after lunch."""
    morning = 0.85 * math.exp(-(((hour - 10.5) / 1.6) ** 2))
    afternoon = 0.70 * math.exp(-(((hour - 17.0) / 2.0) ** 2))
    ripple = 0.06 * math.sin(hour * 7.3) * math.sin(hour * 3.1)
    return min(0.97, max(0.01, 0.04 + morning + afternoon + ripple))


def _queue_seconds(use: float) -> float:
    """Return waiting before the line: a single queue, as long as its buffer at most."""
    return min(_BUFFER_SECONDS, 0.002 * use / (1.0 - use))
