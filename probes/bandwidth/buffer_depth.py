"""How deep the buffer before the narrowest link is: fill it by a burst, and see what the last packets waited.

Three times what the line carries, until something is lost: for one buffer's time, not for ten seconds. A
queue that is managed (CoDel, CAKE) loses before it is full, and shows less than its size.
"""

from __future__ import annotations

from probes.bandwidth.measured import Depth, Direction
from probes.bandwidth.meter import Meter
from probes.bandwidth.train_session import TrainSession
from probes.bandwidth.train_talk import MOST_PACKETS
from probes.bandwidth.train_wire import PACKET_BYTES, Arrivals

_OVERLOAD = 3.0
_FIRST_SECONDS = 0.02
# A loss here and there is the line's; so many in a row are a buffer that is full.
_FULL_RATIO = 0.03


async def buffer_depth(
    session: TrainSession, direction: Direction, bits_per_second: float, meter: Meter
) -> Depth | None:
    """Fill the buffer before a line of this capacity (IP); None when no packet came."""
    packets = max(20, int(_FIRST_SECONDS * _OVERLOAD * bits_per_second / 8 / PACKET_BYTES))
    found: Depth | None = None
    while packets <= MOST_PACKETS and meter.allows(packets * PACKET_BYTES):
        arrivals = await session.train(direction, packets, PACKET_BYTES, _OVERLOAD * bits_per_second)
        found = depth_of(arrivals, packets) or found
        if found is not None and found.full:
            break
        packets *= 2
    return found


def depth_of(arrivals: Arrivals, packets: int) -> Depth | None:
    """Return how much longer than the fastest packet the slowest took; None when nothing came."""
    delays = [stamp - sent for stamp, sent in zip(arrivals.stamps_ns, arrivals.sent_ns, strict=True)]
    if not delays:
        return None
    lost_ratio = 1 - len(delays) / packets
    return Depth((max(delays) - min(delays)) / 1e9, lost_ratio > _FULL_RATIO)
