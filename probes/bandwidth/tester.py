"""One target's tests, one after the other: load, latency beside it, and what the host was doing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from netmon import sdk
from probes.bandwidth.latency import Latency, Pinger, batches_in, latency, ping_for
from probes.bandwidth.layers import Layer
from probes.bandwidth.limits import Evidence, limited_by
from probes.bandwidth.measured import Ask, Direction, Measured, Method
from probes.bandwidth.meter import Meter
from probes.bandwidth.record import Test, bought_rate
from probes.bandwidth.witness import Witness

_IDLE_SECONDS = 2.0
_PING_BYTES = 2 * 100
# What runs at the far end may be our own last test, whose end it has not heard of yet.
_BUSY_TRIES, _BUSY_SECONDS = 3, 1.5


@dataclass(slots=True)
class Tester:
    """Runs the tests of one target; `meter` is asked anew for each."""

    method: Method
    context: sdk.Context
    circuit: sdk.Circuit | None
    pinger: Pinger | None
    idle: Latency | None = field(default=None, init=False)

    async def idle_latency(self, meter: Meter) -> None:
        """Measure round trips before anything is sent."""
        if self.pinger is not None:
            trips = await ping_for(self.pinger, batches_in(_IDLE_SECONDS))
            meter.spend(len(trips) * _PING_BYTES)
            self.idle = latency(trips)

    async def test(self, ask: Ask, meter: Meter) -> Test:
        """Test one direction; SourceError when it found nothing, with the reason."""
        stamp, witness = self.context.clock.stamp(), Witness()
        measured, loaded = await self._loaded(ask, meter)
        host = await asyncio.to_thread(witness.state, measured.local_address)
        evidence = Evidence(ask.direction, measured, host, *self._contract(ask.direction))
        depth = measured.depth
        return Test(
            ask.direction,
            measured,
            host,
            limited_by(evidence),
            meter.spent_bytes,
            stamp,
            loaded,
            None if depth is None else depth.seconds,
            None if depth is None else depth.full,
        )

    async def _loaded(self, ask: Ask, meter: Meter) -> tuple[Measured, Latency | None]:
        """Run the load; of the latency beside it, its second half counts, when the queue is there."""
        if self.pinger is None:
            return await self._run(ask, meter), None
        clock = self.context.clock
        began = clock.boottime_ns() / 1e9
        pinging = asyncio.create_task(ping_for(self.pinger, batches_in(ask.seconds)))
        try:
            measured = await self._run(ask, meter)
            ended = clock.boottime_ns() / 1e9
            trips = await pinging
        finally:
            pinging.cancel()
        meter.spend(len(trips) * _PING_BYTES)
        return measured, latency(trips, (began + ended) / 2, ended)

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
