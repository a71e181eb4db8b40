"""A neighbour as a device tells of it by LLDP or CDP, and the identifiers that such protocols use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from netmon import sdk

_PAIRS: Final = re.compile(r"[0-9A-Fa-f]{2}(?:([:\- .])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}")
_BARE: Final = re.compile(r"[0-9A-Fa-f]{12}")
_DOTTED: Final = re.compile(r"(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}")
_FAMILY_OCTETS: Final = {1: 4, 2: 16}
"""IANA address family numbers, and how long their addresses are."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Who is at the other end of a port. Texts are clean, and empty for what is not told.

    `local_port` is the name of our port's series; `if_index` is 0 when it is not known.
    `remote_chassis` identifies the device within its protocol. `capabilities` say what the neighbour
    does (bridge, router, wlanAccessPoint ...).
    """

    protocol: str
    local_port: str
    if_index: int = 0
    remote_sysname: str = ""
    remote_chassis: str = ""
    remote_port: str = ""
    remote_port_descr: str = ""
    remote_descr: str = ""
    remote_addresses: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()

    @property
    def identity(self) -> tuple[str, str]:
        """Return what stays the same while it is the same neighbour on the same port of its own."""
        return (self.remote_chassis or self.remote_sysname, self.remote_port)


def mac_text(octets: bytes) -> str:
    """Return octets as upper-case pairs, as the address of a port is shown."""
    return octets.hex(":").upper()


def identifier(octets: bytes | None, *, mac: bool = False, network: bool = False) -> str:
    """Return a chassis or port identifier as text; `mac` and `network` say what its subtype calls it.

    What its subtype calls otherwise is shown as what it is: agents give MAC addresses as text, and six
    bare octets under the subtype of a name.
    """
    if not octets:
        return ""
    if network and (found := network_address(octets)):
        return found
    text = sdk.clean(octets)
    if mac or _PAIRS.fullmatch(text):
        if (found := mac_of(text)) and len(octets) != 6:
            return found
        return mac_text(octets[:20]) if len(octets) == 6 or not _printable(octets) else text
    return mac_text(octets) if len(octets) == 6 and not _printable(octets) else text


def mac_of(text: str) -> str:
    """Return a MAC address that is written in any of the usual ways as upper-case pairs; else nothing."""
    if _PAIRS.fullmatch(text) or _BARE.fullmatch(text) or _DOTTED.fullmatch(text):
        return mac_text(bytes.fromhex(re.sub(r"[^0-9A-Fa-f]", "", text)))
    return ""


def network_address(octets: bytes) -> str:
    """Return the address behind an IANA family number; empty for other families and lengths."""
    if len(octets) - 1 != _FAMILY_OCTETS.get(octets[0]):
        return ""
    return address_of(octets[1:])


def address_of(octets: bytes) -> str:
    """Return an IPv4 or IPv6 address of 4 or 16 octets; empty for other lengths and unspecified ones."""
    if len(octets) not in _FAMILY_OCTETS.values():
        return ""
    found: IPv4Address | IPv6Address = ip_address(octets)
    return "" if found.is_unspecified else str(found)


def _printable(octets: bytes) -> bool:
    return all(0x20 <= octet < 0x7F for octet in octets)
