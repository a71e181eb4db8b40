"""Charts of how full a line is: by hour of the week, and by week."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from netmon import wording as human
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
    rounded_up,
    thinned,
)
from netmon.evidence.reports.series import HeatCell, Week
from netmon.strokes import polyline, runs

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LIMIT = 0.8
"""Share of the contracted rate from which a line is planned to be replaced."""

_STEPS = ((0.2, "under 20 %"), (0.4, "20 to 40 %"), (0.6, "40 to 60 %"), (LIMIT, "60 to 80 %, busy"))
_FULL = "80 % and over, nearly full or full"
_LEFT, _CELL, _ROW = 30, 13, 16
_NUMBERED = 0.6
"""From here on a cell says its number as well, for whoever does not see its colour."""


def heat_map(cells: Sequence[HeatCell]) -> Chart:
    """Draw use by hour of the week, with opening hours outlined; hours that nobody measured are struck."""
    paths: dict[str, str] = {}
    words = [Word(_LEFT - 4, day * _ROW + 11.5, name[:3], "end") for day, name in enumerate(WEEKDAYS)]
    words += [Word(_LEFT + hour * _CELL, 7 * _ROW + 12, f"{hour:02d}", "middle") for hour in range(0, 24, 3)]
    for cell in cells:
        x, y = _LEFT + cell.hour * _CELL, cell.weekday * _ROW
        kind = "missing" if cell.p95 is None else f"heat{_step(cell.p95)}"
        drawn = f"M{x + 4} {y + 12}l5 -8" if cell.p95 is None else box(x + 0.5, y + 0.5, _CELL - 1, _ROW - 1)
        paths[kind] = paths.get(kind, "") + drawn
        if cell.p95 is not None and cell.p95 >= _NUMBERED:
            tone = "on-dark" if cell.p95 >= LIMIT else "on-light"
            words.append(Word(x + _CELL / 2, y + 11, f"{min(cell.p95, 0.99) * 100:.0f}", "middle", tone))
    shapes = [Shape(kind, paths[kind]) for kind in sorted(paths)]
    shapes.append(Shape("outline", _outline({(cell.weekday, cell.hour) for cell in cells if cell.serving})))
    return Chart(
        "heat-map",
        "How full the line is, by hour of the week",
        _busiest(cells),
        _hours_told(cells),
        7 * _ROW + 16,
        tuple(shapes),
        tuple(words),
        _heat_key(),
    )


def _step(share: float) -> int:
    return sum(share >= limit for limit, _ in _STEPS)


def _heat_key() -> tuple[Key, ...]:
    names = [*(words for _, words in _STEPS), _FULL]
    found = [Key(Shape(f"heat{at}", box(2, 0.5, 12, 11)), words) for at, words in enumerate(names)]
    found.append(Key(Shape("missing", "M5 10l5 -8"), human.UNKNOWN))
    found.append(Key(Shape("outline", box(2, 1, 12, 10)), "opening hours"))
    return tuple(found)


def _outline(opened: Collection[tuple[int, int]]) -> str:
    """Return the edges between hours that are open and those that are not."""
    path = ""
    for day, hour in sorted(opened):
        x, y = _LEFT + hour * _CELL, day * _ROW
        path += "" if (day - 1, hour) in opened else f"M{x} {y}h{_CELL}"
        path += "" if (day + 1, hour) in opened else f"M{x} {y + _ROW}h{_CELL}"
        path += "" if (day, hour - 1) in opened else f"M{x} {y}v{_ROW}"
        path += "" if (day, hour + 1) in opened else f"M{x + _CELL} {y}v{_ROW}"
    return path


def _busiest(cells: Sequence[HeatCell]) -> str:
    known = [(cell.p95, cell) for cell in cells if cell.p95 is not None]
    if not known:
        return f"How full the line is, is {human.UNKNOWN}."
    share, cell = max(known, key=lambda one: one[0])
    when = f"{WEEKDAYS[cell.weekday]}, {cell.hour:02d}:00 to {cell.hour + 1:02d}:00"
    return f"Fullest on {when}: {human.share(share)} of the contracted rate."


def _hours_told(cells: Sequence[HeatCell]) -> str:
    inside = [cell.p95 for cell in cells if cell.serving]
    full = sum(share is not None and share >= LIMIT for share in inside)
    blank = sum(cell.p95 is None for cell in cells)
    return (
        f"The 95th percentile of use reaches 80 % in {full} of {len(inside)} opening hours of the week;"
        f" {blank} of {len(cells)} hours of the week are {human.UNKNOWN}."
    )


_TOP, _HEIGHT, _PLOT_LEFT = 8, 134, 36


def weekly(weeks: Sequence[Week]) -> Chart:
    """Draw the busy hour week by week against the 80 % line; weeks that nobody measured are marked."""
    known = [week.busy_hour_p95 for week in weeks if week.busy_hour_p95 is not None]
    y = Axis(0, max(1.0, rounded_up(max(known, default=0.0))), _HEIGHT - 18, _TOP)
    step = (WIDTH - _PLOT_LEFT - 8) / max(len(weeks), 1)
    centres = [_PLOT_LEFT + step * (at + 0.5) for at in range(len(weeks))]
    shapes = [_grid(y), *_weeks_drawn(weeks, centres, step, y)]
    shapes.append(Shape("limit", level(_PLOT_LEFT, y.at(LIMIT), WIDTH - _PLOT_LEFT)))
    words = [Word(_PLOT_LEFT - 4, y.at(tick) + 3.5, human.share(tick), "end") for tick in _ticks(y)]
    words += [
        Word(centres[at], _HEIGHT - 4, day_of(weeks[at].first), "middle") for at in thinned(len(weeks), 6)
    ]
    return Chart(
        "weeks",
        "The busy hour, week by week",
        _weeks_found(known, len(weeks)),
        "Each point is the 95th percentile of use in the week's busy hour. "
        + "; ".join(f"week of {day_of(week.first)}: {human.share(week.busy_hour_p95)}" for week in weeks)
        + ".",
        _HEIGHT,
        tuple(shapes),
        tuple(words),
        (
            Key(Shape("point", disc(8, 6, 3)), "one week"),
            Key(Shape("limit", level(0, 6, 16)), "80 %: time to plan a larger line"),
            Key(Shape("blank", box(3, 0.5, 10, 11)), human.UNKNOWN),
        ),
    )


def _weeks_drawn(weeks: Sequence[Week], centres: Sequence[float], step: float, y: Axis) -> list[Shape]:
    blank = "".join(
        box(centres[at] - step / 2, y.end, step, y.start - y.end)
        for at, week in enumerate(weeks)
        if week.busy_hour_p95 is None
    )
    found, points = [Shape("blank", blank)] if blank else [], ""
    for run in runs([week.busy_hour_p95 for week in weeks]):
        places = [(round(centres[at]), round(y.at(share))) for at, share in run]
        found.append(Shape("line", polyline(places)))
        points += "".join(disc(px, py, 3) for px, py in places)
    return [*found, Shape("point", points)] if points else found


def _ticks(y: Axis) -> Sequence[float]:
    return [0, 0.2, 0.4, 0.6, 0.8, 1.0] if y.high <= 1 else [y.high * part / 4 for part in range(5)]


def _grid(y: Axis) -> Shape:
    return Shape("grid", "".join(level(_PLOT_LEFT, y.at(tick), WIDTH - _PLOT_LEFT) for tick in _ticks(y)))


def _weeks_found(known: Sequence[float], weeks: int) -> str:
    if not known:
        return f"The busy hour is {human.UNKNOWN} for all weeks."
    over = sum(share >= LIMIT for share in known)
    least = f"{human.share(min(known))} to {human.share(max(known))} of the contracted rate"
    line = f"{over} of {len(known)} measured weeks reach the 80 % line"
    return f"{least}; {line}." + (
        f" {weeks - len(known)} of {weeks} weeks are {human.UNKNOWN}." if len(known) < weeks else ""
    )
