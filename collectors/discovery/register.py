"""Give every device found a name, once, however many addresses it has, and the device it hangs on."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from collectors.discovery.roles import AT_THE_EDGE, role
from collectors.discovery.survey import Survey

_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")
_MOST_NAME = 60


@dataclass(slots=True)
class Entry:
    """A device for the configuration; `also` are its other addresses that answered too."""

    name: str
    survey: Survey
    role: str
    also: list[str] = field(default_factory=list)
    parent: str = ""
    configured: bool = False
    """Whether the configuration has it already, under this name."""

    @property
    def address(self) -> str:
        """Return the address that it is asked at."""
        return self.survey.answered.device.address


def register(surveys: Iterable[Survey], configured: Mapping[str, str] | None = None) -> list[Entry]:
    """Return the devices in the order they were found, named and connected.

    `configured` has the names of devices that have one already, by address.
    """
    known = configured or {}
    entries: list[Entry] = []
    for survey in surveys:
        address = survey.answered.device.address
        entry = next((entry for entry in entries if _same(entry.survey, survey)), None)
        if entry is not None:
            entry.also.append(address)
        else:
            taken = {*known.values(), *(entry.name for entry in entries)}
            entry = Entry(_name(survey, taken), survey, role(survey))
            entries.append(entry)
        if address in known:
            entry.name, entry.configured = known[address], True
    _connect(entries)
    return entries


def _same(one: Survey, other: Survey) -> bool:
    """Tell whether two addresses are one device: each has the other among its own, or its ports agree."""
    if (one.answered.object_id, one.answered.name) != (other.answered.object_id, other.answered.name):
        return False
    own = {str(entry.get("address", "")) for entry in one.addresses}
    serials = {one.details.get("serial"), other.details.get("serial")}
    if len(serials) == 1 and serials != {None}:
        return True
    return other.answered.device.address in own


def _name(survey: Survey, taken: set[str]) -> str:
    """Return a name that the configuration allows: sysName's first label, else the address."""
    told = survey.answered.name.partition(".")[0]
    fit = _UNFIT.sub("-", told).strip("-._")[:_MOST_NAME]
    name = fit or "device-" + _UNFIT.sub("-", survey.answered.device.address).strip("-")
    number = 2
    unique = name
    while unique in taken:
        unique, number = f"{name}-{number}", number + 1
    return unique


def _connect(entries: Sequence[Entry]) -> None:
    """Note parents: from the devices at the edge outwards, by what the neighbours say of each other."""
    links = _links(entries)
    waiting = deque(entry for entry in entries if entry.role in AT_THE_EDGE)
    reached = {entry.name for entry in waiting}
    while waiting:
        near = waiting.popleft()
        for far in links.get(near.name, ()):
            if far.name not in reached:
                reached.add(far.name)
                far.parent = near.name
                waiting.append(far)


def _links(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    by_identity = {key: entry for entry in entries for key in _identities(entry)}
    links: dict[str, list[Entry]] = {}
    for entry in entries:
        for neighbour in entry.survey.neighbours:
            other = next((by_identity[key] for key in _told(neighbour) if key in by_identity), None)
            if other is not None and other is not entry:
                links.setdefault(entry.name, []).append(other)
                links.setdefault(other.name, []).append(entry)
    return links


def _identities(entry: Entry) -> set[str]:
    """Return what neighbours may call a device: its names, addresses and hardware addresses."""
    own = {str(address.get("address", "")) for address in entry.survey.addresses}
    macs = {port.address for port in entry.survey.ports}
    name = entry.survey.answered.name.casefold()
    return ({name, name.partition(".")[0], entry.address} | own | macs) - {""}


def _told(neighbour: Mapping[str, object]) -> list[str]:
    name = str(neighbour.get("remote_sysname") or "").casefold()
    listed = neighbour.get("remote_addresses")
    addresses = [str(a) for a in listed] if isinstance(listed, list | tuple) else []
    chassis = str(neighbour.get("remote_chassis") or "")
    return [told for told in (name, chassis, *addresses, name.partition(".")[0]) if told]
