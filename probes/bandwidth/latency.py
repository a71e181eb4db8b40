"""Latency beside a load: how long packets wait in a queue that the load has filled.

The probe's packets are few and stamped by the kernel: what they wait is the queue that exists (within 1 ms
of the referee's), whatever the load's own round trips say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Protocol

from netmon import sdk
from probes.binding import packet_info
from probes.echo import Train as EchoTrain
from probes.icmp_socket import EchoSockets, train_of_its_own
from probes.stamp_delay import quantile
from probes.stamp_packet import PORT as STAMP_PORT
from probes.stamp_session import Session, Train
from probes.stamp_socket import SenderSockets
from probes.stamp_time import HostTime
from probes.target import Resolved
from probes.timestamping import StampKeeper

SPACING_SECONDS, BATCH_PACKETS = 0.02, 25
_WAIT_SECONDS = 1.0
# Batches overlap, so that waiting for a lost packet leaves no gap.
_BATCH_SECONDS = SPACING_SECONDS * BATCH_PACKETS
GRADES = ((0.005, "A+"), (0.030, "A"), (0.060, "B"), (0.200, "C"), (0.400, "D"))


@dataclass(frozen=True, slots=True)
class Trip:
    """One packet: when it left (boot time, s), and its round trip (s; None: lost)."""

    at_seconds: float
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Latency:
    """Round trips of one phase (s), and what was lost of how many."""

    p50_seconds: float
    p95_seconds: float
    max_seconds: float
    min_seconds: float
    mean_seconds: float
    lost: int
    sent: int


class Pinger(Protocol):
    """Sends a batch of packets, 20 ms apart, and waits for what comes back."""

    async def batch(self) -> Sequence[Trip]:
        """Return the batch's packets. SourceError when nothing can be sent."""


@dataclass(slots=True)
class EchoPinger:
    """By ping."""

    sockets: EchoSockets
    resolved: Resolved
    circuit: sdk.Circuit | None
    clock: sdk.Clock

    async def batch(self) -> Sequence[Trip]:
        """Send half a second of echo requests."""
        gaps = (SPACING_SECONDS,) * (BATCH_PACKETS - 1)
        version, circuit = self.resolved.version, self.circuit
        shared = self.sockets.of(version)
        if circuit is not None and circuit.has_source and version == 6:
            train = EchoTrain(gaps, 32, 0, _WAIT_SECONDS)
            echoes = await train_of_its_own(self.resolved.address, train, self.clock, circuit, whole=False)
        elif shared is None:
            raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, "ping sockets are not permitted")
        else:
            train = EchoTrain(gaps, 32, 0, _WAIT_SECONDS, packet_info(version, circuit))
            echoes = await shared.train(self.resolved.address, train)
        return [
            Trip(echo.departure.boottime_ns / 1e9, echo.round_trip.seconds if echo.round_trip else None)
            for echo in echoes
            if echo.departure is not None
        ]


@dataclass(slots=True)
class StampPinger:
    """By STAMP, to a reflector on the same host."""

    sockets: SenderSockets
    resolved: Resolved
    circuit: sdk.Circuit | None
    clock: sdk.Clock
    host: HostTime = field(default_factory=HostTime)

    async def batch(self) -> Sequence[Trip]:
        """Send half a second of test packets."""
        socket = self.sockets.of(self.resolved.version)
        leave_by = packet_info(self.resolved.version, self.circuit)
        session = Session((self.resolved.address, STAMP_PORT), self.host)
        train = Train(session, socket, self.clock, leave_by)
        try:
            await train.depart((0.0,) + (SPACING_SECONDS,) * (BATCH_PACKETS - 1))
            await train.wait_for_all(_WAIT_SECONDS)
        finally:
            train.close()
        return [
            Trip(
                asked.departure.boottime_ns / 1e9,
                asked.delay.round_trip_ns / 1e9 if asked.delay is not None else None,
            )
            for asked in train.end().asked
        ]


async def make_pinger(
    kind: str, context: sdk.Context, resolved: Resolved, circuit: sdk.Circuit | None
) -> Pinger:
    """Return what measures latency: `stamp` or `icmp`."""
    await context.shared.get(StampKeeper)
    if kind == "stamp":
        return StampPinger(await context.shared.get(SenderSockets), resolved, circuit, context.clock)
    return EchoPinger(await context.shared.get(EchoSockets), resolved, circuit, context.clock)


async def ping_for(pinger: Pinger, batches: int) -> list[Trip]:
    """Return the packets of so many batches, one begun every half second."""
    sending = [asyncio.create_task(_later(pinger, number)) for number in range(batches)]
    try:
        found = await asyncio.gather(*sending)
    finally:
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
    return [trip for trips in found for trip in trips]


async def _later(pinger: Pinger, number: int) -> Sequence[Trip]:
    await asyncio.sleep(number * _BATCH_SECONDS)
    return await pinger.batch()


def batches_in(seconds: float) -> int:
    """Return how many batches fit into a time."""
    return max(1, int(seconds / _BATCH_SECONDS))


def latency(trips: Sequence[Trip], since_seconds: float = 0.0, until_seconds: float = 1e18) -> Latency | None:
    """Return what the packets that left in a time say; None when none of them came back."""
    asked = [trip for trip in trips if since_seconds <= trip.at_seconds < until_seconds]
    came = sorted(trip.seconds for trip in asked if trip.seconds is not None)
    if not came:
        return None
    return Latency(
        quantile(came, 0.5) or came[0],
        quantile(came, 0.95) or came[-1],
        came[-1],
        came[0],
        fmean(came),
        len(asked) - len(came),
        len(asked),
    )


def grade(idle: Latency, loaded: Sequence[Latency]) -> str:
    """Return the bufferbloat grade of DSLReports: by the mean rise of round trips under load."""
    rise = fmean(max(one.mean_seconds - idle.mean_seconds, 0.0) for one in loaded)
    return next((name for limit, name in GRADES if rise < limit), "F")
