"""Small charts as SVG paths: pure functions, numbers in, text of digits out.

Gaps stay gaps: where nothing is known no line is drawn, because a line through it would claim something.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from netmon.strokes import Values, polyline, runs

HEIGHT = 24
STEP = 2
_INK = 2
"""Room for half a stroke at top and bottom."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One small chart: its lines share a scale that begins at 0. `lost` marks windows without an answer."""

    width: int
    lines: tuple[str, ...]
    areas: tuple[str, ...]
    lost: str
    label: str
    """What a person who cannot see the chart must know."""


def chart(
    series: Sequence[Values], label: Callable[[float], str], success: Values = (), period: str = "hours"
) -> Chart | None:
    """Return a chart of series of one length; None when nothing is known of any of them.

    `label` writes a value; `success` says per window which share of the probes was answered; `period` is
    how far back it goes, in words.
    """
    known = [value for values in series for value in values if value is not None]
    lost = sum(1 for share in success if share is not None and share < 1)
    if not known and not lost:
        return None
    top = max(known, default=0.0)
    windows = max(map(len, (*series, success)))
    return Chart(
        width=windows * STEP,
        lines=tuple(line(values, top) for values in series),
        areas=tuple(area(values, top) for values in series[:1]),
        lost=marks(success),
        label=_words(label(top) if known else "", lost, windows, period),
    )


def _words(highest: str, lost: int, windows: int, period: str) -> str:
    words = [f"last {period}", f"highest {highest}" if highest else "no answer"]
    if lost:
        words.append(f"losses in {lost} of {windows} windows")
    return ", ".join(words)


def _y(value: float, top: float) -> int:
    room = HEIGHT - 2 * _INK
    return HEIGHT - _INK - round(room * max(value, 0.0) / top) if top > 0 else HEIGHT - _INK


def line(values: Values, top: float) -> str:
    """Return an SVG path through the known values, broken at gaps; a lone value is a short dash."""
    path = list[str]()
    for run in runs(values):
        points = [(at * STEP + STEP // 2, _y(value, top)) for at, value in run]
        path.append(polyline(points) if len(points) > 1 else f"M{points[0][0] - 1} {points[0][1]}h2")
    return "".join(path)


def area(values: Values, top: float) -> str:
    """Return an SVG path of what lies below the line, closed at the bottom for each stretch."""
    path = list[str]()
    for run in runs(values):
        points = [(at * STEP + STEP // 2, _y(value, top)) for at, value in run]
        if len(points) > 1:
            path.append(f"{polyline(points)}V{HEIGHT}H{points[0][0]}z")
    return "".join(path)


def marks(success: Values) -> str:
    """Return an SVG path of bars, a window wide, where something was lost: full height when all was."""
    bars = list[str]()
    for at, share in enumerate(success):
        if share is not None and share < 1:
            tall = HEIGHT if share <= 0 else max(4, round(HEIGHT * (1 - share)))
            bars.append(f"M{at * STEP} {HEIGHT}v-{tall}h{STEP}v{tall}z")
    return "".join(bars)
