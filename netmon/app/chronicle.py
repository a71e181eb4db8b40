"""Write down when the verdict on the site changes: what happened, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from netmon.clock import Clock
from netmon.hub import Hub
from netmon.model import Event, Fault, Json, Retention, SlotState
from netmon.verdict.rules import Verdict, decide
from netmon.verdict.view import View

_LOOK_SECONDS = 5.0
_LOOKS = 2
"""A verdict counts when it is still the same at the next look: one lost packet is no story."""

KIND = "verdict"


class Chronicle:
    """Publishes an event for each change of state or fault, with how long the one before lasted."""

    def __init__(self, hub: Hub, clock: Clock, view: Callable[[], View]) -> None:
        self._hub, self._clock, self._view = hub, clock, view
        self._written: tuple[SlotState, Fault] | None = None
        self._since = 0.0
        self._seen: tuple[SlotState, Fault] | None = None
        self._looks = 0

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            self.look()

    def look(self) -> None:
        """Take one look."""
        view = self._view()
        verdict = decide(view)
        seen = (verdict.state, verdict.fault)
        self._looks = self._looks + 1 if seen == self._seen else 1
        self._seen = seen
        if self._looks >= _LOOKS and seen != self._written:
            self._write(view.watch.site, verdict)

    def _write(self, site: str, verdict: Verdict) -> None:
        now = self._clock.monotonic()
        data: dict[str, Json] = {"state": verdict.state, "fault": verdict.fault, "facts": list(verdict.facts)}
        if self._written is not None:
            data |= {"before": str(self._written[0]), "lasted_seconds": round(now - self._since, 1)}
        # The first verdict after a start tells nothing new, unless something is wrong.
        if self._written is not None or verdict.state is not SlotState.UP or verdict.fault is not Fault.NONE:
            stamp = self._clock.stamp()
            key = (("site", site),)
            self._hub.publish([Event(KIND, key, verdict.sentence, stamp, data, Retention.EVIDENCE)])
        self._written, self._since = (verdict.state, verdict.fault), now
