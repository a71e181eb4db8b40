"""Lines of charts as SVG paths: pure functions, numbers in, text of digits out.

Gaps stay gaps: where nothing is known no line is drawn, because a line through it would claim something.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

Values = Sequence[float | None]


def runs(values: Values) -> list[list[tuple[int, float]]]:
    """Return the stretches of known values, each as positions and values."""
    numbered = enumerate(values)
    found = [list(run) for known, run in groupby(numbered, lambda one: one[1] is not None) if known]
    return [[(at, value) for at, value in run if value is not None] for run in found]


def polyline(points: Sequence[tuple[int, int]]) -> str:
    """Return a path through points."""
    # Relative steps are short, and a level stretch is one step.
    (x, y), path = points[0], [f"M{points[0][0]} {points[0][1]}"]
    level = 0
    for next_x, next_y in points[1:]:
        if next_y == y:
            level += next_x - x
        else:
            path.append(f"h{level}" if level else "")
            path.append(f"l{next_x - x} {next_y - y}")
            level = 0
        x, y = next_x, next_y
    path.append(f"h{level}" if level else "")
    return "".join(path)
