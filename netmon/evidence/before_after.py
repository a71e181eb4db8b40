"""Did the upgrade work: matched days before and after, less the controls, by two methods that must agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import exp, log
from statistics import median

from netmon.evidence.matched import LEAST_DAYS, LEAST_WEEKS, HoursOfDays, Sides, less_controls, matched
from netmon.evidence.outcomes import OUTCOMES, Outcome
from netmon.evidence.statistics.binomial import ALPHA
from netmon.evidence.statistics.blocks import DRAWS, Day, bootstrap
from netmon.evidence.statistics.several import holm
from netmon.evidence.statistics.shift import Shift, hodges_lehmann
from netmon.evidence.statistics.weekdays import DayValue, without_weekdays

SEED = 20_240_101
"""Of the block bootstrap: everybody who repeats it draws the same days."""


class Conclusion(StrEnum):
    """What may be said of one outcome."""

    BETTER = "better"
    WORSE = "worse"
    NOT_SHOWN = "no change shown"
    NOT_CONCLUSIVE = "not conclusive"
    """The two methods disagree."""
    TOO_LITTLE = "too little history"


@dataclass(frozen=True, slots=True)
class Effect:
    """One outcome. `change` and its interval are as the outcome is told: a ratio less 1, or a difference.

    `p_value` is after Holm's rule over all primary outcomes; None for one that was not declared, and where
    there is too little. `controlled` says that like sites without a change were taken off. `worthwhile`: as
    large as matters in practice.
    """

    outcome: str
    conclusion: Conclusion
    change: float | None
    low: float | None
    high: float | None
    p_value: float | None
    primary: bool
    controlled: bool
    worthwhile: bool | None
    days_before: int
    days_after: int
    weeks: int


@dataclass(frozen=True, slots=True)
class History:
    """One outcome by day and hour, in its own unit: the upgraded circuit's, and each control's."""

    own: HoursOfDays
    controls: Sequence[HoursOfDays] = ()


@dataclass(frozen=True, slots=True)
class _Look:
    shift: Shift | None
    second: int
    controlled: bool


def before_after(
    histories: Mapping[str, History],
    both: Sides,
    primary: Sequence[str],
    counts: Callable[[date], bool],
    draws: int = DRAWS,
) -> list[Effect]:
    """Compare each outcome; `counts` tells the ordinary days. Outcomes that decide were declared before."""
    looks = {name: _look(OUTCOMES[name], history, both, counts, draws) for name, history in histories.items()}
    asked = {
        name: look.shift.p_value
        for name, look in looks.items()
        if name in primary and look.shift is not None and _enough(look.shift, both)
    }
    # What was declared and not measured shows nothing, and still was a question.
    adjusted = holm(dict.fromkeys(primary, 1.0) | asked)
    return [
        _effect(name, look, both, adjusted.get(name) if name in asked else None, primary=name in primary)
        for name, look in looks.items()
    ]


def _look(
    outcome: Outcome, history: History, both: Sides, counts: Callable[[date], bool], draws: int
) -> _Look:
    scaled = [_scaled(outcome, one) for one in (history.own, *history.controls)]
    controlled = len(scaled) > 1
    values = less_controls(scaled[0], scaled[1:]) if controlled else scaled[0]
    before, after = matched(values, both, counts)
    shift = hodges_lehmann(*without_weekdays(_daily(outcome, before), _daily(outcome, after)))
    second = bootstrap(before, after, SEED, draws) if shift is not None and shift.sign else None
    sign = 0 if second is None else 1 if second[0] > 0 else -1 if second[1] < 0 else 0
    return _Look(shift, sign, controlled)


def _scaled(outcome: Outcome, values: HoursOfDays) -> HoursOfDays:
    """Return logarithms of what is compared as a ratio; what is not above 0 has none."""
    if not outcome.ratio:
        return values
    return {
        day: {hour: log(value) for hour, value in hours.items() if value > 0} for day, hours in values.items()
    }


def _daily(outcome: Outcome, days: Sequence[Day]) -> list[DayValue]:
    whole = sum if outcome.counted else median
    return [(day.weekday, float(whole(day.hours.values()))) for day in days]


def _effect(name: str, look: _Look, both: Sides, p_value: float | None, *, primary: bool) -> Effect:
    outcome, shift = OUTCOMES[name], look.shift
    if shift is None or not _enough(shift, both) or shift.low is None or shift.high is None:
        days = (0, 0) if shift is None else (shift.days_before, shift.days_after)
        return Effect(
            name,
            Conclusion.TOO_LITTLE,
            None,
            None,
            None,
            None,
            primary,
            look.controlled,
            None,
            *days,
            both.weeks,
        )
    change = _told(outcome, shift.effect)
    return Effect(
        name,
        _conclusion(outcome, shift, look.second, p_value),
        change,
        _told(outcome, shift.low),
        _told(outcome, shift.high),
        p_value,
        primary,
        look.controlled,
        outcome.better * change >= abs(outcome.worthwhile),
        shift.days_before,
        shift.days_after,
        both.weeks,
    )


def _enough(shift: Shift, both: Sides) -> bool:
    """Tell whether both sides have the weeks, and the outcome itself days in them."""
    return both.weeks >= LEAST_WEEKS and min(shift.days_before, shift.days_after) >= LEAST_DAYS


def _conclusion(outcome: Outcome, shift: Shift, second: int, p_value: float | None) -> Conclusion:
    if not shift.sign or (p_value is not None and p_value > ALPHA):
        return Conclusion.NOT_SHOWN
    if second != shift.sign:
        return Conclusion.NOT_CONCLUSIVE
    return Conclusion.BETTER if shift.sign == outcome.better else Conclusion.WORSE


def _told(outcome: Outcome, shift: float) -> float:
    return exp(shift) - 1 if outcome.ratio else shift
