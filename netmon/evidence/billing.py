"""The 95th percentile of five-minute rates, as providers bill it."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum

from netmon.evidence.curve import Curve
from netmon.evidence.statistics.quantiles import nearest_rank

FIVE = 5
_LEAST_KNOWN = 3
BILLED_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class Billing:
    """Rates in the curves' unit. `billed` is the higher direction; None while one is not known.

    `samples` are those five minutes that are known in both directions' lesser count, of `expected`.
    """

    down: float | None
    up: float | None
    samples: int
    expected: int

    @property
    def billed(self) -> float | None:
        """The higher of both directions."""
        return None if self.down is None or self.up is None else max(self.down, self.up)


def billing(down: Curve, up: Curve) -> Billing:
    """Return the 95th percentile by direction, of five minutes of which at least three are known."""
    sides = [[one for one in five_minutes(curve) if one is not None] for curve in (down, up)]
    return Billing(
        nearest_rank(sides[0], BILLED_SHARE),
        nearest_rank(sides[1], BILLED_SHARE),
        min(map(len, sides)),
        len(down.numbers) // FIVE,
    )


def five_minutes(curve: Curve) -> list[float | None]:
    """Return means of five minutes, aligned to the clock; None where fewer than three are known."""
    skip = -curve.start_minute % FIVE
    numbers = iter(curve.numbers[skip:])
    return [_mean(five) for five in zip(*[numbers] * FIVE, strict=False)]


def _mean(five: tuple[float, ...]) -> float | None:
    total = fsum(five)
    if total == total:  # noqa: PLR0124 - NaN, which one that is not known makes of it, differs from itself
        return total / FIVE
    known = [one for one in five if one == one]  # noqa: PLR0124 - as above
    return fsum(known) / len(known) if len(known) >= _LEAST_KNOWN else None
