"""How much a series remembers from one day to the next, and what that does to its uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

_LEAST = 3
_MOST_RHO = 0.95


def memory(*segments: Sequence[float]) -> float:
    """Return the lag-1 autocorrelation within segments, 0 to 0.95.

    Residuals are taken within each segment, so that a shift between them is no memory. A short series
    shows too little of it: (1 + 3 rho) / n of the mean segment is added back.
    """
    products = squares = 0.0
    n = 0
    for segment in segments:
        if len(segment) < _LEAST:
            continue
        mean = sum(segment) / len(segment)
        residuals = [value - mean for value in segment]
        products += sum(now * before for before, now in pairwise(residuals))
        squares += sum(residual * residual for residual in residuals)
        n += len(segment)
    if squares == 0:
        return 0.0
    rho = products / squares
    return min(max(rho + (1 + 3 * rho) / (n / len(segments)), 0.0), _MOST_RHO)


def inflation(rho: float) -> float:
    """Return by how much memory widens the variance of a mean: (1 + rho) / (1 - rho)."""
    return (1 + rho) / (1 - rho)
