"""What the simulated devices tell beyond their ports: neighbours, parts, sensors, load, power, VLANs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from collectors.snmp.agent import Live, gauge32, ip_address, object_id
from collectors.snmp.ber import Oid

Objects = dict[Oid, Live]

_LLDP: Final[Oid] = (1, 0, 8802, 1, 1, 2, 1)
_ENTITY: Final[Oid] = (1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1)
_SENSOR: Final[Oid] = (1, 3, 6, 1, 2, 1, 99, 1, 1, 1)
_POE: Final[Oid] = (1, 3, 6, 1, 2, 1, 105, 1)
_HOST: Final[Oid] = (1, 3, 6, 1, 2, 1, 25)
_ADDRESS: Final[Oid] = (1, 3, 6, 1, 2, 1, 4, 20, 1)
_VLAN_NAME: Final[Oid] = (1, 3, 6, 1, 2, 1, 17, 7, 1, 4, 3, 1, 1)

_MAC_SUBTYPE, _NAME_SUBTYPE = 4, 5
BRIDGE, WLAN, ROUTER, TELEPHONE = 0x20, 0x10, 0x08, 0x04
"""LldpSystemCapabilitiesMap: bits of the first octet, the leftmost first."""
CHASSIS, POWER_SUPPLY, FAN, SENSOR = 3, 6, 7, 8
"""PhysicalClass (ENTITY-MIB)."""
CELSIUS, RPM, WATTS = 8, 10, 6
"""EntitySensorDataType (RFC 3433)."""
_UNITS, _OK = 9, 1
_POWERED, _SEARCHING, _CLASS_3 = 3, 2, 4
_BUDGET_WATTS, _WATTS_PER_PORT = 370, 6.5
_RAM: Final[Oid] = (1, 3, 6, 1, 2, 1, 25, 2, 1, 2)
_DISK: Final[Oid] = (1, 3, 6, 1, 2, 1, 25, 2, 1, 4)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Who is plugged into a port, as LLDP tells it. `number` makes its chassis identifier."""

    port: int
    number: int
    name: str
    its_port: str
    description: str
    capabilities: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a device; a sensor has its kind and its value."""

    name: str
    kind: int
    model: str = ""
    serial: str = ""
    measures: int = 0
    value: Callable[[], float] = float


def _chassis_id(number: int) -> bytes:
    return bytes((2, 0, 0, 0xDE, 0, number))


def lldp(own_number: int, port_names: Sequence[str], neighbours: Sequence[Neighbour]) -> Objects:
    """Return LLDP-MIB: what the device says of itself, its ports, and whom it hears."""
    own: Objects = {(*_LLDP, 3, 1, 0): _MAC_SUBTYPE, (*_LLDP, 3, 2, 0): _chassis_id(own_number)}
    for number, name in enumerate(port_names, 1):
        own |= _row((*_LLDP, 3, 7, 1), (number,), {2: _NAME_SUBTYPE, 3: name, 4: name})
    for one in neighbours:
        capabilities = bytes((one.capabilities, 0))
        heard: dict[int, Live] = {
            4: _MAC_SUBTYPE, 5: _chassis_id(one.number), 6: _NAME_SUBTYPE, 7: one.its_port, 8: one.its_port,
            9: one.name, 10: one.description, 11: capabilities, 12: capabilities,
        }  # fmt: skip
        own |= _row((*_LLDP, 4, 1, 1), (0, one.port, 1), heard)
    return own


def parts(found: Sequence[Part]) -> Objects:
    """Return ENTITY-MIB, everything within the first part, and ENTITY-SENSOR-MIB of those that measure."""
    objects: Objects = {}
    for index, one in enumerate(found, 1):
        columns: dict[int, Live] = {
            2: one.model, 4: 0 if index == 1 else 1, 5: one.kind, 7: one.name, 10: "", 11: one.serial,
            12: "Simulated", 13: one.model,
        }  # fmt: skip
        objects |= _row(_ENTITY, (index,), columns)
        if one.measures:
            tenths = _tenths(one.value)
            objects |= _row(_SENSOR, (index,), {1: one.measures, 2: _UNITS, 3: 1, 4: tenths, 5: _OK})
    return objects


def power(powered: Mapping[int, Callable[[], bool]]) -> Objects:
    """Return POWER-ETHERNET-MIB: one supply, and the ports that have a device that wants power."""

    def watts() -> float:
        return _WATTS_PER_PORT * sum(is_up() for is_up in powered.values())

    supply: dict[int, Live] = {2: gauge32(_BUDGET_WATTS), 3: 1, 4: lambda: gauge32(round(watts()))}
    objects = _row((*_POE, 3, 1, 1), (1,), supply)
    for port, is_up in powered.items():
        columns: dict[int, Live] = {3: 1, 6: _delivery(is_up), 10: _CLASS_3}
        objects |= _row((*_POE, 1, 1), (1, port), columns)
    return objects


def load(busy: Callable[[], float], memory_megabytes: int, disk_megabytes: int) -> Objects:
    """Return HOST-RESOURCES-MIB: one processor, a memory half full and a disk one third full."""
    objects: Objects = {
        (*_HOST, 3, 2, 1, 3, 1): "CPU",
        (*_HOST, 3, 3, 1, 2, 1): lambda: round(100 * busy()),
    }
    for index, (kind, name, size) in enumerate(
        ((_RAM, "Physical memory", memory_megabytes), (_DISK, "/flash", disk_megabytes)), 1
    ):
        used = size // (1 + index)
        columns: dict[int, Live] = {2: object_id(kind), 3: name, 4: 2**20, 5: size, 6: used}
        objects |= _row((*_HOST, 2, 3, 1), (index,), columns)
    return objects


def address(four: tuple[int, int, int, int], port: int) -> Objects:
    """Return IP-MIB's older table with one address of a /24 network."""
    there = ip_address(bytes(four))
    return _row(_ADDRESS, four, {1: there, 2: port, 3: ip_address(bytes((255, 255, 255, 0)))})


def vlans(names: Mapping[int, str]) -> Objects:
    """Return the names of Q-BRIDGE-MIB's static VLANs."""
    return {(*_VLAN_NAME, number): name for number, name in names.items()}


def _tenths(value: Callable[[], float]) -> Live:
    return lambda: round(10 * value())


def _delivery(is_up: Callable[[], bool]) -> Live:
    return lambda: _POWERED if is_up() else _SEARCHING


def _row(entry: Oid, index: Oid, columns: Mapping[int, Live]) -> Objects:
    return {(*entry, column, *index): live for column, live in columns.items()}
