"""Read the frames that answer ARP, neighbour and DHCP questions; None for everything else.

Anybody on the LAN can send anything: every length is checked, and no text is taken over.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

_ETHERNET_BYTES = 14
_ARP = struct.Struct("!HHBBH6s4s6s4s")  # RFC 826
_ETHERTYPE_ARP, _ETHERTYPE_IPV4, _ETHERTYPE_IPV6 = b"\x08\x06", b"\x08\x00", b"\x86\xdd"
_ICMPV6, _ECHO_REPLY = 58, 129  # RFC 4443 §4.2
_UDP, _DHCP_CLIENT = 17, 68
_BOOTP_BYTES, _COOKIE = 236, b"\x63\x82\x53\x63"  # RFC 2131 §2, RFC 2132 §2
_PAD, _ROUTER, _DNS, _LEASE, _KIND, _SERVER, _END = 0, 3, 6, 51, 53, 54, 255
_OFFER = b"\x02"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A host on the link: hardware address (aa:bb:...) and IP address."""

    mac: str
    address: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What a DHCP server offered: its identifier, the frame's sender, the address, and what came with it."""

    server: str
    mac: str
    address: str
    routers: tuple[str, ...]
    resolvers: tuple[str, ...]
    lease_seconds: int | None


def mac_text(octets: bytes) -> str:
    """Return a hardware address as people write it."""
    return octets.hex(":")


def arp_answer(frame: bytes) -> Neighbour | None:
    """Read an ARP message that says who has an address."""
    if frame[12:14] != _ETHERTYPE_ARP or len(frame) < _ETHERNET_BYTES + _ARP.size:
        return None
    hardware, protocol, mac_bytes, address_bytes, _operation, mac, address, *_target = _ARP.unpack_from(
        frame, _ETHERNET_BYTES
    )
    if (hardware, protocol, mac_bytes, address_bytes) != (1, 0x0800, 6, 4) or not any(address):
        return None
    return Neighbour(mac_text(mac), str(IPv4Address(address)))


def echo_answer(frame: bytes) -> Neighbour | None:
    """Read an ICMPv6 echo reply without extension headers."""
    if frame[12:14] != _ETHERTYPE_IPV6 or len(frame) < _ETHERNET_BYTES + 48:
        return None
    if frame[20] != _ICMPV6 or frame[54] != _ECHO_REPLY:
        return None
    return Neighbour(mac_text(frame[6:12]), str(IPv6Address(frame[22:38])))


def dhcp_offer(frame: bytes, transaction: bytes | None = None) -> Offer | None:
    """Read a DHCPOFFER, of that transaction if one is given."""
    message = _dhcp_message(frame)
    if message is None or (transaction is not None and message[4:8] != transaction):
        return None
    options = _options(message[_BOOTP_BYTES + 4 :])
    server = options.get(_SERVER, b"")
    if options.get(_KIND) != _OFFER or len(server) != 4:
        return None
    lease = options.get(_LEASE, b"")
    return Offer(
        str(IPv4Address(server)),
        mac_text(frame[6:12]),
        str(IPv4Address(message[16:20])),
        _addresses(options.get(_ROUTER, b"")),
        _addresses(options.get(_DNS, b"")),
        int.from_bytes(lease, "big") if len(lease) == 4 else None,
    )


def _dhcp_message(frame: bytes) -> bytes | None:
    """Return what a UDP datagram to a DHCP client carries."""
    if frame[12:14] != _ETHERTYPE_IPV4 or len(frame) < _ETHERNET_BYTES + 20:
        return None
    header_bytes = (frame[_ETHERNET_BYTES] & 0x0F) * 4
    start = _ETHERNET_BYTES + header_bytes
    if frame[_ETHERNET_BYTES + 9] != _UDP or frame[start + 2 : start + 4] != _DHCP_CLIENT.to_bytes(2, "big"):
        return None
    message = frame[start + 8 :]
    return message if message[_BOOTP_BYTES : _BOOTP_BYTES + 4] == _COOKIE else None


def _options(data: bytes) -> dict[int, bytes]:
    """Return options by code; what is cut off is left out."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data) and data[at] != _END:
        if data[at] == _PAD:
            at += 1
            continue
        if at + 1 >= len(data):
            break
        value = data[at + 2 : at + 2 + data[at + 1]]
        if len(value) == data[at + 1]:
            found.setdefault(data[at], value)
        at += 2 + data[at + 1]
    return found


def _addresses(data: bytes) -> tuple[str, ...]:
    return tuple(str(IPv4Address(data[at : at + 4])) for at in range(0, len(data) - 3, 4))
