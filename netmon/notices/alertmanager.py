"""Prometheus' Alertmanager, API v2: silences, acknowledgement, grouping and escalation stay there."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from netmon.clock import Clock
from netmon.model import Json
from netmon.notices.channel import Channel, Ticket
from netmon.notices.http_session import HttpSession, HttpSettings
from netmon.notices.message import Message, Sort

_PATH = "/api/v2/alerts"
_HOLD_MS = 24 * 3_600_000
"""How long an alert goes on unasked. A degraded line that dies takes our voice with it: that must not look
like the end of the trouble. An appliance that is never seen again is forgotten after a day."""
_BEAT_MS = 300_000
_SKEW_MS = 60_000
_BRIEF_MS = 900_000
"""A test, or a note about a channel, ends by itself."""


class Alertmanager(Channel):
    """Says what goes on, again and again; the same labels are the same alert, so nothing comes twice.

    An alert's text is that of its newest step. Times are the incident's own: an incident that is told late
    is dated back, and merges with the alert of the same labels that the centre's rules raised.
    """

    every_step = True
    has_budget = False
    refresh_seconds = 60.0

    def __init__(self, name: str, settings: HttpSettings, clock: Clock) -> None:
        self.name = name
        self._session, self._clock = HttpSession(settings), clock
        self._ahead_ms = 0

    async def send(self, message: Message, *, again: bool = False) -> Sequence[Ticket]:
        """Post it."""
        del again
        await self._post([message])
        return ()

    async def reach(self) -> str:
        """Post no alert at all: address, token and server are judged by it."""
        await self._post([])
        return "takes alerts"

    async def refresh(self, standing: Sequence[Message]) -> None:
        """Post what goes on, and what ended just now."""
        await self._post(standing)

    async def beat(self, site: str) -> None:
        """Post an alert that always fires, and ends by itself five minutes after the last time."""
        await self._send(lambda now_ms, ahead_ms: [_heartbeat(site, now_ms + ahead_ms)])

    async def close(self) -> None:
        """Close the connection."""
        await self._session.close()

    async def _post(self, messages: Sequence[Message]) -> None:
        await self._send(lambda now_ms, ahead_ms: [alert(one, now_ms, ahead_ms) for one in messages])

    async def _send(self, alerts: Callable[[int, int], list[dict[str, Json]]]) -> None:
        """Post, in the server's time: by a clock that is wrong, an alert would be over before it began."""
        now_ms = self._now_ms
        await self._session.post(_PATH, json.dumps(alerts(now_ms, self._ahead_ms)).encode(), {})
        server_seconds = self._session.server_seconds
        if server_seconds is None:
            return
        ahead_ms = round(server_seconds * 1000) - self._now_ms
        ahead_ms = 0 if abs(ahead_ms) < _SKEW_MS else ahead_ms
        if abs(ahead_ms - self._ahead_ms) > _SKEW_MS:
            self._ahead_ms = ahead_ms
            await self._session.post(_PATH, json.dumps(alerts(self._now_ms, ahead_ms)).encode(), {})

    @property
    def _now_ms(self) -> int:
        return self._clock.wall_ns() // 1_000_000


def alert(message: Message, now_ms: int, ahead_ms: int = 0) -> dict[str, Json]:
    """Return a message as an alert; `ahead_ms` is how far the server's clock is ahead of ours."""
    started = min(message.started_ms, now_ms)
    ended = now_ms + (_HOLD_MS if message.sort is Sort.INCIDENT else _BRIEF_MS)
    if not message.firing:
        ended = max(started + 1000, min(message.ended_ms or now_ms, now_ms))
    return {
        "labels": dict(message.labels) or _own_labels(message),
        "annotations": {
            "summary": message.title,
            "description": message.text,
            "short": message.short,
            "severity": str(message.severity),
            "incident": message.id.partition("/")[0],
        },
        "startsAt": _time(started + ahead_ms),
        "endsAt": _time(ended + ahead_ms),
    }


def _heartbeat(site: str, now_ms: int) -> dict[str, Json]:
    return {
        "labels": {"alertname": "NetmonHeartbeat", "site": site},
        "annotations": {"summary": f"netmon at {site} lives; its silence is what must alarm"},
        "startsAt": _time(now_ms),
        "endsAt": _time(now_ms + _BEAT_MS),
    }


def _own_labels(message: Message) -> dict[str, Json]:
    names = {Sort.TEST: "NetmonTest", Sort.TROUBLE: "NetmonChannelTrouble"}
    return {"alertname": names.get(message.sort, "NetmonSummary"), "about": message.key}


def _time(wall_ms: int) -> str:
    return datetime.fromtimestamp(wall_ms / 1000, UTC).isoformat(timespec="milliseconds")
