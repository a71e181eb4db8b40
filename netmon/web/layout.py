"""Where the boxes and lines of a drawing go: pure geometry, in pixels.

Boxes stand on a grid, layer below layer; a layer that is too wide takes several rows. A line leaves a
box at its bottom, runs between rows and columns, and enters another at its top: it crosses no box.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

BOX_WIDTH, BOX_HEIGHT = 112, 42
GUTTER = 16
STEM = 50
"""Room above a row: for lines that run there, and two lines of text beside each that enters a box."""
ENTRIES_MAX = 2
"""Lines that may enter one box at its top; there is no room for the names of more ports."""

Line = tuple[str, str]
"""Ids of the upper and the lower box."""


@dataclass(frozen=True, slots=True)
class Place:
    """A box on the grid."""

    row: int
    column: int

    @property
    def x(self) -> int:
        """Left edge."""
        return GUTTER + self.column * (BOX_WIDTH + GUTTER)

    @property
    def y(self) -> int:
        """Upper edge."""
        return 4 + self.row * (BOX_HEIGHT + STEM)


@dataclass(frozen=True, slots=True)
class Route:
    """A line as an SVG path; the names of its ports stand from `x` on for `room` pixels, above `y`."""

    line: Line
    path: str
    x: int
    y: int
    room: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A drawing: where its boxes are, and how its lines run."""

    width: int
    height: int
    places: Mapping[str, Place]
    routes: Sequence[Route]
    left_out: Sequence[Line]


def layout(layers: Sequence[Sequence[str]], lines: Iterable[tuple[str, str]], columns: int) -> Layout:
    """Return the drawing of boxes by layer, `columns` of them side by side at most.

    Lines may be given in either direction; ends that are in no layer are not drawn.
    """
    columns = min(columns, max(map(len, layers), default=1) or 1)
    undirected = [line for line in lines if line[0] != line[1]]
    places = _places(layers, undirected, columns)
    known = [_downwards(line, places) for line in undirected if line[0] in places and line[1] in places]
    routes, left_out = _routes(list(dict.fromkeys(known)), places)
    rows = max((place.row for place in places.values()), default=0) + 1
    width = GUTTER + columns * (BOX_WIDTH + GUTTER)
    return Layout(width, rows * (BOX_HEIGHT + STEM) - STEM + 20, places, routes, left_out)


def _places(layers: Sequence[Sequence[str]], lines: Sequence[Line], columns: int) -> dict[str, Place]:
    places: dict[str, Place] = {}
    row = 0
    for layer in layers:
        ordered = sorted(layer, key=lambda box: _wish(box, lines, places))  # stable: as given where equal
        for start in range(0, len(ordered), columns):
            of_row = ordered[start : start + columns]
            # Whole columns, so that the gutters of all rows lie below each other.
            first = (columns - len(of_row)) // 2 if len(ordered) <= columns else 0
            places |= {box: Place(row, first + at) for at, box in enumerate(of_row)}
            row += 1
    return places


def _wish(box: str, lines: Sequence[Line], places: Mapping[str, Place]) -> tuple[float, float]:
    """Return the mean place of what a box hangs on, so that those of one parent stand together."""
    above = [places[end] for line in lines if box in line for end in line if end in places]
    if not above:
        return (float("inf"), 0.0)
    return (sum(p.row for p in above) / len(above), sum(p.column for p in above) / len(above))


def _downwards(line: Line, places: Mapping[str, Place]) -> Line:
    first, second = (places[end] for end in line)
    return line if (first.row, first.column) <= (second.row, second.column) else (line[1], line[0])


def _routes(lines: Sequence[Line], places: Mapping[str, Place]) -> tuple[list[Route], list[Line]]:
    entering: dict[str, list[Line]] = {}
    for line in lines:
        entering.setdefault(line[1], []).append(line)
    routes, left_out = list[Route](), list[Line]()
    for lower, those in entering.items():
        room = BOX_WIDTH // min(len(those), ENTRIES_MAX)
        for at, line in enumerate(those[:ENTRIES_MAX]):
            routes.append(_route(line, places[line[0]], places[lower], at * room + 8, room - 12))
        left_out += those[ENTRIES_MAX:]
    return routes, left_out


def _route(line: Line, upper: Place, lower: Place, offset: int, room: int) -> Route:
    if (upper.row + 1, upper.column) == (lower.row, lower.column):
        x = lower.x + offset
        return Route(line, f"M{x} {upper.y + BOX_HEIGHT}V{lower.y}", x + 4, lower.y, room)
    # Each box has a track of its own below it, as far as there is room: lines of two boxes stay apart.
    track = 5 + 3 * (upper.column % 5)
    start = f"M{upper.x + BOX_WIDTH // 2} {upper.y + BOX_HEIGHT}v{track}"
    enter = f"H{lower.x + offset}V{lower.y}"
    if lower.row == upper.row + 1:
        path = start + enter
    else:
        beside = lower.x - GUTTER // 2 + upper.column % 5 - 2
        path = f"{start}H{beside}V{lower.y - STEM + track}{enter}"
    return Route(line, path, lower.x + offset + 4, lower.y, room)
