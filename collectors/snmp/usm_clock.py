"""What we know of an engine's own time (RFC 3414 sections 2.3 and 3.2 step 7 b), by our monotonic clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from collectors.snmp.usm_message import MAX_INTEGER

_WINDOW_SECONDS: Final = 150


@dataclass(slots=True)
class EngineClock:
    """One engine's boots and time; `proven` once an authenticated message told them."""

    boots: int
    seconds: int
    at_seconds: float
    latest_seconds: int = 0
    proven: bool = False

    def estimate(self, now: float) -> int:
        """Return the engine's time at our monotonic `now`."""
        return min(self.seconds + max(int(now - self.at_seconds), 0), MAX_INTEGER)

    def timely(self, boots: int, seconds: int, now: float) -> bool:
        """Tell whether an authenticated message lies inside the time window; before any came, all do."""
        if not self.proven:
            return True
        if boots == MAX_INTEGER or boots < self.boots:
            return False
        return boots > self.boots or seconds >= self.estimate(now) - _WINDOW_SECONDS

    def learn(self, boots: int, seconds: int, now: float) -> None:
        """Take the time of an authenticated, timely message, unless a later one is known."""
        if not self.proven or (boots, seconds) > (self.boots, self.latest_seconds):
            self.boots, self.seconds, self.at_seconds = boots, seconds, now
            self.latest_seconds = seconds
            self.proven = True
