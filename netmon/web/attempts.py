"""How often an address did something lately; bounded, whatever the number of addresses."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

_WINDOW_SECONDS = 60.0
_MAX_ADDRESSES = 1024


class Attempts:
    """Counts per address within a sliding minute. When too many addresses come, the oldest are forgotten."""

    def __init__(self, limit: int, monotonic: Callable[[], float]) -> None:
        self._limit = limit
        self._monotonic = monotonic
        self._times: dict[str, deque[float]] = {}

    def note(self, address: str) -> None:
        """Count one."""
        times = self._times.pop(address, None) or deque(maxlen=self._limit)
        times.append(self._monotonic())
        self._times[address] = times
        if len(self._times) > _MAX_ADDRESSES:
            del self._times[next(iter(self._times))]

    def wait_seconds(self, address: str) -> float:
        """Return how long the address must wait until it is under the limit again; 0: not at all."""
        times = self._times.get(address)
        if times is None or len(times) < self._limit:
            return 0.0
        return max(0.0, times[0] + _WINDOW_SECONDS - self._monotonic())
