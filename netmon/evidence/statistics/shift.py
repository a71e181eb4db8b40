"""The shift between two periods, with an interval that knows that days resemble their neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, sqrt
from statistics import NormalDist, median

from netmon.evidence.statistics.memory import inflation, memory


@dataclass(frozen=True, slots=True)
class Shift:
    """After minus before. `low` and `high` are None where there are too few days for an interval."""

    effect: float
    low: float | None
    high: float | None
    p_value: float
    inflation: float
    days_before: int
    days_after: int

    @property
    def sign(self) -> int:
        """The direction that the interval shows: -1, +1, or 0 when it holds zero or there is none."""
        if self.low is None or self.high is None:
            return 0
        return 1 if self.low > 0 else -1 if self.high < 0 else 0


def hodges_lehmann(before: Sequence[float], after: Sequence[float], confidence: float = 0.95) -> Shift | None:
    """Return the median of all differences with its widened interval; None when a side is empty."""
    m, n = len(after), len(before)
    if not m or not n:
        return None
    differences = sorted(late - early for late in after for early in before)
    widened = inflation(memory(before, after))
    spread = sqrt(widened * m * n * (m + n + 1) / 12)
    place = floor(m * n / 2 - NormalDist().inv_cdf((1 + confidence) / 2) * spread)
    low, high = (differences[place - 1], differences[m * n - place]) if place >= 1 else (None, None)
    return Shift(median(differences), low, high, _p_value(differences, spread), widened, n, m)


def _p_value(differences: Sequence[float], spread: float) -> float:
    above = sum(one > 0 for one in differences) + sum(one == 0 for one in differences) / 2
    return min(1.0, 2 * NormalDist().cdf(-abs(above - len(differences) / 2) / spread))
