"""Who the configured devices are, by every name that a neighbour could call them; and who is none of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Self
from weakref import WeakKeyDictionary

from collectors.snmp.neighbour import Neighbour
from collectors.snmp.session import Session
from netmon import sdk


class Register:
    """Shared by all collectors, which tell it what their device says of itself: `shared.get(Register)`."""

    def __init__(self) -> None:
        self._told: WeakKeyDictionary[Session, dict[str, frozenset[str]]] = WeakKeyDictionary()

    @classmethod
    async def open(cls, clock: sdk.Clock) -> Self:
        """Make it, empty."""
        del clock
        return cls()

    async def close(self) -> None:
        """Forget everything."""
        self._told.clear()

    def note(self, session: Session, teller: str, names: Iterable[str]) -> None:
        """Take names and addresses of a device, in place of what this teller said of it before."""
        self._told.setdefault(session, {})[teller] = frozenset(map(_folded, names)) - {""}

    def strangers(
        self, neighbours: Iterable[Neighbour], devices: Collection[tuple[str, str]]
    ) -> list[Neighbour]:
        """Return neighbours that are none of the configured devices, given by name and address."""
        known = {_folded(text) for device in devices for text in device}
        known.update(*(names for told in self._told.values() for names in told.values()))
        known |= {_short(name) for name in known}
        return [neighbour for neighbour in neighbours if known.isdisjoint(_names_of(neighbour))]


def _names_of(neighbour: Neighbour) -> set[str]:
    name = _folded(neighbour.remote_sysname)
    identifiers = (neighbour.remote_chassis, neighbour.remote_port, *neighbour.remote_addresses)
    return {name, _short(name), *map(_folded, identifiers)} - {""}


def _folded(text: str) -> str:
    return text.strip().casefold()


def _short(name: str) -> str:
    """Return a host's name without its domain; addresses stay whole."""
    head, _, domain = name.partition(".")
    return head if domain and not domain.replace(".", "").isdecimal() else name
