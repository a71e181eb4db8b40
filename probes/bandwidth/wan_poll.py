"""Have the router's counters read four times a second while a test runs, by who reads them anyway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from netmon import sdk
from probes.bandwidth.connections import TRACED
from probes.bandwidth.cross import LONGEST_QUIET_SECONDS, Others, OwnLoad, moves, others, settled, use_of
from probes.bandwidth.far_flow import far_flow
from probes.bandwidth.layers import Layer
from probes.bandwidth.measured import Direction, Measured
from probes.bandwidth.wan_port import PortCount, port_count

POLL_SECONDS = 0.25
_BEFORE_SECONDS, _FRESH = 3.0, 2
_AFTER_SECONDS = LONGEST_QUIET_SECONDS + 1.0
_OLDEST_SECONDS = 300.0
_MOST_COUNTS = 800
_LONGEST_TAIL_SECONDS = 0.5


@dataclass(slots=True)
class WanPoll:
    """The counts of a circuit's WAN port around one test of one direction, oldest first."""

    context: sdk.Context
    circuit: str
    direction: Direction
    counts: list[PortCount] = field(default_factory=list)
    _began_ns: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Poll as long as the block lasts; a port that nobody reads is not polled."""
        self._began_ns = self.context.clock.boottime_ns()
        self._look()
        if not self.counts:
            yield
            return
        polling = asyncio.create_task(self._poll())
        try:
            yield
        finally:
            polling.cancel()
            await asyncio.gather(polling, return_exceptions=True)

    async def before(self) -> float | None:
        """Wait for counts that move; return the line's use up to now, bit/s of IP; None: not known."""
        await self._until(
            lambda: self._fresh >= _FRESH and moves(self.counts, self._began_ns) > 0, _BEFORE_SECONDS
        )
        return use_of(self.counts) if self._fresh else None

    async def others(self, own: OwnLoad, before: float | None) -> Others:
        """Wait until the counters have all of the test; return what others had."""
        if not self.counts:
            return Others(problem=f"nobody reads the counters of circuit {self.circuit or '-'}")
        await self._until(lambda: settled(self.counts, own), _AFTER_SECONDS)
        return others(self.counts, own, before)

    @property
    def _fresh(self) -> int:
        return sum(one.time_ns >= self._began_ns for one in self.counts)

    async def _poll(self) -> None:
        while True:
            self.context.run_now(f"device/{self.counts[-1].device}")
            await asyncio.sleep(POLL_SECONDS)
            self._look()

    def _look(self) -> None:
        found = port_count(self.context.latest, self.circuit, self.direction) if self.circuit else None
        if found is None or (self.counts and found.time_ns <= self.counts[-1].time_ns):
            return
        if found.time_ns < self._began_ns - _OLDEST_SECONDS * 1e9:
            return
        self.counts = [*self.counts[-_MOST_COUNTS:], found]
        self._news.set()

    async def _until(self, reached: Callable[[], bool], seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.counts and not reached():
                    self._news.clear()
                    await self._news.wait()


def own_load(measured: Measured, began_ns: int, ended_ns: int, offset_ns: int, spent_bytes: int) -> OwnLoad:
    """Return what a test itself carried; `offset_ns` is wall time less CLOCK_BOOTTIME.

    Without a curve all that it spent is taken to be of its direction.
    """
    curve = measured.curve
    if curve is None or not curve.ticks:
        return OwnLoad([(began_ns, 0.0), (max(ended_ns, began_ns + 1), float(spent_bytes))])
    unit_bytes = measured.packet.convert(curve.unit_bytes, Layer.TCP, Layer.IP)
    first_ns = curve.began_ns - offset_ns
    arrived = [(first_ns + round(tick.seconds * 1e9), tick.units * unit_bytes) for tick in curve.ticks]
    begin = [(began_ns, 0.0)] if began_ns < arrived[0][0] else []
    return OwnLoad([*begin, *arrived], _tail_bytes(measured), _again_bytes(measured))


def _again_bytes(measured: Measured) -> float:
    """Return what this end sent again, as IP bytes."""
    if not measured.trace:
        return 0.0
    again_bytes = measured.trace[-1][1 + TRACED.index("bytes_retransmitted")]
    return measured.packet.convert(again_bytes, Layer.TCP, Layer.IP)


def _tail_bytes(measured: Measured) -> float:
    """Return what was under way when the test was ended: a trip of its rate."""
    sender = far_flow(measured.far_record) or measured.flow
    rate = measured.rate(Layer.IP)
    if sender is None or rate is None:
        return 0.0
    return rate / 8 * min(sender.rtt_seconds, _LONGEST_TAIL_SECONDS)
