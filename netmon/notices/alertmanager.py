"""Prometheus' Alertmanager, API v2: silences, acknowledgement, grouping and escalation stay there."""

from __future__ import annotations

import json
from collections.abc import Sequence
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

    async def send(self, message: Message, *, again: bool = False) -> Sequence[Ticket]:
        """Post it."""
        del again
        await self._post([message])
        return ()

    async def refresh(self, standing: Sequence[Message]) -> None:
        """Post what goes on, and what ended just now."""
        await self._post(standing)

    async def beat(self, site: str) -> None:
        """Post an alert that always fires, and ends by itself five minutes after the last time."""
        now = self._clock.wall_ns() // 1_000_000
        await self._send(
            [
                {
                    "labels": {"alertname": "NetmonHeartbeat", "site": site},
                    "annotations": {"summary": f"netmon at {site} lives; its silence is what must alarm"},
                    "startsAt": _time(now),
                    "endsAt": _time(now + _BEAT_MS),
                }
            ]
        )

    async def close(self) -> None:
        """Close the connection."""
        await self._session.close()

    async def _post(self, messages: Sequence[Message]) -> None:
        now = self._clock.wall_ns() // 1_000_000
        await self._send([alert(message, now) for message in messages])

    async def _send(self, alerts: list[dict[str, Json]]) -> None:
        await self._session.post(_PATH, json.dumps(alerts).encode(), {})


def alert(message: Message, now_ms: int) -> dict[str, Json]:
    """Return a message as an alert."""
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
        "startsAt": _time(started),
        "endsAt": _time(ended),
    }


def _own_labels(message: Message) -> dict[str, Json]:
    names = {Sort.TEST: "NetmonTest", Sort.TROUBLE: "NetmonChannelTrouble"}
    return {"alertname": names.get(message.sort, "NetmonSummary"), "about": message.key}


def _time(wall_ms: int) -> str:
    return datetime.fromtimestamp(wall_ms / 1000, UTC).isoformat(timespec="milliseconds")
