"""Look after messages that a channel took, until somebody says that they arrived."""

from __future__ import annotations

import logging

from netmon.errors import DeliveryError
from netmon.notices.channel import Channel, Receipt
from netmon.notices.lane_state import Pending
from netmon.notices.record import Diary

log = logging.getLogger(__name__)

_LOOK_SECONDS = 10.0
_SLOW_SECONDS = 300.0
"""How often is asked once a receipt is missing."""
_KEEP_MS = 72 * 3_600_000
"""GOV.UK Notify tries for 72 hours; then nothing more will come."""
_MOST = 500


class Receipts:
    """Asks for receipts. `missing_total` counts messages that nobody confirmed in time, or that failed."""

    def __init__(self, channel: Channel, diary: Diary, confirm_seconds: float) -> None:
        self._channel, self._diary, self._confirm_seconds = channel, diary, confirm_seconds
        self.missing_total = self.delivered_total = 0
        self._look_at = 0.0

    async def look(self, pending: list[Pending], now: float, now_ms: int) -> bool:
        """Ask about what is pending, in place; tell whether anything changed."""
        before = len(pending)
        pending[:] = [one for one in pending if 0 <= now_ms - one.sent_ms < _KEEP_MS][-_MOST:]
        open_ones = [one for one in pending if not one.failed]
        if not open_ones or now < self._look_at:
            return len(pending) != before
        late = all(one.alarmed for one in open_ones)
        self._look_at = now + (_SLOW_SECONDS if late else _LOOK_SECONDS)
        changed = [await self._ask(one, now_ms) for one in open_ones]
        pending[:] = [one for one in pending if one.tickets or one.failed]
        return any(changed) or len(pending) != before

    async def _ask(self, one: Pending, now_ms: int) -> bool:
        left = []
        for ticket in one.tickets:
            try:
                receipt = await self._channel.receipt(ticket)
            except DeliveryError as error:
                log.debug("%s: no word about %s: %s", self._channel.name, one.id, error)
                receipt = Receipt.WAITING
            if receipt is Receipt.FAILED:
                one.failed = True
                self._missing(one, "was not delivered")
                return True
            if receipt is Receipt.WAITING:
                left.append(ticket)
        changed = left != one.tickets
        one.tickets = left
        if not left:
            self.delivered_total += 1
            self._write(one, "delivered", "was delivered")
        elif not one.alarmed and now_ms - one.sent_ms > self._confirm_seconds * 1000:
            self._missing(one, "has no receipt")
            return True
        return changed

    def _missing(self, one: Pending, what: str) -> None:
        if not one.alarmed:
            self.missing_total += 1
        one.alarmed = True
        log.error("%s: message %s %s", self._channel.name, one.id, what)
        self._write(one, "failed" if one.failed else "missing", what)

    def _write(self, one: Pending, outcome: str, what: str) -> None:
        name = self._channel.name
        self._diary.write(name, f"{name}: message {one.id} {what}", {"id": one.id, "outcome": outcome})
