"""Is the loop alive: its lateness, and the watchdog that is only fed while the parts that matter move."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from netmon.clock import Clock
from netmon.systemd import Notifier

log = logging.getLogger(__name__)

_BEAT_SECONDS = 0.5
_LATE_SECONDS = 1.0


class Pulse:
    """Measures how late the event loop is, and feeds systemd's watchdog.

    `stuck` names what has stopped moving (empty: all is well); a daemon whose loop turns while its
    disk thread hangs for good must be restarted too.
    """

    def __init__(self, clock: Clock, notifier: Notifier, stuck: Callable[[], str]) -> None:
        self._clock, self._notifier, self._stuck = clock, notifier, stuck
        self._complaint = ""
        self.lag_seconds = 0.0
        self.lag_max_seconds = 0.0

    async def run(self) -> None:
        """Beat until cancelled."""
        watchdog_seconds, feed_at = self._notifier.watchdog_seconds(), 0.0
        while True:
            due = self._clock.monotonic() + _BEAT_SECONDS
            await asyncio.sleep(_BEAT_SECONDS)
            now = self._clock.monotonic()
            self._note(now - due)
            if watchdog_seconds is not None and now >= feed_at:
                self._feed()
                feed_at = now + watchdog_seconds / 3

    def _feed(self) -> None:
        stuck = self._stuck()
        if stuck and stuck != self._complaint:
            log.error("not feeding the watchdog: %s", stuck)
        elif self._complaint and not stuck:
            log.info("feeding the watchdog again")
        self._complaint = stuck
        if not stuck:
            self._notifier.watchdog()

    def _note(self, late_seconds: float) -> None:
        self.lag_seconds = max(0.0, late_seconds)
        self.lag_max_seconds = max(self.lag_max_seconds, self.lag_seconds)
        if late_seconds > _LATE_SECONDS:
            log.warning("the event loop was blocked for %.1f s", late_seconds)
