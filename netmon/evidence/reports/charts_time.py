"""The outage strip, and the panel of what an upgrade changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from netmon import wording as human
from netmon.evidence.before_after import Conclusion
from netmon.evidence.reports.drawing import (
    WIDTH,
    Axis,
    Chart,
    Key,
    Shape,
    Word,
    box,
    day_of,
    disc,
    level,
    lozenge,
    upright,
)
from netmon.evidence.reports.parts import EffectRow
from netmon.evidence.reports.series import StripDay, StripState

_LEFT, _ROW, _TALL = 54, 7, 5
_PIXELS_A_MINUTE = (WIDTH - _LEFT - 12) / 1500
_DAYS_MAX = 62
"""Of longer periods those days are drawn on which most minutes were not up, and none of those that were."""
_MARKS: Mapping[StripState, Callable[[float, float, float], str]] = {
    StripState.UP: lambda x, y, width: box(x, y + 1.5, width, 2),
    StripState.DOWN: lambda x, y, width: box(x, y - 0.5, max(width, 1.2), _TALL + 1),
    StripState.UNKNOWN: lambda x, y, width: level(x, y + 2.5, max(width, 1.2)),
    StripState.PLANNED: lambda x, y, width: box(x, y + 0.5, max(width, 1.2), _TALL - 1),
}
"""A height for each state: thin is up, tall is down, a dotted line is not known, a hollow box is planned."""
_WORDS = {
    StripState.UP: "up",
    StripState.DOWN: "down",
    StripState.UNKNOWN: human.UNKNOWN,
    StripState.PLANNED: "excluded by contract",
}


def outage_strip(days: Sequence[StripDay]) -> Chart:
    """Draw each day as a row; what is shorter than a pixel is drawn as one."""
    shown = days if len(days) <= _DAYS_MAX else _eventful(days)
    row, every = (_ROW, 2) if len(shown) == len(days) else (_ROW + 3, 1)
    paths = dict.fromkeys(StripState, "")
    for at, day in enumerate(shown):
        for run in day.runs:
            x = _LEFT + run.start * _PIXELS_A_MINUTE
            paths[run.state] += _MARKS[run.state](x, at * row + 1, run.minutes * _PIXELS_A_MINUTE)
    height = row * len(shown) + 16
    words = [
        Word(_LEFT - 5, at * row + 6.5, f"{shown[at].day:%a} {day_of(shown[at].day)}", "end", "small")
        for at in range(0, len(shown), every)
    ]
    hours = range(0, 25, 3)
    words += [Word(_hour(hour), height - 3, f"{hour:02d}", "middle") for hour in hours]
    grid = "".join(upright(_hour(hour), 0, height - 14) for hour in hours)
    return Chart(
        "strip",
        "When it was up, down, or not known",
        _minutes_found(days) + _left_out(days, shown),
        _strip_told(days),
        height,
        (Shape("grid", grid), *(Shape(state.value, path) for state, path in paths.items() if path)),
        tuple(words),
        tuple(Key(Shape(state.value, _MARKS[state](1, 3, 14)), words) for state, words in _WORDS.items()),
    )


def _hour(hour: int) -> float:
    return _LEFT + hour * 60 * _PIXELS_A_MINUTE


def _eventful(days: Sequence[StripDay]) -> Sequence[StripDay]:
    worst = sorted((day for day in days if _not_up(day)), key=_not_up, reverse=True)[:_DAYS_MAX]
    return sorted(worst, key=lambda day: day.day)


def _not_up(day: StripDay) -> int:
    return sum(run.minutes for run in day.runs if run.state is not StripState.UP)


def _minutes_found(days: Sequence[StripDay]) -> str:
    total: Counter[StripState] = Counter()
    for day in days:
        for run in day.runs:
            total[run.state] += run.minutes
    # No minute down is worth saying where some were up; where all are unknown it would claim something.
    told = [
        state for state in StripState if total[state] or (state is StripState.DOWN and total[StripState.UP])
    ]
    return f"{_days(len(days))}: {', '.join(f'{_WORDS[state]} {total[state]:,} min' for state in told)}."


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _left_out(days: Sequence[StripDay], shown: Sequence[StripDay]) -> str:
    if len(shown) == len(days):
        return ""
    quiet = sum(not _not_up(day) for day in days)
    lesser = len(days) - len(shown) - quiet
    parts = [f"{_days(quiet)} without anything but up"] if quiet else []
    parts += [f"{_days(lesser)} with less of it than those that are"] if lesser else []
    return f" Not drawn: {', and '.join(parts)}."


def _strip_told(days: Sequence[StripDay]) -> str:
    told = [
        f"{day_of(day.day)} {minutes} min"
        for day in days
        if (minutes := sum(run.minutes for run in day.runs if run.state is StripState.DOWN))
    ]
    return f"Down on {_days(len(told))}: {', '.join(told)}." if told else "No minute is proven down."


_NAME_ROW, _HALF = 34, 96
_MIDDLE = 120


def effects(rows: Sequence[EffectRow], better: Mapping[str, int], say: Callable[[EffectRow], str]) -> Chart:
    """Draw each outcome's change with its interval, better to the right, on a scale of its own.

    `better` is the sign of a change for the better by outcome; `say` writes a change with its interval.
    """
    shapes = list[Shape]()
    words = [Word(4, 10, "\u2190 worse", "start"), Word(2 * _MIDDLE - 4, 10, "better \u2192", "end")]
    for at, row in enumerate(rows):
        y = _NAME_ROW * at + 42
        shapes.append(Shape("zero", upright(_MIDDLE, y - 8, 16)))
        shapes += _effect_drawn(row, better.get(row.outcome, 1), y)
        words.append(Word(4, y - 11, row.outcome, "start", "value"))
        words.append(Word(2 * _MIDDLE + 4, y + 3, row.conclusion.value, "start", "value"))
    return Chart(
        "effects",
        "What the change did",
        "; ".join(f"{row.outcome}: {row.conclusion.value}, {say(row)}" for row in rows) + ".",
        "Each line is the interval of 95 %. A line that crosses the middle shows no change.",
        _NAME_ROW * len(rows) + 20,
        tuple(shapes),
        tuple(words),
        (
            Key(Shape("point", disc(8, 6, 3.4)), "shown by both methods"),
            Key(Shape("open", lozenge(8, 6, 4)), "not shown, or not conclusive"),
            Key(Shape("edge", upright(8, 1, 10)), "as much as matters in practice"),
        ),
    )


def _effect_drawn(row: EffectRow, sign: int, y: float) -> list[Shape]:
    value, low, high = row.change.value, row.change.low, row.change.high
    if not isinstance(value, int | float) or low is None or high is None:
        return [Shape("missing", f"M{_MIDDLE - 4} {y + 5}l8 -10")]
    matters = row.worthwhile.value
    least = abs(float(matters)) if isinstance(matters, int | float) else 0.0
    most = max(abs(low), abs(high), least, 1e-12)
    x = Axis(-most, most, _MIDDLE - _HALF, _MIDDLE + _HALF)
    ends = sorted((x.at(sign * low), x.at(sign * high)))
    found = [Shape("span", level(ends[0], y, ends[1] - ends[0]))]
    if least:
        found.append(Shape("edge", upright(x.at(least), y - 5, 10)))
    sure = row.conclusion in (Conclusion.BETTER, Conclusion.WORSE)
    place = x.at(sign * value)
    found.append(Shape("point", disc(place, y, 3.4)) if sure else Shape("open", lozenge(place, y, 4)))
    return found
