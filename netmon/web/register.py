"""Which configured device a neighbour is: by the names and addresses that devices tell of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from netmon.web.device_facts import addresses, identity, neighbours
from netmon.web.equipment import NeighbourDocument
from netmon.web.snapshot import Snapshot

_AMBIGUOUS = ""


class Register:
    """The configured devices under every name that a neighbour could give them.

    A name that two devices have identifies neither. A chassis identifier belongs to a device once a
    neighbour has told it beside that device's name.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._names: dict[str, str] = {}
        for device in snapshot.watch.devices:
            for name in _own_names(snapshot, device):
                self._claim(name, device)
        told = {device: neighbours(snapshot.facts_of(device)) for device in snapshot.watch.devices}
        for one in (one for those in told.values() for one in those):
            if device := self._find((one.name, _short(one.name), *one.addresses)):
                self._claim(one.chassis, device)
        self._told = {device: tuple(map(self._placed, those)) for device, those in told.items()}

    def neighbours(self, device: str) -> tuple[NeighbourDocument, ...]:
        """Return whom a device tells of, each with the configured device that it is."""
        return self._told.get(device, ())

    def _placed(self, one: NeighbourDocument) -> NeighbourDocument:
        return replace(
            one, device=self._find((one.name, _short(one.name), one.chassis, *one.addresses, one.port))
        )

    def _find(self, names: Iterable[str]) -> str:
        return next((device for name in names if (device := self._names.get(name.casefold(), ""))), "")

    def _claim(self, name: str, device: str) -> None:
        if name and self._names.setdefault(name.casefold(), device) != device:
            self._names[name.casefold()] = _AMBIGUOUS


def _own_names(snapshot: Snapshot, device: str) -> Iterator[str]:
    facts = snapshot.facts_of(device)
    yield device
    yield _short(device)
    told = identity(facts).name
    yield told
    yield _short(told)
    for address in addresses(facts):
        yield address.address
    for port in snapshot.ports.get(device, ()):
        yield port.label("ifPhysAddress")


def _short(name: str) -> str:
    """Return a host's name without its domain; an address stays whole."""
    head, _, domain = name.partition(".")
    return head if domain and not domain.replace(".", "").isdecimal() else name
