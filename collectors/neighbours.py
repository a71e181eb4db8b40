"""Who is at the other end of a device's ports, as they tell by LLDP (802.1AB) or CDP.

Neighbours are a fact, and those that are no configured device a fact of their own. That somebody else is
at the end of a port is an event: one per read, however many ports it concerns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields
from typing import ClassVar, Final

from collectors.snmp import mib
from collectors.snmp.cdp import CDP, cdp_neighbours
from collectors.snmp.collector import SnmpCollector
from collectors.snmp.engine import SnmpEngine
from collectors.snmp.known_ports import KnownPorts
from collectors.snmp.lldp import (
    BRIDGE_PORT,
    LOCAL_PORTS,
    V1,
    V2,
    WHO,
    lldp_neighbours,
    management_addresses,
    own_chassis,
    ports_told,
)
from collectors.snmp.local_port import LocalPorts, local_ports
from collectors.snmp.neighbour import Neighbour
from collectors.snmp.neighbour_changes import LastSeen
from collectors.snmp.ports import Port
from collectors.snmp.register import Register
from netmon import sdk

NEIGHBOURS: Final = "neighbours"
UNREGISTERED: Final = "unregistered_neighbours"

_MOST: Final = 1024
_MOST_NAMES: Final = 10


class NeighboursCollector(SnmpCollector[sdk.NoSettings]):
    """Reads the neighbours of one device every five minutes."""

    metrics: ClassVar[dict[str, tuple[sdk.Metric, ...]]] = {}
    settings_type = sdk.NoSettings
    period_seconds = 300.0

    def __init__(self, assignment: sdk.Assignment, settings: sdk.NoSettings) -> None:
        super().__init__(assignment, settings)
        self._seen = LastSeen()
        self._reads = 0

    async def collect(self) -> Sequence[sdk.Record]:
        """Return the facts, and an event when somebody else is at the end of a port."""
        found = in_order(await self._neighbours())[:_MOST]
        stamp = self.context.clock.stamp()
        records: list[sdk.Record] = [sdk.Fact(NEIGHBOURS, self.key, values_of(found), stamp)]
        if self._reads:  # at first, other devices have not yet said who they are
            records.append(sdk.Fact(UNREGISTERED, self.key, values_of(await self._strangers(found)), stamp))
        self._reads += 1
        changed = self._seen.note(found)
        if changed:
            more = f" and {len(changed) - _MOST_NAMES} more" if len(changed) > _MOST_NAMES else ""
            words = "; ".join(change.text for change in changed[:_MOST_NAMES]) + more
            data: dict[str, sdk.Json] = {"ports": [change.data for change in changed]}
            records.append(self.event("neighbours_changed", words, data))
        return records

    async def _neighbours(self) -> set[Neighbour]:
        """Read all protocols; the same neighbour on the same port by the same protocol counts once."""
        known = await (await self.context.shared.get(KnownPorts)).ports(self.session, self.left_seconds)
        await self._say_who_we_are(known)
        old, new, cisco = [await self.whole_table(columns) for columns in (V1.columns, V2.columns, CDP)]
        ports = await self._local_ports(known, numbered=bool(old.index))
        found = set(cdp_neighbours(cisco, ports))
        for version, table in ((V1, old), (V2, new)):
            if table.index:
                addresses = management_addresses(version, await self.whole_table((version.address_subtype,)))
                found.update(lldp_neighbours(version, table, addresses, ports))
        return found

    async def _local_ports(self, known: Sequence[Port], *, numbered: bool) -> LocalPorts:
        """Return what finds our own ports; what LLDP calls them is read where it has numbers of its own."""
        if not numbered:
            return local_ports(known, {}, {})
        told = ports_told(await self.whole_table(LOCAL_PORTS))
        bridge = await self.whole_table((BRIDGE_PORT,))
        pairs = zip(bridge.index, bridge[BRIDGE_PORT], strict=True)
        return local_ports(known, told, {row[0]: port for row, port in pairs if len(row) == 1 and port})

    async def _say_who_we_are(self, known: Sequence[Port]) -> None:
        values = await self.session.get(WHO, self.left_seconds)
        names = (sdk.clean(values[mib.SYS_NAME] or b""), own_chassis(values), *(p.address for p in known))
        (await self.context.shared.get(Register)).note(self.session, NEIGHBOURS, names)

    async def _strangers(self, found: Iterable[Neighbour]) -> list[Neighbour]:
        devices = (await self.context.shared.get(SnmpEngine)).devices
        return (await self.context.shared.get(Register)).strangers(found, devices)


def values_of(neighbours: Iterable[Neighbour]) -> dict[str, sdk.Json]:
    """Return neighbours as plain data; what is not told is left out."""
    return {"neighbours": [_entry(neighbour) for neighbour in neighbours]}


def _entry(neighbour: Neighbour) -> dict[str, sdk.Json]:
    found: dict[str, sdk.Json] = {field.name: getattr(neighbour, field.name) for field in fields(neighbour)}
    return {name: value for name, value in found.items() if value not in ("", 0, ())}


def in_order(neighbours: Iterable[Neighbour]) -> list[Neighbour]:
    """Return neighbours by port, protocol and identity, then by all else: the fact changes when they do."""

    def place(one: Neighbour) -> tuple[int, str, str, tuple[str, str], tuple[object, ...]]:
        return one.if_index, one.local_port, one.protocol, one.identity, astuple(one)

    return sorted(neighbours, key=place)
