"""How many packets may go out: per device and in all (token buckets, in their one-number form)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


class Allowance:
    """So many packets per second, and so many at once after a pause."""

    __slots__ = ("_ahead_seconds", "_full_at", "_interval_seconds")

    def __init__(self, per_second: float, burst: int) -> None:
        self._interval_seconds = 1 / per_second
        self._ahead_seconds = (burst - 0.5) / per_second  # between two steps, safe from rounding
        self._full_at = 0.0
        """When the bucket will be full again (monotonic seconds)."""

    def take(self, now: float) -> bool:
        """Take the right to send one packet now; False when there is none."""
        full_at = self._full_at
        if full_at < now:
            self._full_at = now + self._interval_seconds
            return True
        if full_at - now > self._ahead_seconds:
            return False
        self._full_at = full_at + self._interval_seconds
        return True


@dataclass(frozen=True, slots=True)
class Limits:
    """Packets per second for one device and for all, with what each may send at once."""

    device_per_second: float = 1_000.0
    device_burst: int = 200
    all_per_second: float = 10_000.0
    all_burst: int = 2_000

    def for_device(self) -> Allowance:
        """Return a device's own bucket."""
        return Allowance(self.device_per_second, self.device_burst)

    def for_all(self) -> Allowance:
        """Return the bucket that all devices share."""
        return Allowance(self.all_per_second, self.all_burst)


MOST_WAITING: Final = 4096
"""Requests that may wait for their turn."""
