"""What a test proves: its figure with the others' traffic, and whether the contract was kept. Pure.

That something was delivered is always sound: more was carried than nothing. That it was not takes a line
that was nearly free, an instrument that was not the limit, and a distance beyond the measuring error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from probes.bandwidth.limits import LimitedBy

CLEAN_RATIO, CLEAN_BITS_PER_SECOND = 0.01, 64_000
"""Others who have less than this are nobody: a share of the contract, or a bare rate."""
MOST_OTHERS_RATIO = 0.10
ENOUGH_RATIO = 0.95
"""Share of the contracted rate that counts as delivered: 5 % is what headers and measuring may take."""
ERROR_RATIO = 0.02
"""What every method was found to be within."""
_INSTRUMENT = frozenset({LimitedBy.HOST_CPU, LimitedBy.NIC, LimitedBy.WIFI, LimitedBy.SERVER})


class Verdict(StrEnum):
    """What a test's figure is worth."""

    CLEAN = "clean"
    """Nobody else was on the line."""
    CORRECTED = "corrected"
    """Others were; test and others together are a lower bound of what the line carries."""
    INCONCLUSIVE = "inconclusive"
    """Kept, and never counted as a failure."""
    INVALID = "invalid"
    """Nothing can be concluded from it."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a verdict is made of; rates in bit/s of the contract's layer, None: not known.

    `others_low` and `others_high` bound what else the line carried; `others_problem` says why they are not
    known. `clock_synchronised` None: the kernel does not say. A `peak` may be above what lasts.
    `bucket_learned`: a token bucket that limited it is the line's, as a witnessed commissioning found;
    `cut_off`: no bucket limited it, but what it may cost.
    """

    rate: float | None
    contracted: int | None = None
    others_low: float | None = None
    others_high: float | None = None
    others_problem: str = ""
    limited_by: LimitedBy = LimitedBy.UNKNOWN
    clock_synchronised: bool | None = None
    peak: bool = False
    uncertainty_ratio: float | None = None
    bucket_learned: bool = False
    cut_off: bool = False
    enough_ratio: float = ENOUGH_RATIO


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict, and why in words. `rate` is what the line carried at least, bit/s; None: not known.

    `delivered`: whether the contracted rate was there; None where the test cannot tell. `doubt` says why the
    line cannot be blamed for whatever was missing; empty: it can. `error_ratio` is how far off it may be.
    """

    verdict: Verdict
    reason: str
    rate: float | None = None
    delivered: bool | None = None
    doubt: str = ""
    error_ratio: float = ERROR_RATIO


def judge(given: Inputs) -> Judged:
    """Return what a test proves: the first rule that applies decides."""
    found = next(found for rule in RULES if (found := rule(given)) is not None)
    return replace(found, doubt=_not_the_line(given), error_ratio=_error_ratio(given))


def _error_ratio(given: Inputs) -> float:
    return max(ERROR_RATIO, given.uncertainty_ratio or 0.0)


def _carried(given: Inputs) -> float:
    return (given.rate or 0.0) + (given.others_low or 0.0)


def _nothing(given: Inputs) -> Judged | None:
    return Judged(Verdict.INVALID, "nothing came") if given.rate is None else None


def _no_time(given: Inputs) -> Judged | None:
    if given.clock_synchronised is not False:
        return None
    return Judged(Verdict.INVALID, "this machine's clock was not synchronised", _carried(given))


def _delivered(given: Inputs) -> Judged | None:
    """Come before all doubts: what was carried was carried, whoever held the rest back."""
    rate = _carried(given)
    if not given.contracted or rate < given.enough_ratio * given.contracted or given.peak:
        return None
    kind, who = _traffic(given)
    said = f"{rate / 1e6:.1f} of {given.contracted / 1e6:.1f} Mbit/s were carried; {who}"
    return Judged(kind, said, rate, delivered=True)


def _others_unknown(given: Inputs) -> Judged | None:
    if given.others_low is not None:
        return None
    said = given.others_problem or "what else the line carried is not known"
    return Judged(Verdict.INVALID, said, _carried(given))


def _instrument(given: Inputs) -> Judged | None:
    if given.limited_by not in _INSTRUMENT:
        return None
    said = f"the line was not the limit, but {given.limited_by}"
    return Judged(Verdict.INVALID, said, _carried(given))


def _cut_off(given: Inputs) -> Judged | None:
    """Conclude nothing from a test that our own cap has ended: that policy is not the line's."""
    if not given.cut_off:
        return None
    return Judged(Verdict.INVALID, "what it may cost ended it before the line was the limit", _carried(given))


def _no_contract(given: Inputs) -> Judged | None:
    if given.contracted:
        return None
    kind, who = _traffic(given)
    return Judged(kind, f"no contracted rate is known; {who}", _carried(given))


def _doubtful(given: Inputs) -> Judged | None:
    doubt = _doubt(given)
    return Judged(Verdict.INCONCLUSIVE, doubt, _carried(given)) if doubt else None


def _not_delivered(given: Inputs) -> Judged:
    rate, (kind, who) = _carried(given), _traffic(given)
    of = f"{rate / 1e6:.1f} of {(given.contracted or 0) / 1e6:.1f} Mbit/s"
    return Judged(kind, f"{of}, and nothing but the line was in the way; {who}", rate, delivered=False)


def _traffic(given: Inputs) -> tuple[Verdict, str]:
    """Return whether others count, and who they were in words."""
    most = max(given.others_low or 0.0, given.others_high or 0.0)
    whole = given.contracted or given.rate or 0.0
    if given.others_low is None:
        return Verdict.CORRECTED, "what others had is not known and would come on top"
    if most <= max(CLEAN_RATIO * whole, CLEAN_BITS_PER_SECOND):
        return Verdict.CLEAN, "nobody else was on the line"
    return Verdict.CORRECTED, f"others had {given.others_low / 1e6:.1f} to {most / 1e6:.1f} Mbit/s"


def _doubt(given: Inputs) -> str:
    """Return why a rate below the contract is no failure; empty: it is one."""
    contracted, rate = given.contracted or 0, given.rate or 0.0
    most_others = max(given.others_low or 0.0, given.others_high or 0.0)
    if most_others > MOST_OTHERS_RATIO * contracted:
        return f"others had {most_others / 1e6:.1f} Mbit/s, {most_others / contracted:.0%} of the contract"
    error = _error_ratio(given)
    if (rate + most_others) * (1 + error) >= given.enough_ratio * contracted:
        if given.peak:
            return "a peak: trains do not tell what lasts"
        return f"it is within the measuring error, {error:.0%}, of what counts as delivered"
    return _not_the_line(given)


def _not_the_line(given: Inputs) -> str:
    """Return why it is not the line that held the rate where it was; empty: it is."""
    if given.limited_by is LimitedBy.POLICY:
        return (
            "" if given.bucket_learned else "a token bucket that no commissioning found may be the far end's"
        )
    if given.limited_by is not LimitedBy.CIRCUIT:
        return f"what limited it is {given.limited_by}"
    return ""


RULES: tuple[Callable[[Inputs], Judged | None], ...] = (
    _nothing,
    _no_time,
    _delivered,
    _others_unknown,
    _instrument,
    _cut_off,
    _no_contract,
    _doubtful,
    _not_delivered,
)
