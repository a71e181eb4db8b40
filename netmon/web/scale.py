"""How far back the charts of a page go: as far as the history does, in windows that always hold something."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from netmon import wording as human
from netmon.web.snapshot import Snapshot
from netmon.web.trends import WINDOWS

_WINDOWS_MS = (10_000, 20_000, 30_000, 60_000, 300_000)
_FEWEST_WINDOWS = 3
_OWN_SOURCE = "host"


@dataclass(frozen=True, slots=True)
class Scale:
    """A chart's windows: how long each is, and how many are shown."""

    window_ms: int
    windows: int

    @classmethod
    def fit(cls, every_seconds: Iterable[float], history_ms: int) -> Self:
        """Return the shortest windows that a history of this age fits in, with two polls in each.

        Those before the history began would be an empty stretch, so they are left out.
        """
        poll_ms = 2000 * max(every_seconds, default=0.0)
        fitting = (w for w in _WINDOWS_MS if w * WINDOWS >= history_ms and w >= poll_ms)
        window_ms = next(fitting, _WINDOWS_MS[-1])
        return cls(window_ms, min(WINDOWS, max(_FEWEST_WINDOWS, history_ms // window_ms + 1)))

    @property
    def period(self) -> str:
        """Return how far back, in words."""
        return human.span(self.window_ms * self.windows / 1000)


@dataclass(frozen=True, slots=True)
class Scales:
    """One for each group of charts that stand together: a slow source must not blur the quick ones."""

    probes: Scale
    devices: Scale
    own: Scale

    @classmethod
    def fit(cls, snapshot: Snapshot, history_ms: int) -> Self:
        """Return the scales for what is watched, and for a history of this age."""
        watch = snapshot.watch
        own = [one for one in watch.probes.values() if one.kind == _OWN_SOURCE]
        return cls(
            Scale.fit((target.probe.every_seconds for target in snapshot.targets), history_ms),
            Scale.fit((device.every_seconds for device in watch.devices.values()), history_ms),
            Scale.fit((one.every_seconds for one in own), history_ms),
        )
