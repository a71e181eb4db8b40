"""Which ports a device has, and under which name each of them is kept when the numbers change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from collectors.snmp import mib
from collectors.snmp.answers import Table
from collectors.snmp.ber import Oid
from collectors.snmp.iftype import type_name
from collectors.snmp.interface_fields import HIGH_SPEED, PHYS_ADDRESS, SLOW, SPEED, TYPE
from netmon import sdk

DESCRIBING = (mib.IF_DESCR, mib.IF_TYPE, mib.IF_PHYS_ADDRESS, mib.IF_NAME, mib.IF_ALIAS)
"""Columns with text about ports."""

SHARED_NAMES = "shared_names"
"""Kind of the fact that tells the names which a device gives to more than one port, by ifIndex."""

Names = tuple[tuple[Oid, ...], tuple[bytes | None, ...]]
"""The rows of a table, and the name of each as the device gives it."""

_SPEED_BEYOND = 2**32 - 1
_SPEED_UNTOLD = (None, 0, _SPEED_BEYOND)


@dataclass(frozen=True, slots=True)
class Port:
    """What a device says about one port, cleaned; empty text and None for what it does not say.

    `key` is the name it is kept under: ifName, or what replaces an empty or ambiguous one.
    """

    index: int
    key: str
    name: str
    descr: str
    alias: str
    type: int | None
    address: str

    def row(self, site: str, device: str, circuit: str) -> sdk.Row:
        """Return the port as a row; a circuit's port carries the circuit's id."""
        key = (("site", site), ("device", device), ("ifName", self.key))
        info = (("ifIndex", str(self.index)), ("ifDescr", self.descr), ("ifAlias", self.alias))
        return sdk.Row((*key, *((("circuit", circuit),) if circuit else ())), info, self._texts())

    def _texts(self) -> sdk.Labels:
        type_text = () if self.type is None else ((TYPE.name, type_name(self.type)),)
        return (*type_text, *(((PHYS_ADDRESS.name, self.address),) if self.address else ()))


@dataclass(frozen=True, slots=True)
class Ports:
    """All ports of a device in the order of their ifIndex, with the numbers that change rarely."""

    ports: tuple[Port, ...]
    slow: Mapping[str, Sequence[int | None]]

    @property
    def shared_names(self) -> dict[str, str]:
        """Names by ifIndex that several ports have, so that these are kept under others."""
        return {str(port.index): port.name for port in self.ports if port.name and port.name != port.key}

    @property
    def index(self) -> tuple[tuple[int, ...], ...]:
        """Return the rows' indexes as a table has them."""
        return tuple((port.index,) for port in self.ports)


def ports_of(table: Table) -> Ports:
    """Return the ports of a table of DESCRIBING and SLOW columns.

    Of a partial table only rows with a name are taken: a row whose name did not come would be kept
    under another one, which would break its series.
    """
    names = [_clean(octets) for octets in table[mib.IF_NAME]]
    descrs = [_clean(octets) for octets in table[mib.IF_DESCR]]
    kept = [
        at for at, row in enumerate(table.index) if len(row) == 1 and not (table.partial and not names[at])
    ]
    indexes = [table.index[at][0] for at in kept]
    keys = unambiguous([(names[at], descrs[at], str(table.index[at][0])) for at in kept])
    aliases, types, addresses = table[mib.IF_ALIAS], table[mib.IF_TYPE], table[mib.IF_PHYS_ADDRESS]
    ports = tuple(
        Port(index, key, names[at], descrs[at], _clean(aliases[at]), types[at], address_text(addresses[at]))
        for at, index, key in zip(kept, indexes, keys, strict=True)
    )
    slow = {field.metric.name: [table[field.wanted][at] for at in kept] for field in SLOW}
    slow[SPEED.metric.name] = list(map(speed, slow[SPEED.metric.name], slow[HIGH_SPEED.metric.name]))
    return Ports(ports, slow)


def unambiguous(candidates: Sequence[tuple[str, ...]]) -> list[str]:
    """Return one name per row: its first candidate that is not empty and that no other row has.

    A better candidate of one row goes before a worse one of another.
    """
    chosen = [""] * len(candidates)
    taken: set[str] = set()
    for rank in zip(*candidates, strict=True):
        claims = Counter(rank)
        for at, name in enumerate(rank):
            if name and not chosen[at] and claims[name] == 1 and name not in taken:
                chosen[at] = name
                taken.add(name)
    return [name or _invent(names[-1], taken) for name, names in zip(chosen, candidates, strict=True)]


def _invent(name: str, taken: set[str]) -> str:
    # Another port is called like this one's number: hostile or odd, and still two series.
    while name in taken:
        name += "#"
    taken.add(name)
    return name


def speed(bits: int | None, megabits: int | None) -> int | None:
    """Return bit/s: ifSpeed, or ifHighSpeed where ifSpeed says nothing (0, 4294967295).

    0 is what the device says of a port without a speed; None: it says nothing that could be true.
    """
    if megabits and bits in _SPEED_UNTOLD:
        return megabits * 1_000_000
    return None if bits == _SPEED_BEYOND else bits


def address_text(octets: bytes | None) -> str:
    """Return a hardware address as upper-case pairs, as snmp_exporter shows it; empty when there is none."""
    return ":".join(f"{octet:02X}" for octet in (octets or b"")[:32])


def _clean(octets: bytes | None) -> str:
    return "" if octets is None else sdk.clean(octets)


def swapped(described: Names, found: Names) -> bool:
    """Tell whether a row that was described has another name now; one whose name did not come has not."""
    known = dict(zip(*described, strict=True))
    return any(name is not None and known.get(row, name) != name for row, name in zip(*found, strict=True))


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to ports: what, in words, and to which."""

    kind: str
    words: str
    names: tuple[str, ...]


def changes(before: Iterable[Port], after: Iterable[Port]) -> Iterator[Change]:
    """Yield what differs: at most one change of a kind, however many ports it concerns."""
    before, after = tuple(before), tuple(after)
    old = {port.key: port.index for port in before}
    new = {port.key: port.index for port in after}
    renamed = dict(_renamed(before, after, old.keys() & new.keys()))
    came = renamed.values()
    found = (
        ("interfaces_renamed", "renamed", [f"{was} to {key}" for was, key in renamed.items()]),
        ("interfaces_appeared", "appeared", [key for key in new if key not in old and key not in came]),
        ("interfaces_vanished", "vanished", [key for key in old if key not in new and key not in renamed]),
        ("interfaces_renumbered", "got another ifIndex", [k for k in new if old.get(k, new[k]) != new[k]]),
    )
    for kind, words, names in found:
        if names:
            yield Change(kind, words, tuple(names))


def _renamed(
    before: Iterable[Port], after: Iterable[Port], stayed: AbstractSet[str]
) -> Iterator[tuple[str, str]]:
    """Yield old and new name of ports that kept ifIndex and type, and hardware address or description."""
    gone = {port.index: port for port in before if port.key not in stayed}
    for port in after:
        was = gone.get(port.index)
        if was is None or port.key in stayed or was.type != port.type:
            continue
        if (was.address and was.address == port.address) or (was.descr and was.descr == port.descr):
            yield was.key, port.key
