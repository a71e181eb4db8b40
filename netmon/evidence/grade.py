"""How far a figure may be trusted: good for a claim, for planning, as a hint, or not at all."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction


class Grade(StrEnum):
    """Quality of what was measured."""

    A = "A"
    """Fit for a claim."""
    B = "B"
    """Fit for planning."""
    C = "C"
    """Indicative."""
    D = "D"
    """Not to be used."""


_CLAIM, _PLAN, _HINT = Fraction(98, 100), Fraction(90, 100), Fraction(70, 100)
_CLOCK = Fraction(99, 100)


def grade(coverage: Fraction | None, clock: Fraction | None, *, enough: bool) -> Grade:
    """Grade by the share of known minutes, by that with a synchronised clock, and the rule for n.

    None is not known, which is never good enough for a claim.
    """
    if coverage is None or coverage < _HINT:
        return Grade.D
    if coverage >= _CLAIM and clock is not None and clock >= _CLOCK and enough:
        return Grade.A
    return Grade.B if coverage >= _PLAN else Grade.C
