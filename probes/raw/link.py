"""Read what switches say of themselves: LLDP (IEEE 802.1AB-2016 §8) and CDP, from frames of anybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from netmon import sdk
from probes.raw.frames import mac_text

_ETHERTYPE_LLDP = b"\x88\xcc"
_ETHERNET_BYTES = 14
# LLC and SNAP of CDP: DSAP, SSAP, control, Cisco's organisation code, protocol 0x2000.
_SNAP_CDP = b"\xaa\xaa\x03\x00\x00\x0c\x20\x00"
_TLVS_MAX = 128

# LLDP TLV types; subtypes of chassis and port identifiers that are not text.
_END, _CHASSIS, _PORT, _TTL, _PORT_TEXT, _NAME, _SYSTEM, _CAPABILITIES, _MANAGEMENT = range(9)
_CHASSIS_MAC, _CHASSIS_ADDRESS = 4, 5
_PORT_MAC, _PORT_ADDRESS = 3, 4
_FAMILY_BYTES = {1: 4, 2: 16}  # IANA address family numbers: IPv4, IPv6

# CDP TLV types.
_CDP_DEVICE, _CDP_ADDRESSES, _CDP_PORT, _CDP_VERSION, _CDP_PLATFORM = 1, 2, 3, 5, 6
_CDP_IPV4 = b"\x01\x01\xcc\x00\x04"  # protocol type NLPID, length 1, IP; address length 4


@dataclass(frozen=True, slots=True)
class LinkNeighbour:
    """The device at the other end of a cable, in its own words; what it left out is empty."""

    protocol: str
    chassis: str
    port: str
    ttl_seconds: int
    port_text: str = ""
    name: str = ""
    system: str = ""
    management: tuple[str, ...] = ()


def link_neighbour(frame: bytes) -> LinkNeighbour | None:
    """Read a frame; None when it is neither LLDP nor CDP, or breaks its protocol."""
    if frame[12:14] == _ETHERTYPE_LLDP:
        return _lldp(frame[_ETHERNET_BYTES:])
    if frame[14:22] == _SNAP_CDP:
        return _cdp(frame[22:])
    return None


def _lldp(data: bytes) -> LinkNeighbour | None:
    tlvs = list(_lldp_tlvs(data))
    # §8.2: these three come first, in this order.
    if [kind for kind, _ in tlvs[:3]] != [_CHASSIS, _PORT, _TTL] or len(tlvs[2][1]) < 2:
        return None
    texts = {kind: sdk.clean(value) for kind, value in tlvs if kind in (_PORT_TEXT, _NAME, _SYSTEM)}
    return LinkNeighbour(
        "lldp",
        _identifier(tlvs[0][1], _CHASSIS_MAC, _CHASSIS_ADDRESS),
        _identifier(tlvs[1][1], _PORT_MAC, _PORT_ADDRESS),
        int.from_bytes(tlvs[2][1][:2], "big"),
        texts.get(_PORT_TEXT, ""),
        texts.get(_NAME, ""),
        texts.get(_SYSTEM, ""),
        tuple(filter(None, (_management(value) for kind, value in tlvs if kind == _MANAGEMENT))),
    )


def _lldp_tlvs(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield type and value until the end TLV, the end of the frame, or one that is cut off."""
    at = 0
    for _ in range(_TLVS_MAX):
        head = int.from_bytes(data[at : at + 2], "big")
        kind, size = head >> 9, head & 0x1FF
        value = data[at + 2 : at + 2 + size]
        if at + 2 > len(data) or kind == _END or len(value) < size:
            return
        yield kind, value
        at += 2 + size


def _identifier(value: bytes, mac_subtype: int, address_subtype: int) -> str:
    if not value:
        return ""
    subtype, octets = value[0], value[1:]
    if subtype == mac_subtype and len(octets) == 6:
        return mac_text(octets)
    if subtype == address_subtype and octets:
        return _address(octets[0], octets[1:]) or octets.hex()
    return sdk.clean(octets)


def _management(value: bytes) -> str:
    """Return a management address; empty when it is none that we know (§8.5.9: length, family, address)."""
    if len(value) < 2 or len(value) < 1 + value[0]:
        return ""
    return _address(value[1], value[2 : 1 + value[0]])


def _address(family: int, octets: bytes) -> str:
    return str(ip_address(octets)) if _FAMILY_BYTES.get(family) == len(octets) else ""


def _cdp(data: bytes) -> LinkNeighbour | None:
    """Read CDP: version, time to live, checksum, then type, length with header, value."""
    if len(data) < 4:
        return None
    tlvs: dict[int, bytes] = {}
    at = 4
    for _ in range(_TLVS_MAX):
        kind, size = (int.from_bytes(data[at + part : at + part + 2], "big") for part in (0, 2))
        if size < 4 or at + size > len(data):
            break
        tlvs.setdefault(kind, data[at + 4 : at + size])
        at += size
    device, port = sdk.clean(tlvs.get(_CDP_DEVICE, b"")), sdk.clean(tlvs.get(_CDP_PORT, b""))
    if not device or not port:
        return None
    system = " ".join(sdk.clean(tlvs[kind]) for kind in (_CDP_PLATFORM, _CDP_VERSION) if kind in tlvs)
    addresses = tuple(_cdp_addresses(tlvs.get(_CDP_ADDRESSES, b"")))
    return LinkNeighbour("cdp", device, port, data[1], name=device, system=system[:255], management=addresses)


def _cdp_addresses(data: bytes) -> Iterator[str]:
    """Yield the IPv4 addresses of a list that begins with their number."""
    at = 4
    for _ in range(min(int.from_bytes(data[:4], "big"), 16)):
        # Protocol type, protocol length, protocol (0xcc: IP), address length as 16 bits, address.
        if data[at : at + 5] != _CDP_IPV4 or len(data) < at + 9:
            return
        yield str(ip_address(data[at + 5 : at + 9]))
        at += 9
