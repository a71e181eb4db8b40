"""Rows of a circuit's minutes, put together again from the cells that a database or a file tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from netmon.evidence.calendar import Days
from netmon.evidence.material import WANTED
from netmon.model import Value
from netmon.store.interface import Columns

MINUTE_MS = 60_000
NAMES = tuple(dict.fromkeys(name for name, _ in WANTED))
"""The metrics that material is made of."""
STATE = NAMES[0]
Sample = tuple[int, Value]
"""A moment in ms, and what was told of it."""
_PLACES = {(name, dict(labels).get("statistic", "")): place for place, (name, labels) in enumerate(WANTED)}
_CHUNK_MS = 7 * 24 * 60 * MINUTE_MS


@dataclass(slots=True)
class Gathered:
    """Rows of one circuit, by moment. A cell that comes twice counts once, in whatever order cells come."""

    _rows: dict[tuple[int, bool], list[Value]] = field(default_factory=dict)

    def take(self, name: str, statistic: str, samples: Iterable[Sample], *, synced: bool) -> None:
        """Keep the cells of one metric; of one that nobody asked for nothing."""
        place = _PLACES.get((name, statistic))
        if place is None:
            return
        for wall_ms, value in samples:
            if value is not None:
                row = self._rows.get((wall_ms, synced))
                if row is None:
                    row = self._rows[wall_ms, synced] = [None] * len(WANTED)
                row[place] = value

    def columns(self, circuit: str) -> Iterator[Columns]:
        """Yield them as columns in order of time, those of a clock that was right first."""
        for synced in (True, False):
            moments = sorted(wall_ms for wall_ms, right in self._rows if right is synced)
            if moments:
                rows = (self._rows[wall_ms, synced] for wall_ms in moments)
                yield Columns((("circuit", circuit),), synced, moments, tuple(zip(*rows, strict=True)))


def chunks(days: Days) -> Iterator[tuple[int, int]]:
    """Yield stretches of a week at most, in ms, end excluded: what one question asks for."""
    return weeks(days.start_minute * MINUTE_MS, days.end_minute * MINUTE_MS)


def weeks(start_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
    """Yield stretches of a week at most."""
    for first_ms in range(start_ms, end_ms, _CHUNK_MS):
        yield first_ms, min(first_ms + _CHUNK_MS, end_ms)
