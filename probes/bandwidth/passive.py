"""Delivery proven without a test: the router counted a minute near the contracted rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from netmon import sdk
from probes.bandwidth.layers import Layer, PacketShape
from probes.bandwidth.measured import Direction

PROOF_RATIO = 0.95
_SHORTEST_SECONDS, _LONGEST_SECONDS = 45.0, 300.0
_ETHERNET_BYTES = 18  # counted in ifHCInOctets (RFC 3635 §3.2.6): header and check sequence
_IP_TCP_BYTES = 52
_COUNTERS: Mapping[Direction, tuple[str, ...]] = {
    Direction.DOWN: ("ifHCInOctets", "ifHCInUcastPkts", "ifHCInMulticastPkts", "ifHCInBroadcastPkts"),
    Direction.UP: ("ifHCOutOctets", "ifHCOutUcastPkts", "ifHCOutMulticastPkts", "ifHCOutBroadcastPkts"),
}


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
    _seen: dict[Direction, tuple[sdk.Count, ...]] = field(default_factory=dict)

    def look(self, latest: sdk.LatestValues, direction: Direction) -> Minute | None:
        """Return the last minute; None while there is none, or when its counters cannot be compared."""
        counts = self._counts(latest, direction)
        before = self._seen.get(direction)
        if counts is None:
            return None
        if before is None:
            self._seen[direction] = counts
            return None
        seconds = (counts[0].time_ns - before[0].time_ns) / 1e9
        if seconds < _SHORTEST_SECONDS:
            return None
        self._seen[direction] = counts
        grown = [sdk.increase(old, new) for old, new in zip(before, counts, strict=True)]
        octets, packets = grown[0], sum(one or 0 for one in grown[1:])
        if octets is None or not packets or seconds > _LONGEST_SECONDS:
            return None
        payload_bytes = max(octets / packets - _ETHERNET_BYTES - _IP_TCP_BYTES, 1.0)
        return Minute(direction, octets * 8 / seconds, PacketShape(payload_bytes, _IP_TCP_BYTES), seconds)

    def _counts(self, latest: sdk.LatestValues, direction: Direction) -> tuple[sdk.Count, ...] | None:
        """Return octets and packets by kind; None when the port or its octets are not known."""
        key = (("circuit", self.circuit),)
        reading = latest.reading("interface", key)
        if reading is None:
            return None
        at = next(at for at, row in enumerate(reading.shape.rows) if set(key) <= set(row.key))
        by_name = dict(zip((metric.name for metric in reading.shape.metrics), reading.columns, strict=True))
        epoch = reading.epochs[at] if reading.epochs else 0
        values = [by_name[name][at] if name in by_name else None for name in _COUNTERS[direction]]
        if values[0] is None or values[1] is None:
            return None
        return tuple(sdk.Count(value or 0, reading.stamp.boottime_ns, epoch) for value in values)
