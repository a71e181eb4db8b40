"""JSON by POST to any server, signed, with an id by which it can drop what comes twice."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence

from netmon.clock import Clock
from netmon.model import Json
from netmon.notices.channel import Channel, Ticket
from netmon.notices.http_session import HttpSession, HttpSettings
from netmon.notices.message import Message

FORMAT = 1


class Webhook(Channel):
    """Posts each message. README.md beside this file describes body and headers.

    With a secret, `Netmon-Signature` is `t=<unix seconds>,v1=<hex>`: HMAC-SHA256 over the time, a dot and
    the body, so that a receiver can refuse what is forged, changed or old.
    """

    every_step = True

    def __init__(self, name: str, settings: HttpSettings, clock: Clock, secret: str = "") -> None:
        self.name = name
        self._session = HttpSession(settings)
        self._clock, self._secret = clock, secret

    async def send(self, message: Message, *, again: bool = False) -> Sequence[Ticket]:
        """Post it."""
        body = json.dumps({**body_of(message), "again": again}, separators=(",", ":")).encode()
        await self._post(body, message.id)
        return ()

    async def reach(self) -> str:
        """Connect, and no more: anything posted would be a message."""
        await self._session.connect()
        return f"is there; `netmon notify test {self.name}` shows whether it takes messages"

    async def beat(self, site: str) -> None:
        """Post that netmon lives."""
        now = self._clock.wall_ns() // 1_000_000
        body = json.dumps({"format": FORMAT, "sort": "heartbeat", "site": site, "now_ms": now}).encode()
        await self._post(body, f"heartbeat/{site}/{now}")

    async def close(self) -> None:
        """Close the connection."""
        await self._session.close()

    async def _post(self, body: bytes, identity: str) -> None:
        headers = {"Idempotency-Key": identity}
        if self._secret:
            seconds = str(self._clock.wall_ns() // 1_000_000_000)
            headers["Netmon-Signature"] = f"t={seconds},v1={signature(self._secret, seconds, body)}"
        await self._session.post("", body, headers)


def signature(secret: str, seconds: str, body: bytes) -> str:
    """Return the HMAC-SHA256 of a time and a body, in hex."""
    return hmac.new(secret.encode(), seconds.encode() + b"." + body, hashlib.sha256).hexdigest()


def body_of(message: Message) -> dict[str, Json]:
    """Return a message as JSON."""
    return {
        "format": FORMAT,
        "id": message.id,
        "key": message.key,
        "sort": str(message.sort),
        "severity": str(message.severity),
        "status": "firing" if message.firing else "resolved",
        "title": message.title,
        "short": message.short,
        "text": message.text,
        "started_ms": message.started_ms,
        "ended_ms": message.ended_ms,
        "labels": dict(message.labels),
        "incident": message.data,
    }
