"""What is remembered of a local network: facts that changed, and events that somebody must know of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from netmon import sdk
from probes.raw.frames import Neighbour, Offer
from probes.raw.link import LinkNeighbour

_FACTS_MAX = 4096
"""A host that invents addresses must not fill the memory: what goes beyond is not remembered."""


@dataclass(slots=True)
class LanMemory:
    """One interface's facts as published last, and which alarms are on."""

    key: sdk.Labels
    expected_servers: frozenset[str]
    _facts: dict[tuple[str, str], Mapping[str, sdk.Json]] = field(default_factory=dict)
    _alarms: dict[str, frozenset[str]] = field(default_factory=dict)
    _first_server: str = ""

    def neighbours(self, found: Sequence[Neighbour], stamp: sdk.Stamp) -> Iterator[sdk.Record]:
        """Yield a fact for each host whose addresses changed, an event for each new address conflict."""
        by_mac: dict[str, set[str]] = {}
        for one in found:
            by_mac.setdefault(one.mac, set()).add(one.address)
        for mac, addresses in by_mac.items():
            yield from self._fact("lan_neighbour", "mac", mac, {"addresses": sorted(addresses)}, stamp)
        conflicts = conflicting(found)
        for address in self._new("address_conflict", conflicts):
            macs = ", ".join(conflicts[address])
            yield self._event("address_conflict", f"{address} is claimed by {macs}", address, stamp)

    def links(self, found: Sequence[LinkNeighbour], stamp: sdk.Stamp) -> Iterator[sdk.Record]:
        """Yield a fact for each device at the other end that says something new."""
        for one in found:
            values: dict[str, sdk.Json] = {
                "protocol": one.protocol, "port": one.port, "port_text": one.port_text, "name": one.name,
                "system": one.system, "management": list(one.management),
            }  # fmt: skip
            yield from self._fact("link_neighbour", "chassis", one.chassis, values, stamp)

    def servers(self, found: Sequence[Offer], stamp: sdk.Stamp) -> Iterator[sdk.Record]:
        """Yield a fact for each DHCP server that is new or changed, an event for each that should not be."""
        if found and not self._first_server:
            self._first_server = found[0].server
        by_server = {one.server: one for one in found}
        for server, one in by_server.items():
            values: dict[str, sdk.Json] = {
                "mac": one.mac, "routers": list(one.routers), "resolvers": list(one.resolvers),
                "lease_seconds": one.lease_seconds,
            }  # fmt: skip
            yield from self._fact("dhcp_server", "server", server, values, stamp)
        strangers = {server: by_server[server] for server in self.unexpected(found)}
        for server in self._new("dhcp_unexpected_server", strangers):
            text = f"{server} ({strangers[server].mac}) offers addresses and is not expected to"
            yield self._event("dhcp_unexpected_server", text, server, stamp)

    def unexpected(self, found: Sequence[Offer]) -> Sequence[str]:
        """Return servers that are not expected; where none were named, all but the first ever seen."""
        expected = self.expected_servers or {self._first_server}
        return sorted({one.server for one in found} - expected)

    def _fact(
        self, kind: str, label: str, name: str, values: Mapping[str, sdk.Json], stamp: sdk.Stamp
    ) -> Iterator[sdk.Fact]:
        known = self._facts.get((kind, name))
        if known != values and (known is not None or len(self._facts) < _FACTS_MAX):
            self._facts[kind, name] = values
            yield sdk.Fact(kind, (*self.key, (label, name)), values, stamp)

    def _new(self, kind: str, names: Mapping[str, object]) -> Sequence[str]:
        """Return names that were not there the last time: an alarm is told once, until it was over."""
        before, self._alarms[kind] = self._alarms.get(kind, frozenset()), frozenset(names)
        return sorted(self._alarms[kind] - before)

    def _event(self, kind: str, text: str, address: str, stamp: sdk.Stamp) -> sdk.Event:
        return sdk.Event(kind, self.key, text, stamp, {"address": address})


def conflicting(found: Sequence[Neighbour]) -> Mapping[str, Sequence[str]]:
    """Return IPv4 addresses that more than one host answers for, with who does."""
    by_address: dict[str, set[str]] = {}
    for one in found:
        if ":" not in one.address:
            by_address.setdefault(one.address, set()).add(one.mac)
    return {address: sorted(macs) for address, macs in by_address.items() if len(macs) > 1}
