"""The channels that run now: a lane each, and one more where a channel stands in for another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from netmon.app.channel_settings import channel, lane_settings, place
from netmon.clock import Clock
from netmon.config.alerting import HttpNotify, NotifySection
from netmon.config.schema import Configuration
from netmon.errors import StoreError
from netmon.metrics.own import OwnSample
from netmon.model import Record
from netmon.notices.alertmanager import Alertmanager
from netmon.notices.channel import Channel
from netmon.notices.health import heartbeat_samples, lane_samples, trial_samples
from netmon.notices.heartbeat import Heartbeat
from netmon.notices.lane import Lane
from netmon.notices.record import Diary
from netmon.notices.register import forget_gone
from netmon.notices.trial import Result, test_message, trouble_message, try_all
from netmon.notices.webhook import Webhook
from netmon.store.interface import History, Position

log = logging.getLogger(__name__)

_RECEIPT_SECONDS = 600.0
_AGAIN_SECONDS = 60.0


class Channels:
    """Lanes by name. What they know is in the store: to stop and to start them again costs nothing."""

    def __init__(
        self,
        tasks: asyncio.TaskGroup,
        history: History,
        clock: Clock,
        publish: Callable[[Sequence[Record]], None],
    ) -> None:
        self._tasks, self._history, self._clock = tasks, history, clock
        self._diary = Diary(publish, clock)
        self._sections: Mapping[str, NotifySection] = {}
        self._configuration: Configuration | None = None
        self._roots_to: Collection[str] = ()
        self._channels: dict[str, Channel] = {}
        self._lanes: dict[str, Lane] = {}
        self._stand_ins: list[Lane] = []
        self._heartbeats: list[Heartbeat] = []
        self._running: list[asyncio.Task[None]] = []
        self._results: dict[str, Result] = {}
        self._tested_seconds = 0.0

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The lanes that run now."""
        return (*self._lanes.values(), *self._stand_ins)

    def committed(self, newest: Position) -> None:
        """Tell all lanes that there is more to read."""
        for lane in self.lanes:
            lane.committed(newest)

    def samples(self) -> Iterator[OwnSample]:
        """Yield how telling is doing."""
        yield from lane_samples(self.lanes)
        yield from heartbeat_samples(self._heartbeats)
        yield from trial_samples(self._results, self._tested_seconds)

    async def apply(self, configuration: Configuration) -> None:
        """Run what the configuration names; the same sections go on undisturbed."""
        self._diary.site = configuration.site.id
        wanted = (configuration.notify, configuration.evidence)
        if self._configuration is None or wanted != (self._sections, self._configuration.evidence):
            await self.end()
            self._start(configuration)
        self._configuration, self._sections = configuration, configuration.notify
        for lane in self.lanes:
            lane.place = place(configuration, configuration.notify[lane.channel.name])
        for heartbeat in self._heartbeats:
            heartbeat.site = configuration.site.id

    async def end(self) -> None:
        """Stop all."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)
        for one in self._channels.values():
            await one.close()
        self._running, self._stand_ins, self._heartbeats = [], [], []
        self._channels, self._lanes = {}, {}

    async def test(self) -> None:
        """Send a test through each channel that wants one; those that work tell of those that do not."""
        wanted = [self._channels[name] for name, section in self._sections.items() if section.weekly_test]
        if self._configuration is None or not wanted:
            return
        where = place(self._configuration, self._sections[wanted[0].name])
        results = await try_all(wanted, test_message(where, self._clock), self._clock, _RECEIPT_SECONDS)
        self._results = {one.channel: one for one in results}
        self._tested_seconds = self._clock.wall_ns() / 1e9
        for one in results:
            outcome = "test passed" if one.ok else "test failed"
            self._diary.write(one.channel, f"{one.channel}: {outcome}: {one.words}", {"outcome": outcome})
        failed = [one for one in results if not one.ok]
        if failed:
            log.error("channels that do not deliver: %s", ", ".join(one.channel for one in failed))
            good = [one for one in wanted if self._results[one.name].ok]
            message = trouble_message(where, failed, self._clock)
            await try_all(good, message, self._clock, _RECEIPT_SECONDS)

    def _start(self, configuration: Configuration) -> None:
        self._roots_to = configuration.evidence.roots_to
        for name, section in configuration.notify.items():
            made = self._channels[name] = channel(name, section, self._clock)
            self._lanes[name] = self._lane(made, section)
            every = section.heartbeat_seconds if isinstance(section, HttpNotify) else None
            if every is not None and isinstance(made, Alertmanager | Webhook):
                self._heartbeats.append(Heartbeat(made, every, self._clock))
        for name, section in configuration.notify.items():
            if section.fallback is not None:
                other = configuration.notify[section.fallback]
                self._stand_ins.append(self._lane(self._channels[section.fallback], other, self._lanes[name]))
        loops = [
            self._forget_gone(),
            *(lane.run() for lane in self.lanes),
            *(heartbeat.run() for heartbeat in self._heartbeats),
        ]
        self._running = [self._tasks.create_task(loop, name="notices") for loop in loops]

    async def _forget_gone(self) -> None:
        """Try until it is done: a disk that is full now must not bring old messages back later."""
        while True:
            try:
                await forget_gone(self._history, [lane.name for lane in self.lanes])
            except StoreError as error:
                log.warning("which channels there are cannot be kept: %s", error)
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                return

    def _lane(self, made: Channel, section: NotifySection, other: Lane | None = None) -> Lane:
        settings = lane_settings(made.name, section, self._roots_to)
        return Lane(made, settings, self._history, self._clock, self._diary, other)
