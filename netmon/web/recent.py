"""The newest events: this run's from memory, those before it from the history, which is read once."""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import islice

from netmon.errors import StoreError
from netmon.model import Event
from netmon.store.interface import HistoryReader
from netmon.web.documents import EventDocument
from netmon.web.site import WebSite
from netmon.web.views import event_document

EVENTS_SHOWN = 20
_BACK_MS = 7 * 86_400_000
_READ_MAX = 20_000
_TIMEOUT_SECONDS = 1.0
_RETRY_SECONDS = 30.0


class RecentEvents:
    """Remembers what happened before netmon started."""

    def __init__(self, site: WebSite) -> None:
        self._site = site
        self._earlier: tuple[Event, ...] | None = None
        self._next_try = 0.0

    async def newest(self) -> tuple[EventDocument, ...]:
        """Return the newest events, newest first."""
        events = self._site.view.latest.events()
        if len(events) < EVENTS_SHOWN:
            events = (*await self._before_start(), *events)
        return tuple(event_document(event) for event in reversed(events[-EVENTS_SHOWN:]))

    async def _before_start(self) -> tuple[Event, ...]:
        now = self._site.clock.monotonic()
        if self._earlier is None and now >= self._next_try:
            self._next_try = now + _RETRY_SECONDS
            started_ms = round(self._site.health().started.timestamp() * 1000)
            try:
                async with asyncio.timeout(_TIMEOUT_SECONDS):
                    self._earlier = await self._site.query(lambda reader: _newest(reader, started_ms))
            except (StoreError, TimeoutError):
                return ()  # that the history is in trouble stands under the health of netmon
        return self._earlier or ()


def _newest(reader: HistoryReader, end_ms: int) -> tuple[Event, ...]:
    events = islice(reader.events(end_ms - _BACK_MS, end_ms), _READ_MAX)
    return tuple(deque(events, maxlen=EVENTS_SHOWN))
