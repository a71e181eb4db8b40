"""CISCO-CDP-MIB: the neighbours that say so in Cisco's own protocol."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from collectors.snmp.answers import Table
from collectors.snmp.local_port import LocalPorts
from collectors.snmp.neighbour import Neighbour, address_of, identifier, mac_of
from collectors.snmp.syntax import OCTETS, column
from netmon import sdk

_ENTRY: Final = "1.3.6.1.4.1.9.9.23.1.2.1.1"
_ADDRESS: Final = column("cdpCacheAddress", f"{_ENTRY}.4", OCTETS)
_VERSION: Final = column("cdpCacheVersion", f"{_ENTRY}.5", OCTETS)
_DEVICE: Final = column("cdpCacheDeviceId", f"{_ENTRY}.6", OCTETS)
_PORT: Final = column("cdpCacheDevicePort", f"{_ENTRY}.7", OCTETS)
_PLATFORM: Final = column("cdpCachePlatform", f"{_ENTRY}.8", OCTETS)
_CAPABILITIES: Final = column("cdpCacheCapabilities", f"{_ENTRY}.9", OCTETS)
_SYS_NAME: Final = column("cdpCacheSysName", f"{_ENTRY}.17", OCTETS)

CDP: Final = (_ADDRESS, _VERSION, _DEVICE, _PORT, _PLATFORM, _CAPABILITIES, _SYS_NAME)

_NAMES: Final = {0x01: "router", 0x02: "bridge", 0x08: "bridge", 0x10: "stationOnly", 0x40: "repeater",
                 0x80: "telephone"}  # fmt: skip
"""Bits of the capabilities TLV, in the words that LLDP has for them."""
_CAPABILITY_OCTETS: Final = 4
_SERIAL: Final = re.compile(r"(.+)\([0-9A-Za-z]+\)")
"""NX-OS and CatOS put the serial number behind the name."""


def cdp_neighbours(table: Table, ports: LocalPorts) -> Iterator[Neighbour]:
    """Yield the neighbours of cdpCacheTable, whose index is ifIndex and a number."""
    for at, index in enumerate(table.index):
        if len(index) != 2:
            continue
        local = ports.by_if_index(index[0])
        device = identifier(table[_DEVICE][at])
        address = address_of(table[_ADDRESS][at] or b"")
        about = (sdk.clean(text or b"") for text in (table[_PLATFORM][at], table[_VERSION][at]))
        yield Neighbour(
            "cdp",
            local.name,
            local.if_index,
            remote_sysname=sdk.clean(table[_SYS_NAME][at] or b"") or without_serial(device),
            remote_chassis=mac_of(device) or device,
            remote_port=identifier(table[_PORT][at]),
            remote_descr=", ".join(filter(None, about)),
            remote_addresses=(address,) if address else (),
            capabilities=_capabilities(table[_CAPABILITIES][at]),
        )


def without_serial(device: str) -> str:
    """Return a device's name without the serial number that some systems put behind it."""
    match = _SERIAL.fullmatch(device)
    return match[1] if match else device


def _capabilities(octets: bytes | None) -> tuple[str, ...]:
    if octets is None or len(octets) != _CAPABILITY_OCTETS:
        return ()
    bits = int.from_bytes(octets, "big")
    return tuple(dict.fromkeys(name for bit, name in _NAMES.items() if bits & bit))
