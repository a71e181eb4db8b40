"""What the router counted on a circuit's WAN port, as the newest values have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netmon import sdk
from probes.bandwidth.measured import Direction

FRAME_BYTES = 18
"""Counted in ifHCInOctets beside the packet: Ethernet header and check sequence (RFC 3635 §3.2.6)."""
FULL_PACKET_BYTES = 1500
_COUNTERS: Mapping[Direction, tuple[str, ...]] = {
    Direction.DOWN: ("ifHCInOctets", "ifHCInUcastPkts", "ifHCInMulticastPkts", "ifHCInBroadcastPkts"),
    Direction.UP: ("ifHCOutOctets", "ifHCOutUcastPkts", "ifHCOutMulticastPkts", "ifHCOutBroadcastPkts"),
}


@dataclass(frozen=True, slots=True)
class PortCount:
    """Octets and packets of a port in one direction, at a moment of CLOCK_BOOTTIME; `device` was asked."""

    time_ns: int
    epoch: int
    octets: int
    packets: int
    device: str = ""


@dataclass(frozen=True, slots=True)
class Carried:
    """What a port carried in between: Ethernet octets, packets, and how long it took."""

    octets: int
    packets: int
    seconds: float

    @property
    def ip_bytes(self) -> float:
        """Return bytes of IP packets: frames without header and check sequence."""
        packets = self.packets or self.octets / (FULL_PACKET_BYTES + FRAME_BYTES)
        return max(self.octets - packets * FRAME_BYTES, 0.0)

    @property
    def packet_bytes(self) -> float:
        """Return the mean IP packet; a full one where packets are not counted."""
        return self.ip_bytes / self.packets if self.packets else float(FULL_PACKET_BYTES)


def port_count(latest: sdk.LatestValues, circuit: str, direction: Direction) -> PortCount | None:
    """Return the newest count; None when the port or its octets are not known."""
    key = (("circuit", circuit),)
    reading = latest.reading("interface", key)
    if reading is None:
        return None
    at = next(at for at, row in enumerate(reading.shape.rows) if set(key) <= set(row.key))
    by_name = dict(zip((metric.name for metric in reading.shape.metrics), reading.columns, strict=True))
    octets, *packets = (by_name[name][at] if name in by_name else None for name in _COUNTERS[direction])
    if octets is None or packets[0] is None:
        return None
    return PortCount(
        reading.stamp.boottime_ns,
        reading.epochs[at] if reading.epochs else 0,
        int(octets),
        sum(int(one or 0) for one in packets),
        dict(reading.shape.rows[at].key).get("device", ""),
    )


def carried(before: PortCount, after: PortCount) -> Carried | None:
    """Return what was carried between two counts; None when they cannot be compared."""
    pairs = ((before.octets, after.octets), (before.packets, after.packets))
    grown = [
        sdk.increase(sdk.Count(old, before.time_ns, before.epoch), sdk.Count(new, after.time_ns, after.epoch))
        for old, new in pairs
    ]
    octets, packets = grown
    if octets is None or packets is None:
        return None
    return Carried(int(octets), int(packets), (after.time_ns - before.time_ns) / 1e9)
