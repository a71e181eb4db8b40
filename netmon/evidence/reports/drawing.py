"""What a chart is made of: paths, words and a key, which a template writes out as SVG.

Texts stay texts until the template escapes them; paths are digits that only this package makes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor, log10

_ROUND = (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10, 12)

WIDTH = 344
"""Of all charts of a page, in pixels: one drawing serves a phone, and two side by side a desk and A4."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A path and what it stands for, which the style gives colour and line."""

    kind: str
    path: str


@dataclass(frozen=True, slots=True)
class Word:
    """A text at a place; `anchor` is start, middle or end."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    kind: str = "tick"


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of a chart's key: the shape as drawn in 16 by 12 pixels, and what it means in words."""

    shape: Shape
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart. `finding` is what it shows in plain words; `told` is the rest of its text alternative."""

    name: str
    title: str
    finding: str
    told: str
    height: int
    shapes: tuple[Shape, ...]
    words: tuple[Word, ...]
    key: tuple[Key, ...] = ()
    width: int = WIDTH


def box(x: float, y: float, width: float, height: float) -> str:
    """Return the path of a rectangle."""
    return f"M{_short(x)} {_short(y)}h{_short(width)}v{_short(height)}h{_short(-width)}z"


def level(x: float, y: float, width: float) -> str:
    """Return the path of a level line."""
    return f"M{_short(x)} {_short(y)}h{_short(width)}"


def upright(x: float, y: float, height: float) -> str:
    """Return the path of an upright line."""
    return f"M{_short(x)} {_short(y)}v{_short(height)}"


def disc(x: float, y: float, radius: float = 2.2) -> str:
    """Return the path of a disc."""
    arc = f"a{_short(radius)} {_short(radius)} 0 1 0 "
    return f"M{_short(x - radius)} {_short(y)}{arc}{_short(2 * radius)} 0{arc}{_short(-2 * radius)} 0z"


def triangle(x: float, y: float, radius: float = 3.2) -> str:
    """Return the path of a triangle that stands on its side."""
    half = _short(radius)
    return f"M{_short(x)} {_short(y - radius)}l{half} {_short(1.8 * radius)}h{_short(-2 * radius)}z"


def lozenge(x: float, y: float, radius: float = 3.4) -> str:
    """Return the path of a square on its corner."""
    r, back = _short(radius), _short(-radius)
    return f"M{_short(x)} {_short(y - radius)}l{r} {r}l{back} {r}l{back} {back}z"


def cross(x: float, y: float, radius: float = 2.4) -> str:
    """Return the path of a diagonal cross."""
    whole, back = _short(2 * radius), _short(-2 * radius)
    return f"M{_short(x - radius)} {_short(y - radius)}l{whole} {whole}m{back} 0l{whole} {back}"


@dataclass(frozen=True, slots=True)
class Axis:
    """Numbers along a stretch of pixels; what lies beyond its ends is drawn at them."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return where a value is."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def day_of(day: date) -> str:
    """Return "2 Mar"."""
    return f"{day.day} {day:%b}"


def rounded_up(value: float) -> float:
    """Return the next round number, four parts of which are round as well: where an axis may end."""
    if value <= 0:
        return 1.0
    size = 10.0 ** floor(log10(value))
    return next(step * size for step in _ROUND if step * size >= value * 0.9999)


def thinned(count: int, most: int) -> Sequence[int]:
    """Return the places of at most so many labels, evenly apart, the first among them."""
    return range(0, count, max(1, ceil(count / most)))


def _short(number: float) -> str:
    """Return a coordinate to a tenth of a pixel."""
    return f"{round(number, 1) + 0.0:g}"
