"""What follows when the clock is set or synchronised: jobs are armed again, and the history hears of it."""

from __future__ import annotations

import logging

from netmon.clock import Clock
from netmon.hub import Hub
from netmon.model import Event, Json, Retention, Stamp
from netmon.schedule.calendar import Calendar
from netmon.schedule.clock_watch import ClockWatch
from netmon.wording import duration, span

log = logging.getLogger(__name__)

STEP = "clock_step"
SYNCHRONISED = "clock_synchronised"
_MINUTE_SECONDS = 60


class Timekeeping:
    """Publishes events about the clock. They are evidence: every time told here hangs on them.

    They come at the moment itself, with the new time: the history begins a new segment by them.
    """

    def __init__(self, hub: Hub, clock: Clock, calendar: Calendar) -> None:
        self._hub = hub
        self.site = ""
        """Id of the site that the events are about."""
        self.watch = ClockWatch(clock)
        self.watch.on_jump = calendar.rearm
        self.watch.on_step = self._stepped
        self.watch.on_synchronised = self._turned

    def _stepped(self, seconds: float, now: Stamp) -> None:
        way, size = "forward" if seconds > 0 else "back", abs(seconds)
        words = span(size) if size >= _MINUTE_SECONDS else duration(size)
        data: dict[str, Json] = {"seconds": round(seconds, 3), "synchronised": now.synced}
        self._tell(STEP, f"the clock was set {way} by {words}", now, data)

    def _turned(self, synchronised: bool, now: Stamp) -> None:
        text = "the clock is synchronised" if synchronised else "the clock is no longer synchronised"
        self._tell(SYNCHRONISED, text, now, {"synchronised": synchronised})

    def _tell(self, kind: str, text: str, now: Stamp, data: dict[str, Json]) -> None:
        log.warning("%s", text)
        self._hub.publish([Event(kind, (("site", self.site),), text, now, data, Retention.EVIDENCE)])
