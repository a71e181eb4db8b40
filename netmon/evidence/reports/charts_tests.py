"""Charts of tests: how fast, at which hour; and how long a round trip takes, idle and loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from netmon import wording as human
from netmon.evidence.reports.drawing import (
    WIDTH,
    Axis,
    Chart,
    Key,
    Shape,
    Word,
    cross,
    day_of,
    disc,
    level,
    lozenge,
    rounded_up,
    triangle,
    upright,
)
from netmon.evidence.reports.figure import Figure
from netmon.evidence.reports.said import grounds
from netmon.evidence.reports.series import Dot, DotClass, Mark, RoundTrip

_SYMBOLS: Mapping[DotClass, Callable[[float, float], str]] = {
    DotClass.CLEAN: disc,
    DotClass.CORRECTED: triangle,
    DotClass.INCONCLUSIVE: lozenge,
    DotClass.INVALID: cross,
}
"""A shape for each class: colour only repeats what the shape says."""
_WORDS: Mapping[DotClass, str] = {
    DotClass.CLEAN: "clean",
    DotClass.CORRECTED: "corrected for other traffic",
    DotClass.INCONCLUSIVE: "inconclusive",
    DotClass.INVALID: "invalid, at the foot",
}
_WAYS = {"down": "Download", "up": "Upload"}
_HEIGHT, _TOP, _FOOT, _LEFT = 140, 8, 16, 46
_MEGABIT = 1e6
_COUNTED = (DotClass.CLEAN, DotClass.CORRECTED)
_DELIVERED = 0.9
"""Of the contracted rate: from here on a test counts as delivered."""


def dot_plot(direction: str, dots: Sequence[Dot], marks: Sequence[Mark]) -> Chart:
    """Draw the tests of one direction by the hour of day at which they ran."""
    here = [dot for dot in dots if dot.direction == direction]
    lines = [mark for mark in marks if mark.direction == direction]
    rates = [dot.bits_per_second for dot in here if dot.bits_per_second is not None]
    top = rounded_up(max([*rates, *(mark.bits_per_second for mark in lines)], default=1.0) * 1.06)
    y = Axis(0, top, _HEIGHT - _FOOT - 6, _TOP)
    x = Axis(0, 24, _LEFT, WIDTH - 6)
    ticks = [top * part / 4 for part in range(5)]
    words = [Word(_LEFT - 5, y.at(tick) + 3.5, f"{tick / _MEGABIT:g}", "end") for tick in ticks]
    words += [Word(x.at(hour), _HEIGHT - 4, f"{hour:02d}", "middle") for hour in range(0, 25, 3)]
    words += [_line_word(mark, lines, y) for mark in lines]
    grid = "".join(level(_LEFT, y.at(tick), WIDTH - 6 - _LEFT) for tick in ticks)
    return Chart(
        f"tests-{direction}",
        f"{_WAYS.get(direction, direction)} tests by hour of the day, in Mbit/s",
        _found(here, lines),
        _told(here, rates),
        _HEIGHT,
        (Shape("grid", grid), *_lines_drawn(lines, y), *_dots_drawn(here, x, y)),
        tuple(words),
        _key(here, lines),
    )


def _line_word(mark: Mark, lines: Sequence[Mark], y: Axis) -> Word:
    alone = sum(one.name == mark.name for one in lines) == 1
    since = "" if alone else f" from {day_of(mark.first)}"
    words = f"{mark.name}{since}: {mark.bits_per_second / _MEGABIT:g}"
    # One kind at each end, so that a minimum just below a contracted rate does not cover its name.
    place, anchor = (_LEFT + 2, "start") if _line_kind(mark) == "minimum" else (WIDTH - 7, "end")
    return Word(place, y.at(mark.bits_per_second) - 3, words, anchor, "named")


def _lines_drawn(lines: Sequence[Mark], y: Axis) -> list[Shape]:
    return [
        Shape(_line_kind(mark), level(_LEFT, y.at(mark.bits_per_second), WIDTH - 6 - _LEFT)) for mark in lines
    ]


def _line_kind(mark: Mark) -> str:
    return "minimum" if "minimum" in mark.name else "limit"


def _dots_drawn(dots: Sequence[Dot], x: Axis, y: Axis) -> list[Shape]:
    paths = dict.fromkeys(DotClass, "")
    for dot in dots:
        foot = y.start + 3 if dot.bits_per_second is None else y.at(dot.bits_per_second)
        paths[dot.kind] += _SYMBOLS[dot.kind](x.at(dot.hour), foot)
    return [Shape(kind.value, path) for kind, path in paths.items() if path]


def _key(dots: Sequence[Dot], lines: Sequence[Mark]) -> tuple[Key, ...]:
    counts = Counter(dot.kind for dot in dots)
    found = [
        Key(Shape(kind.value, _SYMBOLS[kind](8, 6)), f"{_WORDS[kind]} ({counts[kind]})") for kind in DotClass
    ]
    names = dict.fromkeys((mark.name, _line_kind(mark)) for mark in lines)
    return (*found, *(Key(Shape(kind, level(0, 6, 16)), name) for name, kind in names))


def _found(dots: Sequence[Dot], lines: Sequence[Mark]) -> str:
    rates = [dot.bits_per_second for dot in dots if dot.kind in _COUNTED and dot.bits_per_second is not None]
    if not rates:
        return f"No valid test: the rate is {human.UNKNOWN}."
    contracted = _compared(dots, [mark for mark in lines if _line_kind(mark) == "limit"])
    least = _compared(dots, [mark for mark in lines if _line_kind(mark) == "minimum"])
    parts = [f"{len(rates)} valid tests, {human.bit_rate(min(rates))} to {human.bit_rate(max(rates))}"]
    if contracted:
        enough = sum(rate >= _DELIVERED * promised for rate, promised in contracted)
        parts.append(f"{enough} of {len(contracted)} reach nine tenths of what was contracted")
    if least:
        parts.append(f"{sum(rate < promised for rate, promised in least) or 'none'} below the minimum")
    return "; ".join(parts) + "."


def _compared(dots: Sequence[Dot], marks: Sequence[Mark]) -> list[tuple[float, float]]:
    """Return the rates of tests that count, each with what was promised on its day."""
    return [
        (dot.bits_per_second, mark.bits_per_second)
        for mark in marks
        for dot in dots
        if dot.kind in _COUNTED
        and dot.bits_per_second is not None
        and mark.first <= dot.at.date() <= mark.last
    ]


def _told(dots: Sequence[Dot], rates: Sequence[float]) -> str:
    counts = Counter(dot.kind for dot in dots)
    kinds = ", ".join(f"{counts[kind]} {kind.value}" for kind in DotClass)
    span = f" from {human.bit_rate(min(rates))} to {human.bit_rate(max(rates))}" if rates else ""
    return f"{len(dots)} tests{span}: {kinds}."


_ROW, _NAMES = 30, 62


def round_trips(rows: Sequence[RoundTrip]) -> Chart:
    """Draw round trips, a line from the middle one to the one that 95 of 100 stay below."""
    ends = [end for row in rows for one in (row.p50, row.p95) if (end := _seconds(one)) is not None]
    top = rounded_up(max(ends, default=0.1) * 1.05)
    x = Axis(0, top, _NAMES, WIDTH - 16)
    height = _ROW * len(rows) + 20
    ticks = [top * part / 4 for part in range(5)]
    words = [Word(x.at(tick), height - 4, f"{tick * 1000:g}", "middle") for tick in ticks]
    shapes = [Shape("grid", "".join(upright(x.at(tick), 2, height - 18) for tick in ticks))]
    for at, row in enumerate(rows):
        y = _ROW * at + 22
        words.append(Word(_NAMES - 6, y + 3.5, row.load, "end"))
        shapes += _row_drawn(_seconds(row.p50), _seconds(row.p95), x, y)
        words += [Word(_NAMES + 4, y - 9, _row_words(row), "start", "value")]
    return Chart(
        "round-trips",
        "How long a round trip takes, idle and loaded, in ms",
        "; ".join(_row_found(row) for row in rows) + ".",
        "The middle round trip, and the one that 95 of 100 stay below.",
        height,
        tuple(shapes),
        tuple(words),
        (
            Key(Shape("point", disc(8, 6, 3.2)), "middle (p50)"),
            Key(Shape("edge", upright(8, 1, 10)), "95 of 100 are below (p95)"),
        ),
    )


def _row_drawn(middle: float | None, high: float | None, x: Axis, y: float) -> list[Shape]:
    found = []
    if middle is not None and high is not None:
        found.append(Shape("span", level(x.at(middle), y, x.at(high) - x.at(middle))))
    if high is not None:
        found.append(Shape("edge", upright(x.at(high), y - 5, 10)))
    if middle is not None:
        found.append(Shape("point", disc(x.at(middle), y, 3.2)))
    return found


def _row_words(row: RoundTrip) -> str:
    return f"middle {human.duration(_seconds(row.p50))}, p95 {human.duration(_seconds(row.p95))}"


def _row_found(row: RoundTrip) -> str:
    on = grounds(row.p95, "tests" if row.load.endswith("tests") else "minutes")
    meant = f" ({row.p95.note})" if row.p95.note else ""
    return f"{row.load}{meant}: {_row_words(row)}" + (f" ({on})" if on else "")


def _seconds(figure: Figure) -> float | None:
    return float(figure.value) if isinstance(figure.value, int | float) else None
