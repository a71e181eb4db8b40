"""One device in full, as pages and API show it. Empty texts and None are *not known*.

The text beside a field's type is its description in the API's document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from netmon.web.documents import DeviceDocument, InterfaceDocument, Ratio

Watts = Annotated[float | None, "watts"]
Stale = Annotated[bool, "whether it was not read when it should have been; its values are then old"]


class PortState(StrEnum):
    """What a port is doing, in one word."""

    UP = "up"
    DOWN = "down"
    DISABLED = "disabled"
    ERRORS = "errors"
    UNKNOWN = "unknown"


class Health(StrEnum):
    """How a part of a device is."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class IdentityDocument:
    """What a device is, as it tells itself and as its vendor's rules read it."""

    name: Annotated[str, "sysName"] = ""
    vendor: str = ""
    os: Annotated[str, "operating system"] = ""
    hardware: str = ""
    version: str = ""
    serial: str = ""
    description: Annotated[str, "sysDescr"] = ""
    location: Annotated[str, "sysLocation"] = ""
    contact: Annotated[str, "sysContact"] = ""
    object_id: Annotated[str, "sysObjectID"] = ""


@dataclass(frozen=True, slots=True)
class NeighbourDocument:
    """Who is at the other end of a port, by LLDP or CDP."""

    protocol: str
    local_port: str
    name: Annotated[str, "system name that it tells"]
    chassis: str
    port: Annotated[str, "its own port"]
    port_description: str
    description: str
    addresses: tuple[str, ...]
    capabilities: tuple[str, ...]
    device: Annotated[str, "name of the configured device that it is; empty: it is not in the register"]


@dataclass(frozen=True, slots=True)
class PoePortDocument:
    """Power over Ethernet at one port."""

    port: str
    state: Annotated[str, "delivering power, searching, fault ..."]
    power_class: Annotated[int | None, "class of the powered device"]
    allocated_watts: Watts
    consumption_watts: Watts
    stale: Stale


@dataclass(frozen=True, slots=True)
class PoeSupplyDocument:
    """What a group of ports can be given in all, and is given."""

    group: str
    state: Annotated[str, "on, off or faulty"]
    budget_watts: Watts
    consumption_watts: Watts
    stale: Stale


@dataclass(frozen=True, slots=True)
class PortDocument:
    """A port with everything that is known about it."""

    interface: InterfaceDocument
    type: Annotated[str, "ifType by its IANA name"]
    ethernet: Annotated[bool, "a physical Ethernet port, as far as type, connector and name tell"]
    state: PortState
    use_ratio: Annotated[float | None, "the busier direction as a share of the speed"]
    poe: PoePortDocument | None
    neighbours: tuple[NeighbourDocument, ...]


@dataclass(frozen=True, slots=True)
class SensorDocument:
    """One measured value. `value` is in the metric's own unit, `text` as people read it."""

    kind: Annotated[str, "temperature, voltage, fanspeed ..."]
    name: str
    metric: str
    value: float | None
    text: str
    stale: Stale


@dataclass(frozen=True, slots=True)
class StateDocument:
    """The state of a part, in the device's own number and in words."""

    name: str
    value: int | None
    text: str
    health: Health
    stale: Stale


@dataclass(frozen=True, slots=True)
class LoadDocument:
    """How busy a processor is."""

    name: str
    ratio: Ratio
    stale: Stale


@dataclass(frozen=True, slots=True)
class AmountDocument:
    """How full a memory or a disk is."""

    name: str
    total_bytes: float | None
    used_bytes: float | None
    used_ratio: Ratio
    stale: Stale


@dataclass(frozen=True, slots=True)
class RadioDocument:
    """A radio or wireless network."""

    name: str
    clients: int | None
    channel: int | None
    busy_ratio: Ratio
    noise_dbm: float | None
    stale: Stale


@dataclass(frozen=True, slots=True)
class ComponentDocument:
    """A part of the device, as its inventory lists it."""

    index: int | None
    contained_in: int | None
    kind: Annotated[str, "chassis, module, powerSupply, fan ..."]
    name: str
    description: str
    model: str
    serial: str
    manufacturer: str
    hardware_rev: str
    firmware_rev: str
    software_rev: str


@dataclass(frozen=True, slots=True)
class AddressDocument:
    """An address of the device."""

    address: str
    prefix_length: int | None
    interface: str


@dataclass(frozen=True, slots=True)
class VlanDocument:
    """A VLAN that the device knows."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class DeviceDetailDocument:
    """Everything that is known about one device."""

    device: DeviceDocument
    identity: IdentityDocument
    ports: tuple[PortDocument, ...]
    sensors: tuple[SensorDocument, ...]
    states: tuple[StateDocument, ...]
    processors: tuple[LoadDocument, ...]
    memories: tuple[AmountDocument, ...]
    storages: tuple[AmountDocument, ...]
    radios: tuple[RadioDocument, ...]
    poe: tuple[PoeSupplyDocument, ...]
    neighbours: tuple[NeighbourDocument, ...]
    components: tuple[ComponentDocument, ...]
    addresses: tuple[AddressDocument, ...]
    vlans: tuple[VlanDocument, ...]
    read: Annotated[Mapping[str, datetime], "when each kind of fact was last read"]
