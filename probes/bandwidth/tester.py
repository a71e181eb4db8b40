"""One target's tests, one after the other: load, latency beside it, and what the host was doing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from netmon import sdk
from probes.bandwidth.commission.instrument import Instrument
from probes.bandwidth.commission.labels import bucket_for, ceiling_of, described, labelled
from probes.bandwidth.cross import OwnLoad, in_layer
from probes.bandwidth.judge import CLEAN_BITS_PER_SECOND, CLEAN_RATIO, Inputs, judge
from probes.bandwidth.latency import Latency, Pinger, Trip, batches_in, latency, ping_for
from probes.bandwidth.layers import Layer
from probes.bandwidth.limits import Evidence, LimitedBy, cut_off, limited_by
from probes.bandwidth.manners import Refusal, too_busy
from probes.bandwidth.measured import Ask, Direction, Measured, Method
from probes.bandwidth.meter import Meter
from probes.bandwidth.record import Test, bought_rate
from probes.bandwidth.wan_poll import WanPoll, own_load
from probes.bandwidth.witness import Witness

_IDLE_SECONDS = 2.0
_PING_BYTES = 2 * 100
# What runs at the far end may be our own last test, whose end it has not heard of yet.
_BUSY_TRIES, _BUSY_SECONDS = 3, 1.5
_SHARED_SECONDS = 5.0


class LineBusyError(sdk.SourceError):
    """People use the line too much to be disturbed; `used` in bit/s of IP."""

    def __init__(self, refusal: Refusal, used: float | None) -> None:
        super().__init__(sdk.Outcome.BUSY, refusal.words)
        self.refusal, self.used = refusal, used


@dataclass(slots=True)
class Tester:
    """Runs the tests of one target; `meter` is asked anew for each."""

    method: Method
    context: sdk.Context
    circuit: sdk.Circuit | None
    pinger: Pinger | None
    instrument: Instrument | None = None
    method_name: str = ""
    idle: Latency | None = field(default=None, init=False)

    async def idle_latency(self, meter: Meter) -> None:
        """Measure round trips before anything is sent."""
        if self.pinger is not None:
            trips = await ping_for(self.pinger, batches_in(_IDLE_SECONDS))
            meter.spend(len(trips) * _PING_BYTES)
            self.idle = latency(trips)

    async def test(self, ask: Ask, meter: Meter, most_use_ratio: float) -> Test:
        """Test one direction; SourceError when it found nothing, with the reason.

        A line used for more than this share of the contract is left alone (LineBusyError); 0: none is.
        """
        poll = WanPoll(self.context, self._circuit_id, ask.direction)
        async with poll.running():
            before = await poll.before()
            self._leave_alone(ask.direction, before, most_use_ratio)
            stamp, witness = self.context.clock.stamp(), Witness()
            with self.context.loads.loading(self._circuit_id):
                measured, loaded = await self._loaded(self._longer(ask, before), meter)
            host = await asyncio.to_thread(witness.state, measured.local_address)
            found = await poll.others(self._own(measured, stamp, meter), before)
        depth = measured.depth
        test = Test(
            ask.direction,
            measured,
            host,
            spent_bytes=meter.spent_bytes,
            stamp=stamp,
            latency=loaded,
            buffer_seconds=None if depth is None else depth.seconds,
            buffer_full=None if depth is None else depth.full,
            others=found,
        )
        return self._judged(test)

    @property
    def _circuit_id(self) -> str:
        return self.circuit.id if self.circuit is not None else ""

    def _leave_alone(self, direction: Direction, used: float | None, most_use_ratio: float) -> None:
        contracted, _ = self._contract(direction)
        refusal = too_busy(used, contracted, most_use_ratio)
        if refusal is not None:
            raise LineBusyError(refusal, used)

    def _longer(self, ask: Ask, used: float | None) -> Ask:
        """Test a line that others use for seconds: in half a second nobody sees what they had meanwhile."""
        contracted, _ = self._contract(ask.direction)
        quiet = used is None or used <= max(CLEAN_RATIO * (contracted or 0), CLEAN_BITS_PER_SECOND)
        seconds = min(ask.seconds, _SHARED_SECONDS)
        return ask if quiet else replace(ask, seconds=seconds, until_steady=False)

    def _own(self, measured: Measured, stamp: sdk.Stamp, meter: Meter) -> OwnLoad:
        # By the offset of its beginning, as the curve is: the clock may have been set since.
        ended_ns, offset_ns = self.context.clock.boottime_ns(), stamp.wall_ms * 1_000_000 - stamp.boottime_ns
        return own_load(measured, stamp.boottime_ns, ended_ns, offset_ns, meter.spent_bytes)

    def _judged(self, test: Test) -> Test:
        """Add who limited it and what it proves, with what commissioning knows of instrument and line."""
        direction, (contracted, layer) = test.direction, self._contract(test.direction)
        bucket = bucket_for(self.instrument, direction, test.measured)
        measured = labelled(test.measured, self.instrument, direction, bucket)
        ceiling, shared = (
            ceiling_of(self.instrument, self.method_name, direction),
            in_layer(test.others, layer),
        )
        finding = limited_by(
            Evidence(direction, measured, test.host, contracted, layer, shared.high, ceiling, bucket)
        )
        inputs = Inputs(
            measured.rate(layer),
            contracted,
            shared.low,
            shared.high,
            test.others.problem,
            finding.limited_by,
            test.stamp.synced,
            measured.peak,
            measured.uncertainty_ratio,
            bucket_learned=self.instrument is not None and direction in self.instrument.buckets,
            cut_off=finding.limited_by is LimitedBy.POLICY and cut_off(measured),
        )
        return replace(
            test,
            measured=measured,
            finding=finding,
            judged=judge(inputs),
            instrument=described(self.instrument, direction, bucket),
        )

    async def _loaded(self, ask: Ask, meter: Meter) -> tuple[Measured, Latency | None]:
        """Run the load; of the latency beside it, its second half counts, when the queue is there."""
        if self.pinger is None:
            return await self._run(ask, meter), None
        clock = self.context.clock
        began_ns = clock.boottime_ns()
        offset_ns = clock.wall_ns() - began_ns
        trips: Sequence[Trip] = ()
        pinging = asyncio.create_task(ping_for(self.pinger, batches_in(ask.seconds)))
        try:
            measured = await self._run(ask, meter)
            begin, end = load_seconds(measured, began_ns, clock.boottime_ns(), offset_ns)
            with suppress(sdk.SourceError):  # pings that a full line would not take leave the test as it is
                trips = await pinging
        finally:
            pinging.cancel()
            await asyncio.gather(pinging, return_exceptions=True)
        meter.spend(len(trips) * _PING_BYTES)
        return measured, latency(trips, (begin + end) / 2, end)

    async def _run(self, ask: Ask, meter: Meter) -> Measured:
        """Run the method; where the far end is busy, ask again a moment later."""
        for left in reversed(range(_BUSY_TRIES)):
            try:
                return await self.method.run(ask, meter)
            except sdk.SourceError as error:
                if error.outcome != sdk.Outcome.BUSY or not left:
                    raise
                self.context.trace(f"{error}; asking again")
                await asyncio.sleep(_BUSY_SECONDS)
        raise AssertionError  # the last try returns or raises

    def _contract(self, direction: Direction) -> tuple[int | None, Layer]:
        circuit = self.circuit
        if circuit is None:
            return None, Layer.L2
        return bought_rate(circuit, direction), Layer(circuit.rate_layer)


def load_seconds(measured: Measured, began_ns: int, ended_ns: int, offset_ns: int) -> tuple[float, float]:
    """Return when the load ran (boot time, s): what came before and after it was no load.

    `offset_ns` is wall time less boot time when it began: the clock may have been set since.
    """
    if measured.curve is not None:
        began_ns = measured.curve.began_ns - offset_ns
        ended_ns = began_ns + round(measured.seconds * 1e9)
    return began_ns / 1e9, ended_ns / 1e9
