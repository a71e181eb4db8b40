"""Delivery proven without a test: the router counted a minute near the contracted rate."""

from __future__ import annotations

from dataclasses import dataclass, field

from netmon import sdk
from probes.bandwidth.layers import Layer, PacketShape
from probes.bandwidth.measured import Direction
from probes.bandwidth.wan_port import PortCount, carried, port_count

PROOF_RATIO = 0.95
_SHORTEST_SECONDS, _LONGEST_SECONDS = 45.0, 300.0
_IP_TCP_BYTES = 52


@dataclass(frozen=True, slots=True)
class Minute:
    """What the WAN port carried in a direction over some seconds: bit/s of Ethernet, and the mean packet."""

    direction: Direction
    bits_per_second: float
    packet: PacketShape
    seconds: float

    def rate(self, layer: Layer) -> float:
        """Return the rate in bit/s of a layer; of TCP, as if all of it were TCP."""
        return self.packet.convert(self.bits_per_second, Layer.L2, layer)


@dataclass(slots=True)
class WanWatch:
    """Compares the newest counters of a circuit's WAN port with those of a minute before."""

    circuit: str
    _seen: dict[Direction, PortCount] = field(default_factory=dict)

    def look(self, latest: sdk.LatestValues, direction: Direction) -> Minute | None:
        """Return the last minute; None while there is none, or when its counters cannot be compared."""
        count, before = port_count(latest, self.circuit, direction), self._seen.get(direction)
        if count is None:
            return None
        if before is None:
            self._seen[direction] = count
            return None
        seconds = (count.time_ns - before.time_ns) / 1e9
        if seconds < _SHORTEST_SECONDS:
            return None
        self._seen[direction] = count
        grown = carried(before, count)
        if grown is None or not grown.packets or seconds > _LONGEST_SECONDS:
            return None
        packet = PacketShape(max(grown.packet_bytes - _IP_TCP_BYTES, 1.0), _IP_TCP_BYTES)
        return Minute(direction, grown.octets * 8 / seconds, packet, seconds)
