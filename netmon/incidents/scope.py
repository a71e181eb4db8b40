"""The things of a site, and what explains what: supplier, site, circuit, device, port."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from netmon.incidents.incident import ACCESS, Level, Thing
from netmon.model import Fault
from netmon.verdict.view import Watch, WatchedDevice

CONDITIONS: Mapping[Fault, str] = {
    Fault.RESOLVER: "names",
    Fault.SERVICE: "service",
    Fault.FAR_END: "far_end",
    Fault.POWER: "mains",
}
"""What can be wrong with a site whose line works, by fault."""
ANSWERS = "answers"
ROUTER_ROLES = frozenset({"router", "firewall", "modem"})
_DEEPEST = 16


@dataclass(frozen=True)
class Scope:
    """Things by name, made once per configuration."""

    watch: Watch
    suppliers: Mapping[str, str] = field(default_factory=dict)
    """Suppliers of other sites, by the site's id."""

    @property
    def supplier(self) -> str:
        """Who sells the site's first line that stands in for no other."""
        circuits = sorted(self.watch.circuits.values(), key=lambda circuit: bool(circuit.backup_of))
        return circuits[0].supplier if circuits else ""

    @property
    def single(self) -> bool:
        """Tell whether the site has one line at most: its incident is then the site's own."""
        return len(self.watch.circuits) <= 1

    @property
    def site(self) -> Thing:
        """The site itself."""
        return Thing(self.watch.site, Level.SITE, "", ACCESS, self.supplier)

    def circuit(self, name: str) -> Thing:
        """Return a line; the only one is the site."""
        if self.single:
            return self.site
        supplier = self.watch.circuits[name].supplier
        return Thing(self.watch.site, Level.CIRCUIT, name, ACCESS, supplier)

    def beside(self, condition: str) -> Thing:
        """Return what else can be wrong with the site."""
        return Thing(self.watch.site, Level.SITE, "", condition)

    def device(self, name: str) -> Thing:
        """Return a device."""
        return Thing(self.watch.site, Level.DEVICE, name, ANSWERS)

    def other_site(self, name: str) -> Thing:
        """Return another site, by the name and labels that it has for itself."""
        return Thing(name, Level.SITE, "", ACCESS, self.suppliers.get(name, ""))

    def of_supplier(self, name: str) -> Thing:
        """Return a supplier, of whose sites some are looked at from here."""
        return Thing(self.watch.site, Level.SUPPLIER, name, ACCESS, name)

    def devices(self) -> list[WatchedDevice]:
        """Return all devices, those that others hang on first."""
        return sorted(self.watch.devices.values(), key=lambda device: len(list(self.chain(device.name))))

    def chain(self, device: str) -> Iterator[str]:
        """Yield the devices that a device is connected through, the nearest first."""
        seen = {device}
        parent = self.watch.devices[device].parent if device in self.watch.devices else ""
        while parent and parent not in seen and len(seen) < _DEEPEST:
            seen.add(parent)
            yield parent
            parent = self.watch.devices[parent].parent if parent in self.watch.devices else ""

    def watches(self, thing: Thing) -> bool:
        """Tell whether the device or the probe that a rule's thing is about is still configured."""
        labels = dict(thing.details)
        device = thing.name if thing.level is Level.DEVICE else labels.get("device", "")
        probe = labels.get("probe", "")
        return device in {"", *self.watch.devices} and probe in {"", *self.watch.probes}

    def circuits_of(self, device: str) -> list[str]:
        """Return the circuits whose WAN port is a device's."""
        return [circuit.id for circuit in self.watch.circuits.values() if circuit.wan_device == device]

    @property
    def routers(self) -> list[str]:
        """Names of the devices whose restart cuts the site off."""
        wan = {circuit.wan_device for circuit in self.watch.circuits.values()}
        return [d.name for d in self.watch.devices.values() if d.name in wan or d.role in ROUTER_ROLES]

    def references(self, thing: Thing) -> tuple[str, ...]:
        """Return the supplier's references of the lines that a thing is, or hangs on."""
        if thing.condition != ACCESS or thing.site != self.watch.site:
            return ()
        found = [c for c in self.watch.circuits.values() if thing.level is Level.SITE or c.id == thing.name]
        return tuple(circuit.supplier_ref for circuit in found if circuit.supplier_ref)
