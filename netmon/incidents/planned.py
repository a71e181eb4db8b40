"""Planned work: while it lasts, its incidents are recorded, and nobody is told."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass

from netmon.incidents.incident import Level, Thing


@dataclass(frozen=True, slots=True)
class Window:
    """One time of planned work, in ms of wall time, end excluded. `covers` empty: the whole site."""

    name: str
    start_ms: int
    end_ms: int
    covers: tuple[str, ...] = ()


def state_key(calendar: str) -> str:
    """Return under which key the store keeps the windows of a calendar."""
    return f"maintenance.{calendar}"


def as_text(windows: Iterable[Window]) -> str:
    """Return windows as the store keeps them."""
    return json.dumps([asdict(one) for one in windows])


def from_text(text: str | None) -> list[Window]:
    """Return the windows that the store kept; None: it kept none."""
    return [
        Window(one["name"], one["start_ms"], one["end_ms"], tuple(one["covers"]))
        for one in json.loads(text or "[]")
    ]


class Planned:
    """All windows that are known."""

    def __init__(self, windows: Iterable[Window] = (), circuits: Collection[str] = ()) -> None:
        self.windows: Sequence[Window] = tuple(windows)
        self._circuits = frozenset(circuits)

    def reason(self, thing: Thing, wall_ms: int) -> str:
        """Return why trouble with a thing is expected at a moment; empty: it is not."""
        for window in self.windows:
            if window.start_ms <= wall_ms < window.end_ms and self._covers(window, thing):
                return window.name
        return ""

    def _covers(self, window: Window, thing: Thing) -> bool:
        """Tell whether a window is about a thing; about the site when it covers all of its lines."""
        if not window.covers:
            return True
        covers = frozenset(window.covers)
        if thing.level is Level.SITE and not thing.name:
            return bool(self._circuits) and self._circuits <= covers
        return thing.name in covers or any(text in covers for _, text in thing.details)
