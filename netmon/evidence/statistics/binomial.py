"""How many failures show a breach, and how many show that a promise is kept: exact binomial counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, islice
from math import exp, lgamma, log, log1p

ALPHA = 0.05
"""The error that a verdict may have."""
_HALVINGS = 40


def cumulative(n: int, probability: float) -> list[float]:
    """Return the chances of at most 0, 1, ... n successes in n trials; probability is within 0 to 1."""
    return list(_at_most(n, probability))


def _at_most(n: int, probability: float) -> Iterator[float]:
    return _summed(_ways(n, n), n, probability)


def _ways(n: int, most: int) -> Iterator[float]:
    """Yield the logarithm of how many ways there are to have 0, 1 ... successes."""
    whole = lgamma(n + 1)
    return (whole - lgamma(k + 1) - lgamma(n - k + 1) for k in range(most + 1))


def _summed(ways: Iterable[float], n: int, probability: float) -> Iterator[float]:
    if not 0 < probability < 1:
        return iter([1.0] * (n + 1) if probability <= 0 else [0.0] * n + [1.0])
    yes, no = log(probability), log1p(-probability)
    terms = (exp(way + k * yes + (n - k) * no) for k, way in enumerate(ways))
    return (min(chance, 1.0) for chance in accumulate(terms))


def breach_threshold(n: int, target: float, alpha: float = ALPHA) -> int | None:
    """Return the fewest failures of n that show a true share of passes below the target; None: not even all.

    With the true share at the target, so many or more come with a chance of alpha at most.
    """
    chances = islice(_at_most(n, 1 - target), n)
    return next((fails for fails, chance in enumerate(chances, 1) if 1 - chance <= alpha), None)


def kept_threshold(n: int, target: float, alpha: float = ALPHA) -> int | None:
    """Return the most failures of n that show a true share of passes above the target; None: none do."""
    found = None
    for fails, chance in enumerate(_at_most(n, 1 - target)):
        if chance > alpha:
            break
        found = fails
    return found


def power(n: int, target: float, truth: float, alpha: float = ALPHA) -> float:
    """Return the chance that n tests show a breach of the target when the true share passing is `truth`."""
    fails = breach_threshold(n, target, alpha)
    return 0.0 if fails is None else 1 - cumulative(n, 1 - truth)[fails - 1]


def share_interval(passes: int, n: int, confidence: float = 0.95) -> tuple[float, float] | None:
    """Return the exact interval of a true share (Clopper and Pearson); None of no trials."""
    if n == 0:
        return None
    if 2 * passes > n:  # count the rarer of the two: it is quicker by as much
        low, high = share_interval(n - passes, n, confidence) or (0.0, 1.0)
        return 1 - high, 1 - low
    tail, ways = (1 - confidence) / 2, list(_ways(n, passes))
    low = 0.0 if passes == 0 else _root(lambda p: 1 - _last(ways[:passes], n, p) < tail)
    return low, 1.0 if passes == n else _root(lambda p: _last(ways, n, p) > tail)


def _last(ways: Sequence[float], n: int, probability: float) -> float:
    """Return the chance of at most as many successes as there are ways told of."""
    return next(islice(_summed(ways, n, probability), len(ways) - 1, None))


def _root(below: Callable[[float], bool]) -> float:
    """Return where a condition on 0 to 1 stops to hold."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return low
