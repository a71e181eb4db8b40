"""The time in which netmon did not run, as an incident: told once the minutes after it have told why."""

from __future__ import annotations

from dataclasses import dataclass

from netmon.incidents.moments import earlier, short_stamp
from netmon.model import Event, Fault, Stamp
from netmon.verdict.off_time import EVENT

_WAIT_MINUTES = 2
"""Devices are read within this time, and say whether they restarted, too."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Minutes without netmon: the first of them, and how many."""

    first: Stamp
    minutes: int
    fault: Fault = Fault.APPLIANCE
    sentence: str = "This box did not measure."


class Off:
    """Waits a little after each such time."""

    def __init__(self) -> None:
        self._gap: tuple[float, Gap] | None = None

    def note(self, event: Event, minute: float) -> int:
        """Take an event; return how many minutes are missing, 0 when it tells of none."""
        found = off_minutes(event)
        if found is None:
            return 0
        last, minutes = found
        first = earlier(last, -1)
        half = Stamp(first.boot_id, first.boottime_ns - 30_000_000_000, first.wall_ms - 30_000, first.synced)
        self._gap = minute + _WAIT_MINUTES, Gap(half, minutes)
        return minutes

    def due(self, minute: float, least: int) -> Gap | None:
        """Return the gap to tell of now; one that is shorter than `least` minutes is nobody's incident."""
        if self._gap is None or minute < self._gap[0]:
            return None
        (_, gap), self._gap = self._gap, None
        return gap if gap.minutes >= least else None


def off_minutes(event: Event) -> tuple[Stamp, int] | None:
    """Return the last minute before such a time, and how many are missing; None for another event."""
    minutes = event.data.get("minutes") if event.kind == EVENT else None
    last = short_stamp(event.data.get("after"))
    return None if not isinstance(minutes, int) or last is None else (last, minutes)
