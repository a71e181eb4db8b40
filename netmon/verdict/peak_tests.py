"""Whether enough of a period's busy hours was tested for its figures to be shown. Pure.

Tests that are left out when a line is busy make the rest look better than the line is: figures of a period
are shown only where at least four fifths of its parts of peak hours were tested.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from netmon.model import Event
from netmon.sdk import PlannedTest

ENOUGH_RATIO = 0.8
NOT_RUN = "not_run"
"""Reason of a planned test that nobody recorded: netmon did not run."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A planned test of the peak hours that was not made; `reading` in bit/s, None: not what decided."""

    planned_at: float
    stratum: str
    reason: str
    words: str = ""
    reading: float | None = None


@dataclass(frozen=True, slots=True)
class PeakTests:
    """What became of the planned tests of a period's peak hours."""

    planned: int
    tested: int
    left_out: tuple[LeftOut, ...]

    @property
    def tested_ratio(self) -> float | None:
        """Return the share that was tested; None when none was planned."""
        return self.tested / self.planned if self.planned else None

    @property
    def shown(self) -> bool:
        """Tell whether figures of the period may be shown."""
        return self.tested_ratio is not None and self.tested_ratio >= ENOUGH_RATIO


def peak_tests(planned: Iterable[PlannedTest], events: Iterable[Event]) -> PeakTests:
    """Match one probe's plan of a period with the events that its tests left; one is enough for each."""
    peak = {round(one.at, 3): one for one in planned if one.peak}
    told: dict[float, Event] = {}
    for event in events:
        at = _planned_at(event)
        if at in peak and (at not in told or event.data.get("refused") is None):
            told[at] = event
    tested = sum(event.data.get("refused") is None for event in told.values())
    left_out = [
        _left_out(at, one, told.get(at))
        for at, one in sorted(peak.items())
        if at not in told or told[at].data.get("refused") is not None
    ]
    return PeakTests(len(peak), tested, tuple(left_out))


def _planned_at(event: Event) -> float:
    plan = event.data.get("plan")
    at = plan.get("planned_at") if isinstance(plan, dict) else None
    return float(at) if isinstance(at, int | float) else -1.0


def _left_out(at: float, planned: PlannedTest, event: Event | None) -> LeftOut:
    if event is None:
        return LeftOut(at, planned.stratum, NOT_RUN)
    reading = event.data.get("reading_bits_per_second")
    return LeftOut(
        at,
        planned.stratum,
        str(event.data.get("decision")),
        str(event.data.get("refused")),
        float(reading) if isinstance(reading, int | float) else None,
    )
