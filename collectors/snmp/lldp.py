"""LLDP-MIB (802.1AB-2005) and LLDP-V2-MIB (802.1AB-2009): the same columns, other indexes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from collectors.snmp import mib
from collectors.snmp.answers import Table, Values
from collectors.snmp.ber import Oid
from collectors.snmp.local_port import Found, LocalPort, LocalPorts
from collectors.snmp.neighbour import Neighbour, address_of, identifier
from collectors.snmp.syntax import OCTETS, WHOLE, MibObject, column, scalar
from netmon import sdk

_CHASSIS_MAC, _CHASSIS_NETWORK = 4, 5
_PORT_MAC, _PORT_NETWORK = 3, 4
_CAPABILITIES: Final = (
    "other", "repeater", "bridge", "wlanAccessPoint", "router", "telephone", "docsisCableDevice",
    "stationOnly", "cVLANComponent", "sVLANComponent", "twoPortMACRelay",
)  # fmt: skip
_MOST_CAPABILITY_OCTETS: Final = 2

LOC_PORT_SUBTYPE: Final = column("lldpLocPortIdSubtype", "1.0.8802.1.1.2.1.3.7.1.2", WHOLE)
LOC_PORT_ID: Final = column("lldpLocPortId", "1.0.8802.1.1.2.1.3.7.1.3", OCTETS)
LOC_PORT_DESC: Final = column("lldpLocPortDesc", "1.0.8802.1.1.2.1.3.7.1.4", OCTETS)
LOCAL_PORTS: Final = (LOC_PORT_SUBTYPE, LOC_PORT_ID, LOC_PORT_DESC)
LOC_CHASSIS_SUBTYPE: Final = scalar("lldpLocChassisIdSubtype", "1.0.8802.1.1.2.1.3.1", WHOLE)
LOC_CHASSIS: Final = scalar("lldpLocChassisId", "1.0.8802.1.1.2.1.3.2", OCTETS)
WHO: Final = (mib.SYS_NAME, LOC_CHASSIS_SUBTYPE, LOC_CHASSIS)
"""What a device calls itself before its neighbours."""
BRIDGE_PORT: Final = column("dot1dBasePortIfIndex", "1.3.6.1.2.1.17.1.4.1.2", WHOLE)


@dataclass(frozen=True, slots=True)
class Version:
    """One of the two MIBs: where its columns are, and how the index of its tables begins.

    `arity` is the length of lldpRemTable's index: TimeMark, local port, [destination MAC,] number.
    TimeMark moves whenever the neighbour says something new, so it identifies nothing.
    """

    chassis_subtype: MibObject[int]
    chassis: MibObject[bytes]
    port_subtype: MibObject[int]
    port: MibObject[bytes]
    port_descr: MibObject[bytes]
    name: MibObject[bytes]
    descr: MibObject[bytes]
    supported: MibObject[bytes]
    enabled: MibObject[bytes]
    address_subtype: MibObject[int]
    """A column of lldpRemManAddrTable, for the sake of its index."""
    arity: int

    @property
    def columns(self) -> tuple[MibObject[object], ...]:
        """Return the columns of lldpRemTable."""
        return (
            self.chassis_subtype, self.chassis, self.port_subtype, self.port, self.port_descr, self.name,
            self.descr, self.supported, self.enabled,
        )  # fmt: skip


def _version(prefix: str, remote: str, first: int, addresses: str, arity: int) -> Version:
    def octets(name: str, at: int) -> MibObject[bytes]:
        return column(f"{prefix}{name}", f"{remote}.{first + at}", OCTETS)

    def number(name: str, at: int) -> MibObject[int]:
        return column(f"{prefix}{name}", f"{remote}.{first + at}", WHOLE)

    return Version(
        chassis_subtype=number("RemChassisIdSubtype", 0),
        chassis=octets("RemChassisId", 1),
        port_subtype=number("RemPortIdSubtype", 2),
        port=octets("RemPortId", 3),
        port_descr=octets("RemPortDesc", 4),
        name=octets("RemSysName", 5),
        descr=octets("RemSysDesc", 6),
        supported=octets("RemSysCapSupported", 7),
        enabled=octets("RemSysCapEnabled", 8),
        address_subtype=column(f"{prefix}RemManAddrIfSubtype", f"{addresses}.3", WHOLE),
        arity=arity,
    )


V1: Final = _version("lldp", "1.0.8802.1.1.2.1.4.1.1", 4, "1.0.8802.1.1.2.1.4.2.1", 3)
V2: Final = _version("lldpV2", "1.3.111.2.802.1.1.13.1.4.1.1", 5, "1.3.111.2.802.1.1.13.1.4.2.1", 4)


def own_chassis(values: Values) -> str:
    """Return the identifier that a device's neighbours see; empty when it does not tell."""
    return _chassis(values[LOC_CHASSIS_SUBTYPE], values[LOC_CHASSIS])


