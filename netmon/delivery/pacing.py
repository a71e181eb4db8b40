"""How much a pump sends at once, and how long it waits after a failure."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from netmon.errors import Parked, RetryLater

_SLOW_SECONDS = 5.0
_QUICK_SECONDS = 1.0
_SMALLEST_AFTER_FAILURE = 64
_TRIED_AGAIN_AFTER = 64
"""Accepted requests of the largest size, after which a larger one is tried: limits may change."""


class BatchSize:
    """Lines per request: smaller when the receiver is slow or fails, larger while it is quick."""

    def __init__(self, ceiling_lines: int) -> None:
        self._first = self._ceiling = ceiling_lines
        self._accepted = 0
        self.lines = ceiling_lines

    def took(self, seconds: float) -> None:
        """Learn from a request that was accepted."""
        if seconds > _SLOW_SECONDS:
            self.shrink()
        elif seconds < _QUICK_SECONDS:
            self._accepted += self.lines == self._ceiling < self._first
            if self._accepted >= _TRIED_AGAIN_AFTER:
                self._accepted, self._ceiling = 0, min(self._first, self._ceiling * 2)
            self.lines = min(self._ceiling, self.lines * 2)

    def shrink(self) -> None:
        """Ask for less: on a line of 64 kbit/s a large batch would miss its deadline for ever."""
        self.lines = min(self.lines, max(_SMALLEST_AFTER_FAILURE, self.lines // 2))

    def too_large(self, lines: int) -> None:
        """Remember that this many lines were too many."""
        self._accepted, self._ceiling = 0, max(1, min(self._ceiling, lines // 2))
        self.lines = min(self.lines, self._ceiling)

    def no_limit(self) -> None:
        """Forget the limit: it was none."""
        self._ceiling = self._first


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait between attempts, and how fast to catch up; seconds of the monotonic clock."""

    retry_first: float = 1.0
    retry_cap: float = 60.0
    parked_first: float = 60.0
    parked_cap: float = 900.0
    """Also the longest Retry-After that is obeyed: a proxy may ask for ten years."""
    poll: float = 1.0
    """How often to look for new records when nobody says that there are some."""
    settle: float = 15.0
    """How long a receiver may keep in memory what it has acknowledged (VictoriaMetrics: 5 s)."""
    turn: float = 300.0
    """Records older than this are left for later when the sink takes them after newer ones."""
    catch_up_lines: float = 5000.0
    """Most lines per second of what was left: about 250 kbit/s; two weeks of a site in some hours."""

    def pause_seconds(self, error: RetryLater | Parked, failures: int, random: Random) -> float:
        """Return the wait after the n-th failure in a row (first: 0)."""
        doublings = min(failures, 30)
        if isinstance(error, Parked):
            return min(self.parked_cap, self.parked_first * 2.0**doublings) * random.uniform(0.9, 1.0)
        if error.after_seconds is not None:
            return min(self.parked_cap, max(0.0, error.after_seconds)) + random.uniform(0.0, self.retry_first)
        # Full jitter: a fleet that lost its server must not come back in step.
        return random.uniform(0.0, min(self.retry_cap, self.retry_first * 2.0**doublings))
