"""Rates by layer: the same traffic is 941 or 1000 Mbit/s, depending on what is counted. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# Ethernet header and check sequence (what ifHCInOctets counts, RFC 3635 §3.2.6), then preamble and gap.
_FRAME_BYTES, _WIRE_BYTES = 18, 20
TCP_HEADER_BYTES = 20
IP_HEADER_BYTES = {4: 20, 6: 40}
UDP_HEADER_BYTES = 8


class Layer(StrEnum):
    """What a rate counts: TCP payload, IP packets, Ethernet frames, or those with preamble and gap."""

    TCP = "TCP"
    IP = "IP"
    L2 = "L2"
    L1 = "L1"


@dataclass(frozen=True, slots=True)
class PacketShape:
    """Mean data packet of a test: TCP payload, and the headers of TCP and IP with their options.

    Frames are taken to be plain Ethernet: tags and PPPoE between router and line are not seen from here.
    """

    payload_bytes: float
    header_bytes: float

    def size_bytes(self, layer: Layer) -> float:
        """Return what one packet counts for in a layer."""
        ip_bytes = self.payload_bytes + self.header_bytes
        return {
            Layer.TCP: self.payload_bytes,
            Layer.IP: ip_bytes,
            Layer.L2: ip_bytes + _FRAME_BYTES,
            Layer.L1: ip_bytes + _FRAME_BYTES + _WIRE_BYTES,
        }[layer]

    def convert(self, rate: float, counted: Layer, wanted: Layer) -> float:
        """Return a rate that was counted in one layer as it is in another."""
        return rate * self.size_bytes(wanted) / self.size_bytes(counted)


def full_packet(version: int, mtu_bytes: int = 1500) -> PacketShape:
    """Return a full TCP packet with timestamps (RFC 7323) on a path of this MTU."""
    header_bytes = IP_HEADER_BYTES[version] + TCP_HEADER_BYTES + 12
    return PacketShape(mtu_bytes - header_bytes, header_bytes)
