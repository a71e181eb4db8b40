"""Minutes of the day as stretches of CLOCK_BOOTTIME, which nobody can set: none is lost, none comes twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netmon.model import Stamp

MINUTE_NS = 60_000_000_000
_SHORTEST_NS = MINUTE_NS // 2 + 1
"""More than half a minute: the middle of two slots then never lies in the same minute."""
_STEP_NS = 500_000_000
"""As in the history: a clock that moved by more was set; less is how it keeps time."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One minute, end excluded, in CLOCK_BOOTTIME. It has 60 s, and 30 to 90 s where the clock was set."""

    start_ns: int
    end_ns: int

    @property
    def seconds(self) -> float:
        """How long it was."""
        return (self.end_ns - self.start_ns) / 1e9

    @property
    def middle_ns(self) -> int:
        """The moment that stands for it: half a minute in, so that no small correction moves it out."""
        return self.start_ns + MINUTE_NS // 2


class Grid:
    """Cuts time into slots that begin with the full minutes of UTC.

    A slot ends with the first full minute that comes more than 30 s after its beginning. So a clock that is
    set, by whatever amount, makes one slot shorter or longer and moves the names of those that follow; the
    number of slots stays that of the minutes that passed.
    """

    def __init__(self, now: Stamp) -> None:
        self._offset_ns = _offset_ns(now)
        self._start_ns = now.boottime_ns - (now.boottime_ns + self._offset_ns) % MINUTE_NS
        self.begin_after(-1)  # a minute whose middle lies before the boot has no stamp of this one

    @property
    def running(self) -> Slot:
        """The slot that has not been taken yet."""
        return Slot(self._start_ns, self._end_ns())

    def begin_after(self, slot_middle_ns: int) -> None:
        """Leave out slots up to the one with this middle: another start of netmon has told them."""
        while self.running.middle_ns <= slot_middle_ns:
            self._start_ns = self._end_ns()

    def ended(self, now: Stamp, settle_seconds: float, most: int) -> Iterator[Slot]:
        """Take and yield up to `most` slots that ended at least `settle_seconds` ago, oldest first."""
        offset_ns = _offset_ns(now)
        if abs(offset_ns - self._offset_ns) > _STEP_NS:
            self._offset_ns = offset_ns
        for _ in range(most):
            slot = self.running
            if slot.end_ns + settle_seconds * 1e9 > now.boottime_ns:
                return
            self._start_ns = slot.end_ns
            yield slot

    def _end_ns(self) -> int:
        earliest_ns = self._start_ns + _SHORTEST_NS
        return earliest_ns + -(earliest_ns + self._offset_ns) % MINUTE_NS


def _offset_ns(now: Stamp) -> int:
    return now.wall_ms * 1_000_000 - now.boottime_ns


def stamp_of(slot: Slot, now: Stamp) -> Stamp:
    """Return a slot's middle as a stamp, with the wall clock's present belief."""
    wall_ms = (slot.middle_ns + _offset_ns(now)) // 1_000_000
    return Stamp(now.boot_id, slot.middle_ns, wall_ms, now.synced)
