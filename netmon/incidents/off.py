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
    after: Stamp
    """Beginning of the first minute that was measured again."""
    minutes: int
    fault: Fault = Fault.APPLIANCE
    sentence: str = "This box did not measure."


class Off:
    """Waits a little after each such time."""

    def __init__(self) -> None:
        self._gap: tuple[float, Gap] | None = None

    def note(self, event: Event, minute: float) -> int:
        """Take an event; return how many minutes are missing, 0 when it tells of none."""
        found, first = off_minutes(event), short_stamp(event.data.get("before"))
        if found is None or first is None:
            return 0
        last, minutes = found
        self._gap = minute + _WAIT_MINUTES, Gap(_began(earlier(last, -1)), _began(first), minutes)
        return minutes

    @staticmethod
    def is_after(event: Event, stamp: Stamp) -> bool:
        """Tell whether a moment lies after such a time."""
        first = short_stamp(event.data.get("before"))
        if first is None or first.boot_id != stamp.boot_id:
            return False
        return stamp.boottime_ns >= _began(first).boottime_ns

    def due(self, minute: float, least: int) -> Gap | None:
        """Return the gap to tell of now; one that is shorter than `least` minutes is nobody's incident."""
        if self._gap is None or minute < self._gap[0]:
            return None
        (_, gap), self._gap = self._gap, None
        return gap if gap.minutes >= least else None


def _began(middle: Stamp) -> Stamp:
    half_ns = 30_000_000_000
    return Stamp(middle.boot_id, middle.boottime_ns - half_ns, middle.wall_ms - 30_000, middle.synced)


def off_minutes(event: Event) -> tuple[Stamp, int] | None:
    """Return the last minute before such a time, and how many are missing; None for another event."""
    minutes = event.data.get("minutes") if event.kind == EVENT else None
    last = short_stamp(event.data.get("after"))
    return None if not isinstance(minutes, int) or last is None else (last, minutes)
