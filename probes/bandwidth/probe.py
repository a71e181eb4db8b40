"""Bandwidth: how much a line carries, what limited it, and what it cost to know."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import date

from netmon import sdk
from probes.bandwidth.agenda import Appointment
from probes.bandwidth.charted import Charted
from probes.bandwidth.commission.kept import Commissioning
from probes.bandwidth.cost import planned_tests
from probes.bandwidth.diary import Diary, described
from probes.bandwidth.findings import Findings, passive_sample
from probes.bandwidth.manners import Decision, Wish, why_not
from probes.bandwidth.measured import Ask, Direction
from probes.bandwidth.meter import Meter
from probes.bandwidth.passive import WanWatch
from probes.bandwidth.preparation import prepare
from probes.bandwidth.record import Subject, refusal, words
from probes.bandwidth.settings import (
    DIRECTIONS,
    BandwidthSettings,
    Kind,
    check,
    is_planned,
    share_seconds,
    timetable,
)
from probes.bandwidth.tester import Tester

_LOADING_STREAMS = 6


class BandwidthProbe(sdk.Probe[BandwidthSettings]):
    """Test each target in turn, alone on the line, within what it may cost.

    The daemon, which asks whether it is due, has tests at the moments of a plan; a run by hand tests at once.
    """

    measurement = "bandwidth"
    own_metrics = ()
    further_metrics = {  # noqa: RUF012 - declared in the base class, as ClassVar
        sdk.BANDWIDTH_TEST: sdk.BANDWIDTH_TEST_METRICS,
        sdk.BANDWIDTH_PLAN: sdk.BANDWIDTH_PLAN_METRICS,
    }
    settings_type = BandwidthSettings
    binds = True
    exclusive = True
    grace_seconds = 1.0
    usual_seconds = 60.0
    _prepare = staticmethod(prepare)

    def __init__(self, assignment: sdk.Assignment, settings: BandwidthSettings) -> None:
        super().__init__(assignment, settings)
        check(assignment, settings)
        self._charted = Charted()
        self._watch: WanWatch | None = None
        self._commissioning = Commissioning()
        self._diary: Diary | None = None
        self._daemon = self._by_plan = False
        self._appointment: Appointment | None = None
        self._found: dict[str, Findings] = {}
        self._untold: list[sdk.Event] = []

    def planned_tests(self, standing: sdk.Standing, day: date) -> Sequence[sdk.PlannedTest]:
        """Return what a day's tests are going to cost."""
        return planned_tests(self.assignment, self.settings, standing, day)

    async def open(self, context: sdk.Context) -> None:
        """Open the diary of this site."""
        await super().open(context)
        fleet = self.settings.fleet(context.site, self.assignment.name, self._line())
        began = context.clock.wall_ns() / 1e9
        self._diary = Diary(
            timetable(self.assignment, self.settings, context.timezone), fleet, context.site, began
        )

    def due(self) -> bool:
        """Tell whether an appointment's moment has come or gone, or today's plan is to be told."""
        self._daemon, self._by_plan = True, is_planned(self.settings)
        diary = self._diary
        if not self._by_plan or diary is None:
            return True
        now = self._now
        diary.look(now, synchronised=self.context.clock.synchronised())
        return not diary.told or bool(diary.missed(now)) or diary.due(now) is not None

    async def read(self) -> Sequence[sdk.Record]:
        """Test what is due by plan; by hand, at once."""
        diary = self._diary
        if not self._by_plan or diary is None:
            return await super().read()
        diary.look(self._now, synchronised=self.context.clock.synchronised())
        records: list[sdk.Record] = [*self._untold, *(self._missed(one) for one in diary.missed(self._now))]
        self._untold = []
        self._appointment = diary.due(self._now)
        if self._appointment is not None:
            records += await self._kept(diary, self._appointment)
        key = self._key(self._first)
        return [*records, diary.reading(key, self.context.clock.stamp())]

    async def _kept(self, diary: Diary, appointment: Appointment) -> Sequence[sdk.Record]:
        """Keep an appointment; one that is cut off in the middle is told of by the next run."""
        try:
            records = await super().read()
        except BaseException:
            subject, stamp = self._subject(self._first, appointment), self.context.clock.stamp()
            self._untold.append(refusal(Decision.FAILED, "it was cut off", subject, stamp))
            diary.note(appointment, Decision.FAILED)
            raise
        finally:
            self._appointment = None
        diary.note(appointment, self._decision)
        return records

    @property
    def _first(self) -> str:
        return self.assignment.targets[0]

    @property
    def _now(self) -> float:
        return self.context.clock.wall_ns() / 1e9

    @property
    def _decision(self) -> Decision:
        """What came of the last run: tested, if any target was."""
        decisions = [found.decision for found in self._found.values()]
        return Decision.TESTED if Decision.TESTED in decisions else next(iter(decisions), Decision.FAILED)

    def _missed(self, appointment: Appointment) -> sdk.Event:
        if self._diary is not None:
            self._diary.note(appointment, Decision.LATE)
        subject = self._subject(self._first, appointment)
        words = "its turn was over before it could begin"
        return refusal(Decision.LATE, words, subject, self.context.clock.stamp())

    async def measure_all(self, targets: Sequence[str]) -> Sequence[tuple[sdk.Sample, float]]:
        """Test one target after the other: two at once would measure each other; then compare them."""
        self._found = {}
        timed = [
            found for target in targets for found in await super(BandwidthProbe, self).measure_all([target])
        ]
        return [
            (self._completed(target, sample), seconds)
            for target, (sample, seconds) in zip(targets, timed, strict=True)
        ]

    def _completed(self, target: str, sample: sdk.Sample) -> sdk.Sample:
        """Return a target's records, also those of one that was cut off in the middle."""
        found = self._found.get(target)
        if found is None:
            return sample
        if not found.ended:
            found.failures.append(sdk.SourceError(sample.outcome, sample.detail))
        return self._sample(target)

    async def measure(self, target: str) -> sdk.Sample:
        """Test one target in all directions that were asked for."""
        circuit, settings = self._line(), self.settings
        if settings.method is Kind.PASSIVE and circuit is not None:
            return self._look(target, circuit)
        found = self._found[target] = Findings()
        most_bytes = settings.most_bytes * len(DIRECTIONS[settings.directions])
        key = self._key(target)  # what a commissioning cost is charged before the purse is looked into
        found.news = await self._commissioning.look(self.context, circuit, key, tell=self._daemon)
        found.refused = why_not(self._wish(circuit, most_bytes))
        if found.refused is None:
            async with self._reserved(circuit, most_bytes):
                await self._test(target, circuit, found)
        found.ended = True
        return sdk.Sample(
            detail=f"{found.decision}: {found.refused.words if found.refused else ''}".rstrip(": ")
        )

    def _wish(self, circuit: sdk.Circuit | None, most_bytes: int) -> Wish:
        settings, context = self.settings, self.context
        return Wish(
            settings.method,
            circuit,
            len(context.circuits),
            most_bytes,
            context.ledger.left(circuit.id) if circuit is not None else None,
            sdk.local_time(context.clock.wall_ns(), context.timezone),
            settings.all_of_cap,
            self.assignment.timeout_seconds,
            settings.buffer,
        )

    def _reserved(self, circuit: sdk.Circuit | None, most_bytes: int) -> AbstractAsyncContextManager[None]:
        return nullcontext() if circuit is None else self.context.ledger.reserve(circuit.id, most_bytes)

    def _line(self) -> sdk.Circuit | None:
        """Return the circuit whose bytes are spent: the one it is bound to, or the only one there is."""
        circuits = self.context.circuits
        return self.circuit or (next(iter(circuits.values())) if len(circuits) == 1 else None)

    async def _test(self, target: str, circuit: sdk.Circuit | None, found: Findings) -> None:
        settings = self.settings
        prepared = await self._prepare(self.context, settings, circuit, target)
        found.endpoint, found.address = prepared.endpoint, prepared.address
        instrument = self._commissioning.found
        tester = Tester(prepared.method, self.context, circuit, prepared.pinger, instrument, settings.method)
        await tester.idle_latency(self._meter(circuit))
        found.idle = tester.idle
        for direction in DIRECTIONS[settings.directions]:
            try:
                test = await tester.test(self._ask(direction), self._meter(circuit), self._most_use_ratio)
            except sdk.SourceError as error:
                found.failures.append(error)
            else:
                found.tests.append(test)
                self.context.trace(words(test, settings.method))

    @property
    def _most_use_ratio(self) -> float:
        """From which use on a line is left alone; who tests by hand knows what he does."""
        return self.settings.most_use_ratio if self._daemon else 0.0

    def _sample(self, target: str) -> sdk.Sample:
        found, circuit = self._found[target], self._line()
        others = [other for name, other in self._found.items() if name != target]
        found.claimed(circuit.endpoints if circuit is not None else (), others)
        subject = self._subject(target, self._appointment)
        return found.sample(target, subject, self.context.clock.stamp(), self._charted)

    def _subject(self, target: str, appointment: Appointment | None) -> Subject:
        plan = described(appointment) if appointment is not None else {}
        return Subject(self._key(target), self.settings.method, self._line(), plan)

    def _look(self, target: str, circuit: sdk.Circuit) -> sdk.Sample:
        """Look at the WAN port's counters; only a minute near the contracted rate leaves a record."""
        if self._watch is None or self._watch.circuit != circuit.id:
            self._watch = WanWatch(circuit.id)
        directions = DIRECTIONS[self.settings.directions]
        return passive_sample(self.context, self._watch, directions, self._subject(target, None))

    def _ask(self, direction: Direction) -> Ask:
        settings, loading = self.settings, self.settings.latency != "none"
        return Ask(
            direction,
            share_seconds(self.assignment, settings),
            max(settings.streams, _LOADING_STREAMS) if loading else settings.streams,
            settings.until_steady and not loading,
        )

    def _meter(self, circuit: sdk.Circuit | None) -> Meter:
        circuit_id = circuit.id if circuit is not None else ""
        return Meter(self.context.ledger, circuit_id, self.settings.most_bytes, self.context.trace)
