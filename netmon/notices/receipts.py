"""Look after messages that a channel took, until somebody says that they arrived."""

from __future__ import annotations

import logging

from netmon.errors import DeliveryError, RetryLater
from netmon.notices.channel import Channel, Receipt
from netmon.notices.lane_state import Pending
from netmon.notices.record import Diary

log = logging.getLogger(__name__)

_LOOK_SECONDS = 10.0
_SLOW_SECONDS = 300.0
"""How often is asked once a receipt is missing."""
_KEEP_SECONDS = 72 * 3600.0
"""GOV.UK Notify tries for 72 hours; then nothing more will come."""
_MOST = 500
_AT_ONCE = 20
"""Messages asked about in one look: what is to be told waits meanwhile."""


class Receipts:
    """Asks for receipts. `missing_total` counts messages that nobody confirmed in time, or that failed."""

    def __init__(self, channel: Channel, diary: Diary, confirm_seconds: float) -> None:
        self._channel, self._diary, self._confirm_seconds = channel, diary, confirm_seconds
        self.missing_total = self.delivered_total = 0
        self._look_at = 0.0
        self._looked_at: float | None = None
        self._asked = 0

    async def look(self, pending: list[Pending], now: float) -> bool:
        """Ask about what is pending, in place; tell whether anything changed. `now` is monotonic."""
        before = len(pending)
        self._age(pending, now)
        pending[:] = [one for one in pending if one.waited_seconds < _KEEP_SECONDS][-_MOST:]
        open_ones = [one for one in pending if not one.failed]
        if not open_ones or now < self._look_at:
            return len(pending) != before
        late = all(one.alarmed for one in open_ones)
        self._look_at = now + (_SLOW_SECONDS if late else _LOOK_SECONDS)
        changed = await self._ask_some(open_ones)
        for one in open_ones:
            if one.tickets and not one.alarmed and one.waited_seconds > self._confirm_seconds:
                self._missing(one, "has no receipt")
                changed = True
        pending[:] = [one for one in pending if one.tickets or one.failed]
        return changed or len(pending) != before

    def _age(self, pending: list[Pending], now: float) -> None:
        since = 0.0 if self._looked_at is None else now - self._looked_at
        self._looked_at = now
        for one in pending:
            one.waited_seconds += since

    async def _ask_some(self, open_ones: list[Pending]) -> bool:
        """Ask about a few, others in turn; a server that is away is asked about one."""
        self._asked %= len(open_ones)
        some = open_ones[self._asked : self._asked + _AT_ONCE]
        changed = False
        for one in some:
            self._asked += 1
            try:
                changed |= await self._ask(one)
            except RetryLater as error:
                log.debug("%s: no word about %s: %s", self._channel.name, one.id, error)
                break
            except DeliveryError as error:
                log.debug("%s: no word about %s: %s", self._channel.name, one.id, error)
        return changed

    async def _ask(self, one: Pending) -> bool:
        before = len(one.tickets)
        for ticket in list(one.tickets):
            receipt = await self._channel.receipt(ticket)
            if receipt is Receipt.FAILED:
                one.failed = True
                self._missing(one, "was not delivered")
                return True
            if receipt is Receipt.DELIVERED:
                one.tickets.remove(ticket)
        if not one.tickets:
            self.delivered_total += 1
            self._write(one, "delivered", "was delivered")
        return len(one.tickets) != before

    def _missing(self, one: Pending, what: str) -> None:
        if not one.alarmed:
            self.missing_total += 1
        one.alarmed = True
        log.error("%s: message %s %s", self._channel.name, one.id, what)
        self._write(one, "failed" if one.failed else "missing", what)

    def _write(self, one: Pending, outcome: str, what: str) -> None:
        name = self._channel.name
        self._diary.write(name, f"{name}: message {one.id} {what}", {"id": one.id, "outcome": outcome})
