"""Send one flow's packets to every hop of its way, round after round, and wait for who answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from netmon import sdk
from probes.path_answer import Kind, Packet
from probes.path_hops import loops
from probes.path_socket import Door

_BLOCK = 4
"""Packets that go out together while the length is not known: what goes too far all hits the target."""
_SILENT_HOPS = 5
"""So many hops that say nothing, one after the other, are the end of what can be seen."""
_BEYOND = 2
"""How far past the last hop that answered later rounds look, where the target was not found."""
_GRACE_SECONDS, _GRACE_FACTOR = 0.1, 3.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How to trace: rounds and the pause between them, and how long anything is waited for.

    `until` is when all must be over, by the clock's monotonic().
    """

    rounds: int
    max_hops: int
    wait_seconds: float
    spacing_seconds: float
    until: float


class Tracer:
    """One trace of one flow."""

    def __init__(self, door: Door, plan: Plan, context: sdk.Context) -> None:
        self._door = door
        self._plan = plan
        self._clock = context.clock
        self._random = context.random
        self._packets: list[Packet] = []

    async def run(self) -> Sequence[Packet]:
        """Find the hops, ask each again in later rounds, and return all packets in the order of sending."""
        alone = self._door.alone
        await self._discover()
        if self._door.alone and not alone:
            # A router quotes too little to tell packets apart: begin again, one at a time.
            self._packets.clear()
            await self._discover()
        for _ in range(self._plan.rounds - 1):
            await asyncio.sleep(
                min(self._plan.spacing_seconds * self._random.uniform(0.5, 1.5), self._left_seconds)
            )
            await self._again()
        await self._settle()
        return self._packets

    @property
    def _left_seconds(self) -> float:
        return max(self._plan.until - self._clock.monotonic(), 0.0)

    async def _discover(self) -> None:
        first, past = 1, self._plan.max_hops + 1
        while first < past and self._left_seconds:
            size = 1 if self._door.alone else _BLOCK
            await self._ask(range(first, min(first + size, past)))
            if self._ended():
                return
            first += size

    async def _again(self) -> None:
        """Ask every hop once more; one packet at a time, silent hops would cost a whole wait each."""
        answering = {packet.hop_limit for packet in self._packets if packet.answer is not None}
        hops = range(1, self._top() + 1)
        if not self._door.alone:
            if self._left_seconds:
                self._send(hops)
            return
        for hop_limit in hops:
            if hop_limit in answering and self._left_seconds:
                await self._ask((hop_limit,))

    async def _settle(self) -> None:
        """Wait for the last answers: a little for hops that never gave one, as long as planned for others."""
        await self._hear(self._packets, self._grace_seconds())
        answering = {packet.hop_limit for packet in self._packets if packet.answer is not None}
        await self._hear([p for p in self._packets if p.hop_limit in answering], self._plan.wait_seconds)

    async def _ask(self, hop_limits: Iterable[int]) -> None:
        await self._hear(self._send(hop_limits), self._plan.wait_seconds)

    def _send(self, hop_limits: Iterable[int]) -> Sequence[Packet]:
        sent = [self._door.send(hop_limit) for hop_limit in hop_limits]
        self._packets += sent
        return sent

    async def _hear(self, packets: Sequence[Packet], wait_seconds: float) -> None:
        """Wait for answers: that long for the first, and then a little longer than the slowest one took.

        Packets that are given up here are still answered later, as long as the trace lasts.
        """
        until = self._clock.monotonic() + min(wait_seconds, self._left_seconds)
        while open_ones := [packet.answered for packet in packets if not packet.answered.done()]:
            left_seconds = until - self._clock.monotonic()
            if left_seconds <= 0:
                break
            heard, _ = await asyncio.wait(
                open_ones, timeout=left_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if heard:
                until = min(until, self._clock.monotonic() + self._grace_seconds())
        self._door.drain()

    def _grace_seconds(self) -> float:
        trips = [packet.round_trip for packet in self._packets]
        slowest = max((trip.seconds for trip in trips if trip is not None), default=0.0)
        return min(_GRACE_SECONDS + _GRACE_FACTOR * slowest, self._plan.wait_seconds)

    def _ended(self) -> bool:
        answers = {packet.hop_limit: packet.answer for packet in self._packets}
        if any(answer is not None and answer.kind is not Kind.HOP for answer in answers.values()):
            return True
        tail = list(answers.values())[-_SILENT_HOPS:]
        silent = len(tail) == _SILENT_HOPS and not any(tail)
        return silent or loops([(answer.address,) if answer else () for answer in answers.values()])

    def _top(self) -> int:
        """Return the last hop that is worth asking: the target, or a little past what is known."""
        ends = [p.hop_limit for p in self._packets if p.answer and p.answer.kind is not Kind.HOP]
        if ends:
            return min(ends)
        last = max((p.hop_limit for p in self._packets if p.answer), default=0)
        return min(last + _BEYOND, self._plan.max_hops)


async def trace_all(tracers: Iterable[Tracer]) -> Sequence[Sequence[Packet]]:
    """Trace flows side by side; when one fails, the others have ended before the error is raised."""
    tracing = [asyncio.create_task(tracer.run()) for tracer in tracers]
    try:
        return await asyncio.gather(*tracing)
    finally:
        for task in tracing:
            task.cancel()
        await asyncio.gather(*tracing, return_exceptions=True)
