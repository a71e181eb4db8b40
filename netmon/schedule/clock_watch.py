"""Notice at once when the wall clock is set, and when it begins or ceases to be synchronised."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from netmon.clock import Clock
from netmon.kernel_clock import StepAlarm
from netmon.model import Stamp

log = logging.getLogger(__name__)

STEP_SECONDS = 0.5
"""A smaller move is no step: a clock that is slewed, or a reading taken on a busy machine."""
_LOOK_SECONDS = 1.0


class Alarm(Protocol):
    """What becomes readable when the clock is set (`StepAlarm`)."""

    def fileno(self) -> int:
        """Return the descriptor."""

    def acknowledge(self) -> None:
        """Become unreadable until the next time."""

    def close(self) -> None:
        """Give back the descriptor."""


class ClockWatch:
    """Compares the wall clock with those that nobody can set, whenever the kernel says that it was set.

    It looks once a second beside that: synchronisation comes without an alarm, and a sandbox may have
    none. `steps_total` counts since the start.
    """

    def __init__(self, clock: Clock, alarm: Callable[[], Alarm] = StepAlarm) -> None:
        self.steps_total = 0
        self.on_jump: Callable[[], None] = lambda: None
        """Told when the wall clock has left the monotonic one behind: it was set, or the machine slept."""
        self.on_step: Callable[[float, Stamp], None] = lambda _seconds, _now: None
        """Told by how much the clock was set."""
        self.on_synchronised: Callable[[bool, Stamp], None] = lambda _synchronised, _now: None
        """Told when that has changed."""
        self._clock, self._make_alarm = clock, alarm
        self._remember(clock.stamp())

    async def run(self) -> None:
        """Watch until cancelled."""
        loop, alarm = asyncio.get_running_loop(), self._alarm()
        try:
            if alarm is not None:
                loop.add_reader(alarm.fileno(), self._ring, alarm)
            while True:
                await asyncio.sleep(_LOOK_SECONDS)
                self.look()
        finally:
            if alarm is not None:
                loop.remove_reader(alarm.fileno())
                alarm.close()

    def look(self) -> None:
        """Compare now."""
        offset, behind, synchronised = self._offset, self._behind, self._synchronised
        stamp = self._clock.stamp()
        self._remember(stamp)
        step = self._offset - offset
        if abs(self._behind - behind) > STEP_SECONDS:
            self.on_jump()
        if abs(step) > STEP_SECONDS:
            self.steps_total += 1
            self.on_step(step, stamp)
        if stamp.synced is not synchronised:
            self.on_synchronised(stamp.synced, stamp)

    def _ring(self, alarm: Alarm) -> None:
        alarm.acknowledge()
        self.look()

    def _alarm(self) -> Alarm | None:
        try:
            return self._make_alarm()
        except (OSError, AttributeError) as error:
            log.info(
                "the kernel does not tell when the clock is set (%s): it is looked at each second", error
            )
            return None

    def _remember(self, stamp: Stamp) -> None:
        self._offset = stamp.wall_ms / 1e3 - stamp.boottime_ns / 1e9
        self._behind = stamp.wall_ms / 1e3 - self._clock.monotonic()
        self._synchronised = stamp.synced
