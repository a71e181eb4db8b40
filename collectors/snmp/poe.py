"""Power over Ethernet: POWER-ETHERNET-MIB (RFC 3621), and CISCO-POWER-ETHERNET-EXT-MIB, which adds to it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, count
from typing import Final

from collectors.snmp.answers import Table
from collectors.snmp.entity import Entity
from collectors.snmp.ports import Port
from collectors.snmp.syntax import GAUGE, WHOLE, column

_MAIN: Final = "1.3.6.1.2.1.105.1.3.1.1"
BUDGET: Final = column("pethMainPsePower", f"{_MAIN}.2", GAUGE)
STATE: Final = column("pethMainPseOperStatus", f"{_MAIN}.3", WHOLE)
CONSUMPTION: Final = column("pethMainPseConsumptionPower", f"{_MAIN}.4", GAUGE)
GROUPS: Final = (BUDGET, STATE, CONSUMPTION)

_PORT: Final = "1.3.6.1.2.1.105.1.1.1"
_ENABLED: Final = column("pethPsePortAdminEnable", f"{_PORT}.3", WHOLE)
_DETECTION: Final = column("pethPsePortDetectionStatus", f"{_PORT}.6", WHOLE)
_CLASS: Final = column("pethPsePortPowerClassifications", f"{_PORT}.10", WHOLE)
_EXTENSION: Final = "1.3.6.1.4.1.9.9.402.1.2.1"
_ALLOCATED: Final = column("cpeExtPsePortPwrAllocated", f"{_EXTENSION}.7", GAUGE)
_DRAWN: Final = column("cpeExtPsePortPwrConsumption", f"{_EXTENSION}.9", GAUGE)
_PART: Final = column("cpeExtPsePortEntPhyIndex", f"{_EXTENSION}.11", WHOLE)
PORTS: Final = (_ENABLED, _DETECTION, _CLASS, _ALLOCATED, _DRAWN, _PART)
"""Both tables have the same index: group and port."""

_DELIVERING: Final = 3
_FAULTS: Final = frozenset({4, 6})
_CLASSES: Final = range(1, 6)
_ETHERNET: Final = 6
_PATH: Final = re.compile(r"[0-9]{1,9}(?:/[0-9]{1,9})*$")
"""The numbers at the end of an interface's name."""


@dataclass(frozen=True, slots=True)
class PoePort:
    """A port that can deliver power; None for what is not known. `part` is its entPhysicalIndex, 0: unknown.

    `state` is pethPsePortDetectionStatus, `power_class` 0 to 4, `enabled` 1 or 0.
    """

    group: int
    port: int
    enabled: int | None
    state: int | None
    power_class: int | None
    allocated_watts: float | None
    drawn_watts: float | None
    part: int

    @property
    def matters(self) -> bool:
        """Tell whether it delivers power, or should and cannot."""
        drawing = self.state is None and bool(self.drawn_watts)
        return drawing or self.state == _DELIVERING or self.state in _FAULTS


def poe_ports(table: Table) -> Iterator[PoePort]:
    """Yield the ports of a table of PORTS."""
    for at, index in enumerate(table.index):
        if len(index) != 2:
            continue
        state, enabled, told = table[_DETECTION][at], table[_ENABLED][at], table[_CLASS][at]
        delivering = state in (None, _DELIVERING)
        yield PoePort(
            group=index[0],
            port=index[1],
            enabled=None if enabled is None else int(enabled == 1),
            state=state,
            # the class is that of the last device, and stays when it is gone
            power_class=told - 1 if delivering and told is not None and told in _CLASSES else None,
            allocated_watts=_watts(table[_ALLOCATED][at]),
            drawn_watts=_watts(table[_DRAWN][at]),
            part=table[_PART][at] or 0,
        )


def port_names(
    poe: Collection[PoePort], ports: Iterable[Port], entities: Iterable[Entity]
) -> dict[PoePort, str]:
    """Return the names of the interfaces' series for ports that deliver power.

    RFC 3621 leaves the numbers to the vendor. A part of ENTITY-MIB decides; then the numbers in the
    interfaces' names, as in Gi2/0/14 for port 14 of group 2; then ifIndex, on a device with one group.
    One that is found in no way is called by group and port.
    """
    wired = _Wired(port for port in ports if port.type == _ETHERNET)
    parts = wired.by_part(entities)
    single = len({each.group for each in poe}) == 1
    found: dict[PoePort, str] = {}
    taken: set[str] = set()
    for each in poe:
        told = parts.get(each.part) or wired.by_numbers(each, single=single)
        numbers = f"{each.group}/{each.port}"
        others = (f"{numbers} #{copy}" for copy in count(2))
        name = next(name for name in chain((told, numbers), others) if name and name not in taken)
        found[each] = name
        taken.add(name)
    return found


class _Wired:
    """The interfaces that may be ports with power, by all that could say which."""

    def __init__(self, ports: Iterable[Port]) -> None:
        self._by_index: dict[int, str] = {}
        self._by_text: dict[str, str] = {}
        self._by_last: dict[int, list[tuple[tuple[int, ...], Port]]] = {}
        for port in ports:
            self._by_index[port.index] = port.key
            self._by_text |= {text: port.key for text in (port.descr, port.name) if text}
            numbers = _numbers(port.name or port.descr)
            if numbers:
                self._by_last.setdefault(numbers[-1], []).append((numbers[:-1], port))

    def by_part(self, entities: Iterable[Entity]) -> Mapping[int, str]:
        """Return the interface that each part of ENTITY-MIB is."""
        names = (
            (part.index, self._by_index.get(part.if_index) or self._by_text.get(part.name, ""))
            for part in entities
        )
        return {index: name for index, name in names if index and name}

    def by_numbers(self, each: PoePort, *, single: bool) -> str:
        """Return the interface with these numbers in its name: its first is the group, its last the port."""
        fitting = [
            (numbers[1:], port)
            for numbers, port in self._by_last.get(each.port, ())
            if not numbers or numbers[0] == each.group
        ]
        if fitting:
            # of Gi1/0/1 and Te1/1/1 the first; of Gi1/0/1 and Te1/0/1 the one that comes first
            return min(fitting, key=lambda pair: (any(pair[0]), pair[1].index))[1].key
        return self._by_index.get(each.port, "") if single else ""


def _numbers(name: str) -> tuple[int, ...]:
    match = _PATH.search(name)
    return () if match is None else tuple(int(part) for part in match[0].split("/"))


def _watts(milliwatts: int | None) -> float | None:
    return None if milliwatts is None else milliwatts / 1000
