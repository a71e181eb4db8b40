"""One direction of a line, tested long enough to empty what its supplier lets through at once."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass, replace

from netmon import sdk
from probes.bandwidth.commission.token_bucket import Bucket, learn
from probes.bandwidth.http_streams import HttpStreams, Paths
from probes.bandwidth.layers import Layer
from probes.bandwidth.measured import Ask, Direction, Measured
from probes.bandwidth.meter import Meter
from probes.bandwidth.ndt7 import Ndt7
from probes.bandwidth.place import Place
from probes.bandwidth.train_session import train_session
from probes.bandwidth.train_wire import PACKET_BYTES
from probes.bandwidth.trains import Trains
from probes.bandwidth.witness import HostState, Witness

_STREAMS = 4
_TRAIN_SECONDS = 10.0
# A bucket too small for TCP shows as trains that are so much faster.
_FASTER_RATIO = 1.05
_OVERLOAD, _LONGEST_PACKETS = 1.5, 4000
_SMALL_BYTES = _LONGEST_PACKETS * PACKET_BYTES // 4
# Below this share of a core, what a test cost says little of what a faster one would.
_TELLING_RATIO = 0.2


@dataclass(frozen=True, slots=True)
class PathFinding:
    """What was learned of one direction; rates in bit/s of IP."""

    method: str
    measured: Measured
    host: HostState
    spent_bytes: int
    trains_bits_per_second: float | None
    bucket: Bucket | None

    @property
    def ceiling_bits_per_second(self) -> float | None:
        """Return what one core would carry at this cost (TCP); None when the test was too light to tell."""
        rate, share = self.measured.rate(Layer.TCP), self.host.own_core_ratio
        return rate / share if rate is not None and share is not None and share >= _TELLING_RATIO else None


@dataclass(frozen=True, slots=True)
class PathTest:
    """Tests one place; `tls` is None for a server without.

    What was drawn from a bucket comes back at its sustained rate: for `refill_seconds` nothing is sent.
    """

    context: sdk.Context
    place: Place
    tls: ssl.SSLContext | None
    seconds: float
    refill_seconds: float = 4.0

    async def run(self, direction: Direction, meter: Meter) -> PathFinding:
        """Test a direction; SourceError when nothing could be measured."""
        peak = await self._by_trains(direction, meter)
        await asyncio.sleep(self.refill_seconds)
        name = "http" if self.tls is None else "ndt7"
        clock = self.context.clock
        method = Ndt7(self.place, clock, self.tls) if self.tls else HttpStreams(self.place, clock, Paths())
        witness = Witness()
        measured = await method.run(Ask(direction, self.seconds, _STREAMS, until_steady=False), meter)
        host = witness.state(measured.local_address)
        bucket = bucket_of(measured)
        sustained = measured.rate(Layer.IP)
        small = bucket is None or bucket.burst_bytes < _SMALL_BYTES
        if small and peak and sustained and peak > _FASTER_RATIO * sustained:
            bucket = await self._small_bucket(direction, peak, meter) or bucket
        if bucket is not None and peak is not None:
            bucket = replace(bucket, peak_bits_per_second=max(peak, bucket.peak_bits_per_second))
        return PathFinding(name, measured, host, meter.spent_bytes, peak, bucket)

    async def _by_trains(self, direction: Direction, meter: Meter) -> float | None:
        """Return the peak rate by trains; None where the far end or the line has none."""
        trains = Trains(self.place, self.context.clock, self.tls)
        try:
            found = await trains.run(Ask(direction, _TRAIN_SECONDS, 1, until_steady=True), meter)
        except sdk.SourceError as error:
            self.context.trace(f"{direction}: {error}")
            return None
        return found.rate(Layer.IP)

    async def _small_bucket(self, direction: Direction, peak: float, meter: Meter) -> Bucket | None:
        """Empty a bucket by one long train; None when none shows, or there are no bytes left for it."""
        if not meter.allows(_LONGEST_PACKETS * PACKET_BYTES):
            return None
        await asyncio.sleep(self.refill_seconds)
        with suppress(sdk.SourceError):
            async with train_session(self.place, self.tls, meter) as session:
                arrivals = await session.train(direction, _LONGEST_PACKETS, PACKET_BYTES, _OVERLOAD * peak)
                await session.end()
            stamps = sorted(arrivals.stamps_ns)
            return learn([((at - stamps[0]) / 1e9, n * PACKET_BYTES) for n, at in enumerate(stamps)])
        return None


def bucket_of(measured: Measured) -> Bucket | None:
    """Return the bucket that a test emptied (IP); None: it met none, or has no curve."""
    if measured.curve is None:
        return None
    unit = measured.packet.convert(measured.curve.unit_bytes, Layer.TCP, Layer.IP)
    return learn([(tick.seconds, tick.units * unit) for tick in measured.curve.ticks])
