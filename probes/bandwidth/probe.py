"""Bandwidth: how much a line carries, what limited it, and what it cost to know."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from pathlib import Path

from netmon import sdk
from probes.bandwidth.charted import Charted
from probes.bandwidth.http_streams import HttpStreams, Paths
from probes.bandwidth.iperf3 import PORT as IPERF3_PORT
from probes.bandwidth.iperf3 import Iperf3
from probes.bandwidth.latency import Pinger, make_pinger
from probes.bandwidth.manners import why_not
from probes.bandwidth.measured import Ask, Direction, Method
from probes.bandwidth.meter import Meter
from probes.bandwidth.ndt7 import Ndt7
from probes.bandwidth.passive import WanWatch
from probes.bandwidth.place import Place, find_place
from probes.bandwidth.record import Test, event, passive_event, refusal, words
from probes.bandwidth.settings import DIRECTIONS, BandwidthSettings, Kind, check, share_seconds
from probes.bandwidth.tester import Tester
from probes.bandwidth.trains import Trains

_LOADING_STREAMS = 6
_WEB_PORT_PATHS = {Kind.HTTP: "/backend/"}


class BandwidthProbe(sdk.Probe[BandwidthSettings]):
    """Test each target in turn, alone on the line, within what it may cost."""

    measurement = "bandwidth"
    own_metrics = ()
    further_metrics = {sdk.BANDWIDTH_TEST: sdk.BANDWIDTH_TEST_METRICS}  # noqa: RUF012 - declared in the base class, as ClassVar
    settings_type = BandwidthSettings
    binds = True
    exclusive = True
    grace_seconds = 5.0
    usual_seconds = 60.0

    def __init__(self, assignment: sdk.Assignment, settings: BandwidthSettings) -> None:
        super().__init__(assignment, settings)
        check(assignment, settings)
        self._charted = Charted()
        self._watch: WanWatch | None = None

    async def measure_all(self, targets: Sequence[str]) -> Sequence[tuple[sdk.Sample, float]]:
        """Test one target after the other: two at once would measure each other."""
        return [
            found for target in targets for found in await super(BandwidthProbe, self).measure_all([target])
        ]

    async def measure(self, target: str) -> sdk.Sample:
        """Test one target in all directions that were asked for."""
        circuit, settings, ledger = self._line(), self.settings, self.context.ledger
        directions = DIRECTIONS[settings.directions]
        left_bytes = ledger.left(circuit.id) if circuit is not None else None
        most_bytes = settings.max_bytes * len(directions)
        reason = why_not(settings.method, circuit, len(self.context.circuits), most_bytes, left_bytes)
        if reason:
            return self._refused(target, reason, sdk.Outcome.UNSUPPORTED)
        if settings.method is Kind.PASSIVE and circuit is not None:
            return self._look(target, circuit)
        return await self._test(target, circuit, directions)

    def _line(self) -> sdk.Circuit | None:
        """Return the circuit whose bytes are spent: the one it is bound to, or the only one there is."""
        circuits = self.context.circuits
        return self.circuit or (next(iter(circuits.values())) if len(circuits) == 1 else None)

    async def _test(
        self, target: str, circuit: sdk.Circuit | None, directions: Sequence[Direction]
    ) -> sdk.Sample:
        place = await self._place(target)
        pinger = await self._pinger(place)
        tester = Tester(await self._method(place), self.context, circuit, pinger)
        await tester.idle_latency(self._meter(circuit))
        tests: list[Test] = []
        failures: list[sdk.SourceError] = []
        for direction in directions:
            try:
                tests.append(await tester.test(self._ask(direction), self._meter(circuit)))
                self.context.trace(words(tests[-1], self.settings.method))
            except sdk.SourceError as error:
                failures.append(error)
        return self._sample(target, circuit, tester, tests, failures)

    def _sample(
        self,
        target: str,
        circuit: sdk.Circuit | None,
        tester: Tester,
        tests: Sequence[Test],
        failures: Sequence[sdk.SourceError],
    ) -> sdk.Sample:
        """Return the records of tests and of what failed; PARTIAL where there are both."""
        key, method, stamp = self._key(target), self.settings.method, self.context.clock.stamp()
        records: list[sdk.Record] = []
        if tests:
            records.append(self._charted.reading(target, key, method, circuit, tests, tester.idle))
        records += [event(test, key, method, circuit, tester.idle) for test in tests]
        records += [refusal(str(e), sdk.Outcome(e.outcome), key, method, stamp) for e in failures]
        if not failures:
            return sdk.Sample(records=tuple(records), detail=words(tests[-1], method))
        outcome = sdk.Outcome.PARTIAL if tests else sdk.Outcome(failures[0].outcome)
        return sdk.Sample(outcome=outcome, detail=str(failures[0]), records=tuple(records))

    def _refused(self, target: str, reason: str, outcome: sdk.Outcome) -> sdk.Sample:
        stamp = self.context.clock.stamp()
        record = refusal(reason, outcome, self._key(target), self.settings.method, stamp)
        return sdk.Sample(outcome=outcome, detail=reason, records=(record,))

    def _look(self, target: str, circuit: sdk.Circuit) -> sdk.Sample:
        """Look at the WAN port's counters; only a minute near the contracted rate leaves a record."""
        if self._watch is None or self._watch.circuit != circuit.id:
            self._watch = WanWatch(circuit.id)
        records: list[sdk.Record] = []
        for direction in DIRECTIONS[self.settings.directions]:
            minute = self._watch.look(self.context.latest, direction)
            stamp = self.context.clock.stamp()
            if minute is not None:
                self.context.trace(f"{direction}: {minute.bits_per_second / 1e6:.2f} Mbit/s (L2)")
                proof = passive_event(minute, self._key(target), circuit, stamp)
                records += [proof] if proof is not None else []
        return sdk.Sample(records=tuple(records), detail="looked at the WAN port")

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
        return Meter(self.context.ledger, circuit_id, self.settings.max_bytes, self.context.trace)

    async def _place(self, target: str) -> Place:
        settings, token = self.settings, ""
        if settings.token_file:
            token = await asyncio.to_thread(_read_token, settings.token_file)
        place = await find_place(self.context, target, settings.family, self.circuit, token)
        return place.with_defaults(
            port=IPERF3_PORT if settings.method is Kind.IPERF3 else None,
            path=_WEB_PORT_PATHS.get(settings.method, "/"),
            bare="://" not in target,
        )

    async def _pinger(self, place: Place) -> Pinger | None:
        if self.settings.latency == "none":
            return None
        return await make_pinger(self.settings.latency, self.context, place.resolved, self.circuit)

    async def _method(self, place: Place) -> Method:
        settings, clock = self.settings, self.context.clock
        tls = await asyncio.to_thread(_tls, verify=settings.verify) if place.url.secure else None
        if settings.method is Kind.NDT7:
            return Ndt7(place, clock, tls)
        if settings.method is Kind.HTTP:
            return HttpStreams(place, clock, Paths(settings.download_path, settings.upload_path))
        if settings.method is Kind.IPERF3:
            return Iperf3(place)
        return Trains(place, clock, tls, fill_buffer=settings.buffer)


def _tls(*, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _read_token(path: str) -> str:
    try:
        return Path(path).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, f"the token cannot be read: {error}") from error
