"""A site whose circuits nobody has named yet: its own minutes, by whatever line, stand for them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from fractions import Fraction
from pathlib import Path

from netmon.evidence.calendar import Days
from netmon.evidence.curve import Curve
from netmon.evidence.layers import Layers
from netmon.evidence.material import Material
from netmon.evidence.sources.source import ALL_LINES, Line, Source
from netmon.evidence.sources.store import StoreSource
from netmon.model.derived import SITE_MINUTE
from netmon.store.interface import Query, Wanted
from netmon.store.reader import open_reader

_MINUTE_MS = 60_000
_PREFIX = "netmon_site"
_WANTED: tuple[Wanted, ...] = tuple((f"{_PREFIX}_{name}", ()) for name in ("state", "fault", "degraded"))


class OwnSource(Source):
    """The appliance's own history: its circuits, and the site as a whole in days that have none."""

    def __init__(self, folder: Path) -> None:
        self._circuits, self._folder = StoreSource(folder), folder

    def lines(self, days: Days) -> Sequence[Line]:
        """Return the circuits, else one line that stands for all."""
        found = self._circuits.lines(days)
        if found:
            return found
        with closing(open_reader(self._folder)) as reader:
            keys = reader.keys(Query(SITE_MINUTE, *_stretch(days)))
        return sorted({Line(dict(key).get("site", ""), ALL_LINES) for key in keys})

    def material(self, line: Line, days: Days) -> Material:
        """Return what is known of a circuit, or of the site's minutes."""
        if line.circuit != ALL_LINES:
            return self._circuits.material(line, days)
        layers = Layers(days.start_minute, days.end_minute, _PREFIX, 0)
        with closing(open_reader(self._folder)) as reader:
            for piece in reader.columns(Query(SITE_MINUTE, *_stretch(days), (("site", line.site),)), _WANTED):
                layers.take(piece)
        blank = Curve(days.start_minute, [None] * (days.end_minute - days.start_minute))
        synced = Fraction(layers.synced_rows, layers.rows) if layers.rows else None
        return Material(line.circuit, days, layers.strip, blank, blank, blank, blank, blank, (), synced)

    def close(self) -> None:
        """Let go of the files."""
        self._circuits.close()


def _stretch(days: Days) -> tuple[int, int]:
    return days.start_minute * _MINUTE_MS, days.end_minute * _MINUTE_MS
