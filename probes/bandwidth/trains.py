"""Capacity by trains of UDP packets between two netmons: 0.1 to 2 MB where TCP takes 100."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from netmon import sdk
from probes.bandwidth.buffer_depth import buffer_depth
from probes.bandwidth.layers import Layer, PacketShape, full_packet
from probes.bandwidth.measured import Ask, Measured, Stop
from probes.bandwidth.meter import Meter
from probes.bandwidth.place import Place
from probes.bandwidth.train_search import TrainSearch
from probes.bandwidth.train_session import TrainSession, train_session
from probes.bandwidth.train_wire import PACKET_BYTES, Arrivals

MOST_BYTES = 2_000_000
# Packets are stamped in groups of 44 when they are sent: of fewer groups, the last one weighs too much.
_LONG_PACKETS = 200
# Small packets, too far apart to queue, and not in step with what a link does every 1, 2, 5 or 10 ms.
_SPARSE_PACKETS, _SPARSE_BYTES, _SPARSE_SECONDS = 24, 120, 0.0037


@dataclass(slots=True)
class Trains:
    """A client of one netmon's reflector."""

    place: Place
    clock: sdk.Clock
    tls: ssl.SSLContext | None
    fill_buffer: bool = False

    async def run(self, ask: Ask, meter: Meter) -> Measured:
        """Test one direction; SourceError where trains would not tell the truth, with the reason."""
        began = self.clock.monotonic()
        async with train_session(self.place, self.tls, meter) as session:
            search = TrainSearch(
                PACKET_BYTES, min(MOST_BYTES, meter.most_bytes), await self._jitter(session, ask)
            )
            sending = await self._send(session, search, ask, meter)
            found, depth = search.capacity(), None
            if self.fill_buffer and found is not None and not search.refusal:
                depth = await buffer_depth(session, ask.direction, found.bits_per_second, meter)
            record = await session.end()
        if search.refusal or found is None:
            reason = search.refusal or "no train could be timed"
            raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, f"trains are refused: {reason}")
        tcp = full_packet(self.place.resolved.version, PACKET_BYTES)
        return Measured(
            bits_per_second=found.bits_per_second,
            layer=Layer.IP,
            packet=PacketShape(tcp.payload_bytes, tcp.header_bytes),
            seconds=self.clock.monotonic() - began,
            stop=Stop.DONE,
            far_record=record,
            peak=True,
            uncertainty_ratio=found.uncertainty_ratio,
            server=self.place.server,
            local_address=session.local_address,
            depth=depth,
            details={
                "trains": found.trains,
                "jitter_seconds": search.jitter_seconds,
                "sending_ratio": median(sending) if sending else None,
            },
        )

    async def _send(
        self, session: TrainSession, search: TrainSearch, ask: Ask, meter: Meter
    ) -> Sequence[float]:
        """Have trains sent until there are enough; return how long they were being sent (sending_ratio)."""
        began, sending = self.clock.monotonic(), list[float]()
        while (train := search.next_train()) is not None:
            if not meter.allows(train.packets * PACKET_BYTES) or self._over(began, ask):
                break
            arrivals = await session.train(ask.direction, train.packets, PACKET_BYTES, train.bits_per_second)
            search.take(arrivals.stamps_ns)
            sending += sending_ratio(arrivals)
            meter.tell(f"{ask.direction}: a train of {train.packets}, {len(arrivals.numbers)} came")
        return sending

    def _over(self, began: float, ask: Ask) -> bool:
        return self.clock.monotonic() - began > ask.seconds

    async def _jitter(self, session: TrainSession, ask: Ask) -> float:
        """Return by how much delays vary (s) when nothing much is sent."""
        pace = _SPARSE_BYTES * 8 / _SPARSE_SECONDS
        return jitter_seconds(await session.train(ask.direction, _SPARSE_PACKETS, _SPARSE_BYTES, pace))


def sending_ratio(arrivals: Arrivals) -> Sequence[float]:
    """Return how long a train was being sent, as a share of how long it took to come; none of a short one."""
    if len(arrivals.numbers) < _LONG_PACKETS:
        return ()
    sent, came = (max(times) - min(times) for times in (arrivals.sent_ns, arrivals.stamps_ns))
    return (sent / came,) if came else ()


def jitter_seconds(arrivals: Arrivals) -> float:
    """Return by how much delays vary, in seconds; SourceError when too few packets came.

    Half of what the middle two thirds span: the standard deviation, were it not for single late wake-ups.
    """
    delays = [stamp - sent for stamp, sent in zip(arrivals.stamps_ns, arrivals.sent_ns, strict=True)]
    if len(delays) < _SPARSE_PACKETS // 2:
        raise sdk.SourceError(
            sdk.Outcome.UNSUPPORTED, f"of {_SPARSE_PACKETS} packets sent one by one {len(delays)} came"
        )
    delays.sort()
    return (delays[round(0.84 * (len(delays) - 1))] - delays[round(0.16 * (len(delays) - 1))]) / 2e9