def ports_told(table: Table) -> dict[int, LocalPort]:
    """Return lldpLocPortTable by lldpLocPortNum."""
    rows = zip(table.index, table[LOC_PORT_SUBTYPE], table[LOC_PORT_ID], table[LOC_PORT_DESC], strict=True)
    return {
        index[0]: LocalPort(subtype or 0, name or b"", descr or b"")
        for index, subtype, name, descr in rows
        if len(index) == 1
    }


def lldp_neighbours(
    version: Version, table: Table, addresses: dict[Oid, tuple[str, ...]], ports: LocalPorts
) -> Iterator[Neighbour]:
    """Yield the neighbours of lldpRemTable; `addresses` is what management_addresses() found."""
    for at, index in enumerate(table.index):
        if len(index) not in (version.arity, version.arity - 1):
            continue
        place = index[-(version.arity - 1) :]  # some agents leave TimeMark out
        local = _local(version, place[0], ports)
        capabilities = table[version.enabled][at] or table[version.supported][at]
        port = table[version.port_subtype][at]
        yield Neighbour(
            "lldp",
            local.name,
            local.if_index,
            remote_sysname=sdk.clean(table[version.name][at] or b""),
            remote_chassis=_chassis(table[version.chassis_subtype][at], table[version.chassis][at]),
            remote_port=identifier(
                table[version.port][at], mac=port == _PORT_MAC, network=port == _PORT_NETWORK
            ),
            remote_port_descr=sdk.clean(table[version.port_descr][at] or b""),
            remote_descr=sdk.clean(table[version.descr][at] or b""),
            remote_addresses=addresses.get(place, ()),
            capabilities=capability_names(capabilities),
        )


def management_addresses(version: Version, table: Table) -> dict[Oid, tuple[str, ...]]:
    """Return management addresses by local port and number of the neighbour, out of the table's index.

    The index ends with family, length and the address's octets; some agents leave the length out.
    """
    found: dict[Oid, tuple[str, ...]] = {}
    for index in table.index:
        place, rest = index[1 : version.arity], index[version.arity + 1 :]
        octets = rest[1:] if rest and rest[0] == len(rest) - 1 else rest
        address = address_of(bytes(octets)) if all(octet < 256 for octet in octets) else ""
        if address and address not in found.get(place, ()):
            found[place] = (*found.get(place, ()), address)
    return {place: tuple(sorted(addresses)) for place, addresses in found.items()}


def capability_names(bits: bytes | None) -> tuple[str, ...]:
    """Return the names of LldpSystemCapabilitiesMap's bits; none for what is no such map."""
    if not bits or len(bits) > _MOST_CAPABILITY_OCTETS:
        return ()
    return tuple(
        name
        for at, name in enumerate(_CAPABILITIES)
        if at // 8 < len(bits) and bits[at // 8] & (0x80 >> at % 8)
    )


def _chassis(subtype: int | None, octets: bytes | None) -> str:
    return identifier(octets, mac=subtype == _CHASSIS_MAC, network=subtype == _CHASSIS_NETWORK)


def _local(version: Version, number: int, ports: LocalPorts) -> Found:
    # LLDP-V2-MIB uses ifIndex; LLDP-MIB numbers of its own
    return ports.by_if_index(number) if version is V2 else ports.by_number(number)
