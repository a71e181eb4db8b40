"""The only place where netmon learns the time."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from netmon.kernel_clock import kernel_clock
from netmon.model import Stamp

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_CLOSE_NS = 1_000_000
_TRIES = 5


class Clock(Protocol):
    """Time as netmon sees it; passed in everywhere, so that tests can have their own."""

    @property
    def boot_id(self) -> str:
        """Name of this boot of the machine; CLOCK_BOOTTIME starts again with it."""

    def monotonic(self) -> float:
        """Return seconds for durations and deadlines; never set by anybody."""

    def boottime_ns(self) -> int:
        """Return CLOCK_BOOTTIME, which goes on during suspend."""

    def wall_ns(self) -> int:
        """Return UTC as this machine believes it at the moment."""

    def synchronised(self) -> bool:
        """Tell whether the kernel's clock is disciplined (adjtimex)."""

    def stamp(self) -> Stamp:
        """Return this moment."""


class SystemClock:
    """The machine's clocks."""

    def __init__(self) -> None:
        try:
            self._boot_id = _BOOT_ID.read_text("ascii").strip()
        except OSError:
            # ProcSubset=pid hides the file: every start of the daemon then counts as a boot of its own.
            self._boot_id = f"start-{uuid4()}"

    @property
    def boot_id(self) -> str:
        """Name of this boot of the machine."""
        return self._boot_id

    def monotonic(self) -> float:
        """Return seconds for durations and deadlines."""
        return time.monotonic()

    def boottime_ns(self) -> int:
        """Return CLOCK_BOOTTIME."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def wall_ns(self) -> int:
        """Return UTC as this machine believes it at the moment."""
        return time.time_ns()

    def synchronised(self) -> bool:
        """Tell whether the kernel's clock is disciplined; one that will not say is trusted.

        Not trusting it would flag, and one day hold, every upload of a sandboxed daemon for ever.
        """
        return kernel_clock().synchronised is not False

    def stamp(self) -> Stamp:
        """Return this moment.

        The state is asked for first: the kernel sets the time before it calls itself synchronised, so
        that a time read after that word is the right one. A boot's offset may hang on this stamp.
        """
        synchronised = self.synchronised()
        boottime_ns, wall_ns = self._both_ns()
        return Stamp(self._boot_id, boottime_ns, wall_ns // 1_000_000, synchronised)

    def _both_ns(self) -> tuple[int, int]:
        """Read both clocks within a millisecond of each other, or as close as a busy machine lets us."""
        closest = self._look()
        for _ in range(_TRIES):
            if closest[0] <= _CLOSE_NS:
                break
            closest = min(closest, self._look())
        return closest[1:]

    def _look(self) -> tuple[int, int, int]:
        """Return how far apart the readings may be, boottime in their middle, and wall time; all in ns."""
        before, wall_ns = self.boottime_ns(), self.wall_ns()
        apart = self.boottime_ns() - before
        return apart, before + apart // 2, wall_ns
