"""Does a device answer, and how fast: timeouts from measured round trips, and a breaker."""

from __future__ import annotations

from typing import Final

from collectors.snmp.peer import Patience

_DARK_SECONDS: Final = 10.0
"""How long a device that did not answer is given one short try only: about one job's length."""
_SHORT: Final = 0.5
"""Length of that try, as a share of a usual one."""
_POLLS_TO_OPEN: Final = 3
"""Dark polls in a row, after which the device is not asked at all while it is dark."""
_CEILING: Final = 3.0
"""Longest measured timeout, as a share of the one that a new device gets. The shortest is that one itself
(RFC 6298 section 2.4): agents answer in bursts, after pauses that no earlier answer foretells."""


class Reach:
    """What asking one device has taught about its answering."""

    def __init__(self, try_seconds: float) -> None:
        self._first_seconds = try_seconds
        self._try_seconds = try_seconds
        self._smoothed: float | None = None
        self._variation = 0.0
        self._dark_until = float("-inf")
        self._dark_polls = 0
        self._this_poll_dark = False

    @property
    def try_seconds(self) -> float:
        """How long to wait for an answer before asking again."""
        return self._try_seconds

    def dark(self, now: float) -> bool:
        """Tell whether the device was asked a moment ago and stayed silent."""
        return now < self._dark_until

    def begin(self, now: float) -> bool:
        """Begin a poll; False when the breaker is open: the device is not worth a packet."""
        self._this_poll_dark = False
        return not (self.dark(now) and self._dark_polls >= _POLLS_TO_OPEN)

    def patience(self, tries: int, now: float) -> Patience:
        """Return how to ask: one short try while dark, one try when many polls were."""
        if self.dark(now):
            return Patience(self._first_seconds * _SHORT, 1)
        if self._dark_polls >= _POLLS_TO_OPEN:
            return Patience(self._first_seconds, 1)
        return Patience(self._try_seconds, tries)

    def answered(self, round_trip_seconds: float | None) -> None:
        """Note an answer; None where a retry leaves open which request it answers (Karn's rule)."""
        self._dark_until, self._dark_polls, self._this_poll_dark = float("-inf"), 0, False
        if round_trip_seconds is None:
            return
        # RFC 6298 section 2
        if self._smoothed is None:
            self._smoothed, self._variation = round_trip_seconds, round_trip_seconds / 2
        else:
            difference = abs(self._smoothed - round_trip_seconds)
            self._variation += (difference - self._variation) / 4
            self._smoothed += (round_trip_seconds - self._smoothed) / 8
        self._try_seconds = self._bounded(self._smoothed + 4 * self._variation)

    def silent(self, now: float) -> None:
        """Note that all tries of a request stayed without answer."""
        self._dark_until = now + _DARK_SECONDS
        self._dark_polls += not self._this_poll_dark
        self._this_poll_dark = True
        self._try_seconds = self._bounded(2 * self._try_seconds)  # RFC 6298 section 5.5

    def _bounded(self, seconds: float) -> float:
        return min(max(seconds, self._first_seconds), _CEILING * self._first_seconds)
