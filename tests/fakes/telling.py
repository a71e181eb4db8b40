"""Incidents to tell, a channel that fails as told, and lanes at work."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from random import Random

from fakes.clock import FakeClock
from fakes.history import MemoryHistory

from netmon.incidents.incident import (
    ACCESS,
    Badness,
    Certainty,
    Incident,
    Level,
    Severity,
    Step,
    Thing,
    incident_id,
)
from netmon.incidents.notice import notice_of
from netmon.incidents.record import step_event
from netmon.model import Event, Fault, Stamp
from netmon.notices.channel import Channel, Receipt
from netmon.notices.judgement import LaneSettings
from netmon.notices.lane import Lane
from netmon.notices.message import Message
from netmon.notices.record import Diary
from netmon.notices.selection import Selection
from netmon.notices.wording import Place, message_of

EVERYTHING = frozenset(Severity)


def incident(stamp: Stamp, name: str = "", site: str = "lib", **changes: object) -> Incident:
    """A line that is down since a moment; with a name, of one circuit."""
    level = Level.CIRCUIT if name else Level.SITE
    thing = Thing(site, level, name, ACCESS, str(changes.pop("supplier", "Acme")))
    one = Incident(
        incident_id(thing, stamp), thing, stamp, 1, None, 120.0, 2, Badness.DOWN, Severity.PAGE, Fault.LINE,
        Certainty.PROBABLE, "The line is down.", ("WAN port router wan1 is down",), ("no outside view",),
        ("AC-1",), told=True,
    )  # fmt: skip
    return replace(one, **changes)


def opened(one: Incident, now: Stamp, step: Step = Step.OPENED) -> Event:
    return step_event(one, step, "it is down", now)


def closed(one: Incident, now: Stamp, seconds: float = 900.0) -> Event:
    over = replace(one, number=one.number + 1, ended=now, duration_seconds=seconds)
    return step_event(over, Step.CLOSED, "it is over", now)


def message(one: Incident, now: Stamp, place: Place | None = None) -> Message:
    event = opened(one, now) if one.ended is None else step_event(one, Step.CLOSED, "over", now)
    notice = notice_of(event)
    assert notice is not None
    return message_of(notice, place or Place(one.thing.site), now.wall_ms)


@dataclass
class ScriptedChannel(Channel):
    """Fails once per entry of `failures`; `down` is raised for as long as it is set."""

    name: str = "fake"
    failures: deque[Exception] = field(default_factory=deque)
    down: Exception | None = None
    tickets: bool = False
    receipts: dict[str, Receipt] = field(default_factory=dict)
    sent: list[tuple[Message, bool]] = field(default_factory=list)
    attempts: int = 0
    every_step: bool = False
    has_budget: bool = True
    refresh_seconds: float | None = None
    refreshed: list[list[Message]] = field(default_factory=list)

    async def send(self, message: Message, *, again: bool = False) -> Sequence[str]:
        self.attempts += 1
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.popleft()
        if self.down is not None:
            raise self.down
        self.sent.append((message, again))
        return [message.id] if self.tickets else []

    async def reach(self) -> str:
        return "is a fake"

    async def receipt(self, ticket: str) -> Receipt:
        return self.receipts.get(ticket, Receipt.WAITING)

    async def refresh(self, standing: Sequence[Message]) -> None:
        self.refreshed.append(list(standing))

    async def close(self) -> None:
        """Nothing is open."""

    @property
    def ids(self) -> list[str]:
        return [one.id for one, _ in self.sent]

    @property
    def titles(self) -> list[str]:
        return [one.title for one, _ in self.sent]


class Site:
    """A history, a clock, and lanes."""

    def __init__(self, history: MemoryHistory | None = None) -> None:
        self.history, self.clock = history or MemoryHistory(), FakeClock()
        self.records: list[Event] = []
        self.lanes: list[Lane] = []

    def lane(
        self,
        channel: Channel,
        *,
        budget: int = 50,
        confirm: float = 300.0,
        severities: frozenset[Severity] = EVERYTHING,
        stands_in_for: Lane | None = None,
    ) -> Lane:
        settings = LaneSettings(Selection(channel.name, severities), budget, confirm)
        diary = Diary(self.records.extend, self.clock)
        one = Lane(channel, settings, self.history, self.clock, diary, stands_in_for)
        one.place = Place("lib", {"lib": "Central Library"})
        one.postman.random = Random(1)
        self.lanes.append(one)
        return one

    @asynccontextmanager
    async def running(self):
        tasks = [asyncio.create_task(one.run()) for one in self.lanes]
        await asyncio.sleep(0.1)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            self.lanes.clear()

    async def tell(self, *events: Event) -> None:
        self.history.accept(list(events))
        newest = await self.history.commit()
        for one in self.lanes:
            one.committed(newest)

    def incident(self, name: str = "", **changes: object) -> Incident:
        return incident(self.clock.stamp(), name, **changes)

    async def opens(self, name: str = "", **changes: object) -> Incident:
        one = self.incident(name, **changes)
        await self.tell(opened(one, self.clock.stamp()))
        return one

    async def closes(self, one: Incident) -> None:
        await self.tell(closed(one, self.clock.stamp()))
