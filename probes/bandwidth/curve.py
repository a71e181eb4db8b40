"""Bytes over time, when they are steady, and the rate that they prove. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean, pstdev

BIN_SECONDS = 0.1
STEADY_BINS = 5
# Of 11 recorded downloads, five bins of 0.1 s within 5 % had the median error 0.0 % with 12 % of the bytes.
STEADY_RATIO = 0.05


@dataclass(frozen=True, slots=True)
class Tick:
    """Bytes that had come by a moment, in seconds since the test began."""

    seconds: float
    size_bytes: int


@dataclass(slots=True)
class Curve:
    """Ticks of one test, from the last one before the first byte."""

    ticks: list[Tick] = field(default_factory=list)

    def add(self, seconds: float, size_bytes: int) -> None:
        """Take a tick; what comes before the first byte only moves the beginning."""
        tick = Tick(seconds, size_bytes)
        if size_bytes == 0:
            self.ticks = [tick]
        else:
            self.ticks.append(tick)

    @property
    def steady(self) -> bool:
        """Tell whether the last half second's bins differ by less than 5 % (standard deviation)."""
        if len(self.ticks) < STEADY_BINS + 2:
            return False
        rates = self.rates()[-STEADY_BINS:]
        return pstdev(rates) < STEADY_RATIO * fmean(rates)

    def rates(self) -> list[float]:
        """Return bytes per second of each bin."""
        return [_rate(before, after) for before, after in pairwise(self.ticks)]

    def bytes_per_second(self) -> float | None:
        """Return the rate of the steady half second, else that of the second half; None of nothing."""
        ticks = self.ticks
        if len(ticks) < 2 or ticks[-1].size_bytes == 0:
            return None
        if self.steady:
            return _rate(ticks[-1 - STEADY_BINS], ticks[-1])
        return _rate(_middle(ticks), ticks[-1])

    def mean_bytes_per_second(self) -> float | None:
        """Return the rate over all of it, its beginning included; None of nothing."""
        ticks = self.ticks
        return _rate(ticks[0], ticks[-1]) if len(ticks) > 1 and ticks[-1].size_bytes else None


def _rate(before: Tick, after: Tick) -> float:
    return (after.size_bytes - before.size_bytes) / max(after.seconds - before.seconds, 1e-9)


def _middle(ticks: Sequence[Tick]) -> Tick:
    half = (ticks[0].seconds + ticks[-1].seconds) / 2
    return next(tick for tick in reversed(ticks) if tick.seconds <= half)
