"""Tell the centre that netmon lives, so that its silence is noticed there."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from netmon.clock import Clock
from netmon.errors import DeliveryError

log = logging.getLogger(__name__)


class Beating(Protocol):
    """A channel that takes heartbeats."""

    name: str

    async def beat(self, site: str) -> None:
        """Tell it that netmon at a site lives; raises DeliveryError."""


class Heartbeat:
    """Beats. What is missed is not made up for: a late heartbeat would be a lie."""

    def __init__(self, channel: Beating, every_seconds: float, clock: Clock) -> None:
        self.channel, self.site = channel, ""
        self._every_seconds, self._clock = every_seconds, clock
        self.beats_total = self.missed_total = 0
        self._lost = False
        self.last_seconds = 0.0
        """Unix time of the last one that was taken; 0: none was."""

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            try:
                await self.channel.beat(self.site)
            except DeliveryError as error:
                self._missed(str(error))
            except Exception as error:  # noqa: BLE001 - the fence around one channel: the daemon goes on
                self._missed(f"a defect: {error!r}")
            else:
                self._arrived()
            await asyncio.sleep(self._every_seconds)

    def _arrived(self) -> None:
        self.beats_total += 1
        self.last_seconds = self._clock.wall_ns() / 1e9
        if self._lost:
            log.info("%s: the heartbeat arrives again", self.channel.name)
        self._lost = False

    def _missed(self, why: str) -> None:
        self.missed_total += 1
        if not self._lost:
            log.warning("%s: the heartbeat does not arrive (%s)", self.channel.name, why)
        self._lost = True
