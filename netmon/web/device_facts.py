"""What a device tells of itself as text: its facts as documents. A field of another type is *not known*."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netmon.model import Fact, Json
from netmon.web.equipment import (
    AddressDocument,
    ComponentDocument,
    IdentityDocument,
    NeighbourDocument,
    VlanDocument,
)

Facts = Mapping[str, Fact]
"""The facts of one device, by kind."""
Entry = Mapping[str, Json]

_IDENTITY: Mapping[str, str] = {
    "name": "sysName", "vendor": "vendor", "hardware": "hardware", "version": "version", "serial": "serial",
    "description": "sysDescr", "location": "sysLocation", "contact": "sysContact", "object_id": "sysObjectID",
}  # fmt: skip


def identity(facts: Facts) -> IdentityDocument:
    """Return what the device is."""
    values = facts["system"].values if "system" in facts else {}
    found = {field: text(values, name) for field, name in _IDENTITY.items()}
    return IdentityDocument(os=text(values, "os_title") or text(values, "os"), **found)


def summary(facts: Facts) -> str:
    """Return in one line what the device is; empty: not known."""
    known = identity(facts)
    hardware, system = f"{known.vendor} {known.hardware}".strip(), f"{known.os} {known.version}".strip()
    if known.hardware and known.hardware.casefold().startswith(known.vendor.casefold()):
        hardware = known.hardware
    return ", ".join(filter(None, (hardware, system))) if known.hardware else known.description


def components(facts: Facts) -> tuple[ComponentDocument, ...]:
    """Return the parts of the device."""
    return tuple(
        ComponentDocument(
            index=_number(one, "index"),
            contained_in=_number(one, "contained_in"),
            kind=text(one, "class"),
            name=text(one, "name"),
            description=text(one, "descr"),
            model=text(one, "model"),
            serial=text(one, "serial"),
            manufacturer=text(one, "manufacturer"),
            hardware_rev=text(one, "hardware_rev"),
            firmware_rev=text(one, "firmware_rev"),
            software_rev=text(one, "software_rev"),
        )
        for one in entries(facts, "inventory", "components")
    )


def addresses(facts: Facts) -> tuple[AddressDocument, ...]:
    """Return the addresses of the device."""
    return tuple(
        AddressDocument(text(one, "address"), _number(one, "prefixlen"), text(one, "if_name"))
        for one in entries(facts, "addresses")
    )


def vlans(facts: Facts) -> tuple[VlanDocument, ...]:
    """Return the VLANs that the device knows."""
    found = ((_number(one, "id"), text(one, "name")) for one in entries(facts, "vlans"))
    return tuple(VlanDocument(number, name) for number, name in found if number is not None)


def neighbours(facts: Facts) -> tuple[NeighbourDocument, ...]:
    """Return the neighbours that the device tells of; which of them are configured is not known yet."""
    return tuple(
        NeighbourDocument(
            protocol=text(one, "protocol"),
            local_port=text(one, "local_port"),
            name=text(one, "remote_sysname"),
            chassis=text(one, "remote_chassis"),
            port=text(one, "remote_port"),
            port_description=text(one, "remote_port_descr"),
            description=text(one, "remote_descr"),
            addresses=_texts(one, "remote_addresses"),
            capabilities=_texts(one, "capabilities"),
            device="",
        )
        for one in entries(facts, "neighbours")
    )


def entries(facts: Facts, kind: str, name: str = "") -> Iterator[Entry]:
    """Yield the entries of a list in a fact; the list is named as the fact unless `name` says otherwise."""
    listed = facts[kind].values.get(name or kind) if kind in facts else None
    if isinstance(listed, list | tuple):
        yield from (entry for entry in listed if isinstance(entry, Mapping))


def text(entry: Entry, name: str) -> str:
    """Return a text; empty when it is not known."""
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def _texts(entry: Entry, name: str) -> tuple[str, ...]:
    listed = entry.get(name)
    return tuple(one for one in listed if isinstance(one, str)) if isinstance(listed, list | tuple) else ()


def _number(entry: Entry, name: str) -> int | None:
    value = entry.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
