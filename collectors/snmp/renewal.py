"""How often a device became another one: restarted, with other ports, with counters that began again."""

from __future__ import annotations

from typing import Final

_MOST: Final = 6.0
_SECONDS_EACH: Final = 600.0


class Renewals:
    """A number that moves with every renewal; six at once, then one in ten minutes.

    All that is known of a device is read again when it moves: an agent whose counters fall with every
    poll, or whose ports change places all the time, would be asked for everything all the time.
    """

    def __init__(self) -> None:
        self._number = 0
        self._waiting = False
        self._left = _MOST
        self._at = float("-inf")

    def note(self) -> None:
        """Take a renewal; those that cannot be told yet become one that is told later."""
        self._waiting = True

    def number(self, now: float) -> int:
        """Return how many were told, by this moment in monotonic seconds."""
        if self._waiting:
            self._left = min(_MOST, self._left + (now - self._at) / _SECONDS_EACH)
            self._at = now
            if self._left >= 1:
                self._left -= 1
                self._number += 1
                self._waiting = False
        return self._number
