"""Look at a running transfer ten times a second, and end it: steady, out of time, or out of bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence

from netmon import sdk
from probes.bandwidth.connections import Connections
from probes.bandwidth.curve import BIN_SECONDS, Curve
from probes.bandwidth.layers import Layer
from probes.bandwidth.measured import Ask, Measured, Stop
from probes.bandwidth.meter import Meter
from probes.error_queue import failure

_TOLD_EVERY = 5
_CHECKS = 5
# A flow that begins doubles, and a busy machine looks late.
_NEXT_MOMENT = 3
_BEGINNING_SECONDS = 1.0


class Sampling:
    """One transfer's curve, from the moment it was made."""

    def __init__(self, ask: Ask, meter: Meter, clock: sdk.Clock, connections: Connections) -> None:
        self._ask, self._meter, self._clock, self._connections = ask, meter, clock, connections
        self._began = clock.monotonic()
        self.curve = Curve(clock.wall_ns())
        self.curve.add(0.0, 0)
        self._trace: list[tuple[float, ...]] = []

    @property
    def seconds(self) -> float:
        """Return how long it has taken."""
        return self._clock.monotonic() - self._began

    async def watch(self) -> Stop:
        """Return when the transfer has to end, and why."""
        looks = 0
        while True:
            if await self._wait_for_bin():
                self.look()
                return Stop.BYTES
            self.look()
            looks += 1
            if looks % _TOLD_EVERY == 0:
                self._tell()
            if self._ask.until_steady and self.curve.steady:
                return Stop.STEADY
            if self.seconds + BIN_SECONDS > self._ask.seconds:
                return Stop.TIME

    async def _wait_for_bin(self) -> bool:
        """Wait until the bin is over; True when the bytes that are left might not do for another moment."""
        for _ in range(_CHECKS):
            await asyncio.sleep(BIN_SECONDS / _CHECKS)
            self._connections.look()
            # A flow that begins doubles from trip to trip: the next moment may cost as much and more.
            grown_bytes = self._meter.note_total(self._connections.wire_bytes)
            if not self._meter.allows(_NEXT_MOMENT * grown_bytes):
                return True
        return False

    def look(self) -> None:
        """Add a tick."""
        self._connections.look()
        self.curve.add(self.seconds, self._connections.arrived)
        self._trace.append((self.seconds, *self._connections.looked()))
        self._meter.note_total(self._connections.wire_bytes)

    def measured(self, stop: Stop, server: str) -> Measured:
        """Return what was found."""
        self.curve.unit_bytes = self._connections.unit_bytes
        rate = self.curve.bytes_per_second()
        seconds = self.curve.ticks[-1].seconds
        return Measured(
            bits_per_second=None if rate is None else rate * 8,
            layer=Layer.TCP,
            packet=self._connections.packet,
            seconds=seconds,
            stop=stop,
            curve=self.curve,
            flow=self._connections.flow(seconds),
            server=server,
            local_address=self._connections.local_address,
            trace=tuple(self._trace),
        )

    def _tell(self) -> None:
        rates = self.curve.rates()
        rate = rates[-1] * self._connections.unit_bytes * 8 / 1e6 if rates else 0.0
        spent = self._meter.spent_bytes / 1e6
        self._meter.tell(f"{self._ask.direction}: {self.seconds:.1f} s, {rate:.2f} Mbit/s, {spent:.2f} MB")


async def transfer(sampling: Sampling, transfers: Sequence[Coroutine[object, object, None]]) -> Stop:
    """Run transfers, which would never end by themselves, until sampling says so; cancel what is left.

    One that fails in its first second raises, with the reason; later its end is the far end's.
    """
    watching = asyncio.create_task(sampling.watch())
    running = [asyncio.create_task(one) for one in transfers]
    try:
        done, _ = await asyncio.wait([watching, *running], return_when=asyncio.FIRST_COMPLETED)
        if watching in done:
            return watching.result()
        sampling.look()
        for task in done:
            error = task.exception()
            if error is not None and not isinstance(error, sdk.SourceError | OSError):
                raise error
            if error is not None and sampling.seconds < _BEGINNING_SECONDS:
                raise failure(error, "the connection") if isinstance(error, OSError) else error
        return Stop.FAR_END
    finally:
        for task in (watching, *running):
            task.cancel()
        await asyncio.gather(watching, *running, return_exceptions=True)
