"""The scripted site with an incident engine: what was told, in virtual time, also across ends and starts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from fakes.clock import run as run_virtual
from fakes.scripted_site import DEVICES, FakeDevice, Play, Stage
from fakes.stored import StoredRecords

from netmon import sdk
from netmon.app.catch_up import catch_up
from netmon.incidents.engine import Engine
from netmon.incidents.notice import notice_of
from netmon.incidents.past import read_past
from netmon.incidents.policy import Policy
from netmon.incidents.record import KIND, step_of
from netmon.incidents.scope import Scope
from netmon.incidents.settings import EngineSettings, always_open, never_planned
from netmon.latest import Latest
from netmon.model import Event, Outcome, Reading, Row, Shape
from netmon.model.derived import OUTSIDE_MINUTE, OUTSIDE_MINUTE_METRICS
from netmon.schedule.ticker import Ticker
from netmon.verdict.book import Book
from netmon.verdict.minutes import Minutes
from netmon.verdict.view import WatchedDevice


@dataclass
class IncidentPlay(Play):
    """What is watched beside it, and how the engine is set."""

    minutes: int = 20
    parents: dict[str, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    in_hours: object = always_open
    planned: object = never_planned
    policy: Policy = field(default_factory=Policy)
    suppliers: dict[str, str] = field(default_factory=dict)
    """Of other sites that are looked at from here; what they are is in the world's `others`."""
    refs: dict[str, str] = field(default_factory=dict)
    rules: object = None


class IncidentStage(Stage):
    """One play under way. Script functions may end netmon, start it, and do more to the world."""

    def __init__(self, play: IncidentPlay) -> None:
        super().__init__(play)
        self.outside = None
        """What a prober elsewhere says of this site: None, it says nothing."""
        self.others: dict[str, bool] = {}
        self.alive = True
        self.tasks: list[asyncio.Task] = []
        self.watch = self._watch()
        self._assemble()

    @property
    def history(self):
        return self

    def _assemble(self) -> None:
        self.latest, self.book = Latest(), Book()
        self.engine = Engine(self.publish_records, self.settings())
        # The sources that run know this hub: it is given new subscribers, not replaced.
        self.hub._subscribers = (self.latest, self.book, self, self.engine)
        self.minutes = Minutes(self.hub, self.clock, self.book, self.traced.append)
        self.book.expect(self.watch)

    def publish_records(self, records) -> None:
        self.hub.publish(records)

    def settings(self) -> EngineSettings:
        play = self.play
        return EngineSettings(
            Scope(self.watch, play.suppliers), play.policy, play.in_hours, play.planned, play.rules
        )

    def _watch(self):
        watch = super()._watch() if set(self.play.devices) <= set(DEVICES) else self._many()
        devices = {
            name: replace(
                one, parent=self.play.parents.get(name, ""), role=self.play.roles.get(name, one.role)
            )
            for name, one in watch.devices.items()
        }
        circuits = {
            name: replace(one, supplier_ref=self.play.refs.get(name, ""))
            for name, one in watch.circuits.items()
        }
        return replace(watch, devices=devices, circuits=circuits)

    def _many(self):
        names, self.play.devices = self.play.devices, ()
        watch = super()._watch()
        self.play.devices = names
        roles = {name: DEVICES[name][1] if name in DEVICES else "switch" for name in names}
        found = {name: WatchedDevice(name, role, 30, sources=("interfaces",)) for name, role in roles.items()}
        return replace(watch, devices=found)

    async def run(self) -> None:
        """Play it."""
        from fakes.context import make_context

        context = make_context(clock=self.clock, site="lib")
        async with Ticker(self.clock) as ticker:
            for job in self._jobs(context):
                ticker.add(job)
            looking = asyncio.create_task(self._look())
            last = 0.0
            for at, act in sorted(self.play.script.items()):
                await asyncio.sleep(at - last)
                last = at
                act(self) if callable(act) else self.throw(**act)
            await asyncio.sleep(self.play.minutes * 60 + 12 - last)
            for task in (looking, *self.tasks):
                task.cancel()

    async def _look(self) -> None:
        told_minutes = 0
        while True:
            await asyncio.sleep(1.0)
            if self.alive:
                self.minutes.look()
            minute = int(self.clock.monotonic() // 60)
            if minute > told_minutes:
                told_minutes = minute
                self._seen_from_elsewhere()

    def _seen_from_elsewhere(self) -> None:
        rows = {"lib": self.outside, **self.others} if self.outside is not None else dict(self.others)
        if not rows or not self.alive:
            return
        states = {True: 1, False: 0}
        shape = Shape(
            OUTSIDE_MINUTE,
            OUTSIDE_MINUTE_METRICS,
            tuple(Row((("site", n), ("seen_from", "hub"))) for n in rows),
        )
        columns = (tuple(states[v] for v in rows.values()), *([(None,) * len(rows)] * 4))
        self.hub.publish([Reading(shape, self.clock.stamp(), columns, (Outcome.OK,) * len(rows))])

    def _jobs(self, context):
        known = dict(DEVICES)
        for name in self.play.devices:
            if name not in known:
                DEVICES[name] = (FakeDevice, "switch")
        try:
            yield from super()._jobs(context)
        finally:
            for name in set(DEVICES) - set(known):
                del DEVICES[name]

    def throw(self, **switches) -> None:
        if "outside" in switches:
            self.outside = switches.pop("outside")
        if "others" in switches:
            self.others |= switches.pop("others")
        super().throw(**switches)

    def end(self) -> None:
        """End netmon, as a power cut does: nothing more is measured or decided."""
        self.alive, self.paused = False, True

    def start(self, *, boot: str = "") -> None:
        """Start it again; `boot`: on another boot of the machine."""
        if boot:
            self.clock.boot_id = boot
        stored = StoredRecords(self.records)
        self._assemble()
        self.engine.resume(read_past(stored, self.clock.stamp()), self.clock.stamp())
        self.alive, self.paused = True, False
        self.tasks.append(asyncio.create_task(catch_up(self)))

    async def query(self, question):
        return question(StoredRecords(self.records))

    def publish(self, kind, data, key=(("site", "lib"),), text="") -> None:
        """Tell of something that happened."""
        self.hub.publish([sdk.Event(kind, key, text or kind, self.clock.stamp(), data)])

    def records_of(self, *kinds):
        """Return the events of some kinds."""
        return [one for one in self.records if isinstance(one, Event) and one.kind in kinds]

    @property
    def events(self):
        """The events of steps, in order."""
        return [one for one in self.records if isinstance(one, Event) and one.kind == KIND]

    @property
    def steps(self):
        """Everything that happened to incidents, in order."""
        return [step_of(one) for one in self.events]

    @property
    def incidents(self):
        """The last state of each incident, in the order of their beginnings."""
        newest = {incident.id: incident for _, incident in self.steps}
        return sorted(newest.values(), key=lambda one: one.started.wall_ms)

    @property
    def notices(self):
        """What was told to somebody."""
        events = [one for one in self.records if isinstance(one, Event)]
        return [found for found in map(notice_of, events) if found is not None]


def perform(play: IncidentPlay) -> IncidentStage:
    """Run a play in virtual time."""
    made: list[IncidentStage] = []

    async def go() -> None:
        stage = IncidentStage(play)
        made.append(stage)
        await stage.run()

    run_virtual(go())
    return made[0]
