"""One device in full: its readings and facts put together, port by port."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from netmon.latest import LatestRow
from netmon.web import device_facts as told
from netmon.web.device_readings import DeviceReadings, Rows
from netmon.web.documents import InterfaceDocument
from netmon.web.equipment import (
    DeviceDetailDocument,
    NeighbourDocument,
    PoePortDocument,
    PortDocument,
    PortState,
)
from netmon.web.interfaces import interface_documents
from netmon.web.register import Register
from netmon.web.snapshot import Snapshot
from netmon.web.views import device_documents, stamp_time

_ETHERNET = frozenset({"ethernetCsmacd", "iso88023Csmacd", "fastEther", "fastEtherFX", "gigabitEthernet"})
# What systems call Ethernet although nothing can be plugged in: VLANs, bridges, bundles, tunnels, radios.
_VIRTUAL = re.compile(
    r"(vlan|vl\d|br\d|br-|br_|bridge|bond|lag\b|ae\d|po\d|port-channel|trk|lo\d|loopback|nu\d|null|stack"
    r"|mac|gre|erspan|tun|tap|veth|docker|virbr|dummy|ifb|usb|dhcp|bme|cpu"
    r"|wlan|wl\d|ath\d|rai?\d|wdsi?\d|apclii?\d|[tuv]if\d)|.*[.:]\d+$",
    re.IGNORECASE,
)
_NO_CONNECTOR = 2  # ifConnectorPresent is a TruthValue
_NOT_TOLD = frozenset({"sensors", "resources", "shared_names"})
"""Facts that only say where readings come from."""


def device_detail(snapshot: Snapshot, name: str, rows: Rows) -> DeviceDetailDocument:
    """Return everything that is known about a configured device."""
    facts = snapshot.facts_of(name)
    readings = DeviceReadings(rows, snapshot.boottime_ns, snapshot.watch.devices[name].every_seconds)
    neighbours = Register(snapshot).neighbours(name)
    return DeviceDetailDocument(
        device=next(one for one in device_documents(snapshot) if one.name == name),
        identity=told.identity(facts),
        ports=_ports(snapshot, name, readings.poe_ports(), neighbours),
        sensors=readings.sensors(),
        states=readings.states(),
        processors=readings.processors(),
        memories=readings.amounts("memory"),
        storages=readings.amounts("storage"),
        radios=readings.radios(),
        poe=readings.supplies(),
        neighbours=neighbours,
        components=told.components(facts),
        addresses=told.addresses(facts),
        vlans=told.vlans(facts),
        read={kind: stamp_time(fact.stamp) for kind, fact in facts.items() if kind not in _NOT_TOLD},
    )


def _ports(
    snapshot: Snapshot,
    device: str,
    poe: Mapping[str, PoePortDocument],
    neighbours: Sequence[NeighbourDocument],
) -> tuple[PortDocument, ...]:
    rows = {row.label("ifName"): row for row in snapshot.ports.get(device, ())}
    physical = _physical(rows)
    return tuple(
        PortDocument(
            interface=one,
            type=rows[one.name].label("ifType_info"),
            ethernet=one.name in physical,
            state=port_state(one),
            use_ratio=_use(one),
            poe=poe.get(one.name),
            neighbours=tuple(there for there in neighbours if there.local_port == one.name),
        )
        for one in interface_documents(snapshot, device)
    )


def _physical(rows: Mapping[str, LatestRow]) -> frozenset[str]:
    """Return which ports something can be plugged into; agents that deny it of all ports are not believed."""
    wired = {
        name: row
        for name, row in rows.items()
        if row.label("ifType_info") in _ETHERNET and not _VIRTUAL.match(name[:80])
    }
    connected = [name for name, row in wired.items() if row.value("ifConnectorPresent") != _NO_CONNECTOR]
    return frozenset(connected or wired)


def port_state(one: InterfaceDocument) -> PortState:
    """Return a port's state in one word; what was not read in time is not known."""
    if one.stale or one.oper is None:
        return PortState.UNKNOWN
    if one.admin == "down":
        return PortState.DISABLED
    if one.oper != "up":
        return PortState.UNKNOWN if one.oper == "unknown" else PortState.DOWN
    return PortState.ERRORS if one.errors_per_second else PortState.UP


def _use(one: InterfaceDocument) -> float | None:
    known = [rate for rate in (one.in_bits_per_second, one.out_bits_per_second) if rate is not None]
    if not known or not one.speed_bits_per_second:
        return None
    return max(known) / one.speed_bits_per_second
