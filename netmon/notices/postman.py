"""Brings one message to one channel: waits, tries again, and tells when it will never be taken."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random

from netmon.clock import Clock
from netmon.delivery.courier import PumpState
from netmon.delivery.pacing import Patience
from netmon.errors import DeliveryError, Parked, RetryLater
from netmon.notices.channel import Channel, Ticket
from netmon.notices.lane_state import LaneState
from netmon.notices.message import Message

log = logging.getLogger(__name__)

PATIENCE = Patience(retry_first=1.0, retry_cap=60.0, parked_first=15.0, parked_cap=900.0)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a message: tickets to ask by, or why it was refused for good."""

    tickets: Sequence[Ticket] = ()
    refused: str = ""
    needless: bool = False
    """It was given up, and may have arrived all the same."""


class Postman:
    """Sends for one lane. `save` makes the lane's state durable before the first attempt of a message."""

    def __init__(self, channel: Channel, clock: Clock, save: Callable[[], Awaitable[None]]) -> None:
        self.channel, self._clock, self._save = channel, clock, save
        self.state, self.trouble = PumpState.OK, ""
        self.sent_total = self.retried_total = self.refused_total = 0
        self.patience, self.random = PATIENCE, Random()
        self._failures = 0

    async def deliver(
        self, message: Message, state: LaneState, needless: Callable[[], Awaitable[bool]] | None = None
    ) -> Fate:
        """Bring it over; comes back only when it was taken, will never be, or has become needless."""
        again = state.attempt == message.id
        if not again:
            # Known on the disk before it goes: after a crash the channel is asked, or told the same id.
            state.attempt = message.id
            await self._save()
        while True:
            try:
                tickets = await self.channel.send(message, again=again)
            except (RetryLater, Parked) as error:
                await self.hold(error)
                again = True
                if needless is not None and await needless():
                    return Fate(needless=True)
            except DeliveryError as error:
                return self._refused(message.id, error)
            else:
                self.sent_total += 1
                self._turn(PumpState.OK, "")
                return Fate(tuple(tickets))

    async def bring(self, call: Callable[[], Awaitable[None]]) -> Fate | None:
        """Try once; None, after a wait, when it must be tried again."""
        try:
            await call()
        except (RetryLater, Parked) as error:
            await self.hold(error)
            return None
        except DeliveryError as error:
            return self._refused("what goes on", error)
        self._turn(PumpState.OK, "")
        return Fate()

    async def hold(self, error: RetryLater | Parked) -> None:
        """Wait as long as the failure asks for."""
        self._turn(PumpState.PARKED if isinstance(error, Parked) else PumpState.RETRYING, str(error))
        pause = self.patience.pause_seconds(error, self._failures, self.random)
        self._failures += 1
        self.retried_total += 1
        await asyncio.sleep(pause)

    def _refused(self, what: str, error: DeliveryError) -> Fate:
        self.refused_total += 1
        log.error("%s will never take %s (%s)", self.channel.name, what, error)
        self._turn(PumpState.OK, "")
        return Fate(refused=str(error))

    def _turn(self, state: PumpState, words: str) -> None:
        """Note a state; say so once when it is another one, or another reason to be parked."""
        changed = state is not self.state
        if state is PumpState.OK:
            self._failures = 0
            if changed:
                log.info("%s takes messages again", self.channel.name)
        elif changed or (state is PumpState.PARKED and words != self.trouble):
            level = logging.ERROR if state is PumpState.PARKED else logging.WARNING
            log.log(level, "%s: %s (%s); no message is lost", self.channel.name, state, words)
        self.state, self.trouble = state, words
