"""Who was last seen at each port, and where somebody else is now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from collectors.snmp.neighbour import Neighbour
from netmon import sdk

_MOST_PORTS: Final = 4096

_Place = tuple[str, str]
_Found = dict[tuple[str, str], Neighbour]


class PortChange(NamedTuple):
    """A port, and one neighbour of before and one of now."""

    port: str
    before: Neighbour
    after: Neighbour

    @property
    def text(self) -> str:
        """Return the change in words."""
        return f"{_called(self.after)} is at {self.port}, where {_called(self.before)} was"

    @property
    def data(self) -> Mapping[str, sdk.Json]:
        """Return the change as plain data."""
        return {"port": self.port, "before": _called(self.before), "after": _called(self.after)}


class LastSeen:
    """The neighbours of one device's ports. A port keeps its last ones while nobody is there.

    That neighbours come and go is no change: telephones and hosts do so all day, and the ports' own
    states tell of links.
    """

    def __init__(self) -> None:
        self._seen: dict[_Place, _Found] = {}

    def note(self, neighbours: Iterable[Neighbour]) -> list[PortChange]:
        """Take what a whole read found; return the ports where none of those of before is any more."""
        now: dict[_Place, _Found] = {}
        for neighbour in neighbours:
            here = now.setdefault((neighbour.protocol, neighbour.local_port), {})
            here[neighbour.identity] = neighbour
        changed: dict[str, PortChange] = {}
        for place, here in now.items():
            before = self._seen.get(place)
            if before and here.keys().isdisjoint(before):
                change = PortChange(place[1], next(iter(before.values())), next(iter(here.values())))
                changed.setdefault(change.port, change)
        self._seen = now if len(self._seen) > _MOST_PORTS else self._seen | now
        return list(changed.values())


def _called(neighbour: Neighbour) -> str:
    name = neighbour.remote_sysname or neighbour.remote_chassis or "a nameless device"
    return f"{name} {neighbour.remote_port}".rstrip()
