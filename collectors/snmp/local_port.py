"""Which of a device's ports a neighbour table means: LLDP has port numbers of its own.

802.1AB leaves it open what lldpLocPortNum is; bridges use dot1dBasePort, others ifIndex, many their own.
What the port is called decides first, by lldpLocPortId and lldpLocPortDesc; numbers only where that fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from collectors.snmp.neighbour import identifier
from collectors.snmp.ports import Port
from netmon import sdk

_ALIAS, _MAC = 1, 3
"""LldpPortIdSubtype (802.1AB): interfaceAlias, macAddress."""


class LocalPort(NamedTuple):
    """What a device calls one of its ports in lldpLocPortTable."""

    subtype: int
    id: bytes
    descr: bytes


class Found(NamedTuple):
    """A port: the name of its series, and its ifIndex, 0 when it is none of the device's interfaces."""

    name: str
    if_index: int


@dataclass(frozen=True, slots=True, eq=False)
class LocalPorts:
    """Finds ports by what neighbour tables call them; `bridge` has the ifIndex of each dot1dBasePort."""

    by_index: Mapping[int, Port]
    by_text: Mapping[str, Port]
    by_alias: Mapping[str, Port]
    by_address: Mapping[str, Port]
    told: Mapping[int, LocalPort]
    bridge: Mapping[int, int]

    def by_if_index(self, if_index: int) -> Found:
        """Return the port of this ifIndex."""
        port = self.by_index.get(if_index)
        return Found(f"#{if_index}", if_index) if port is None else Found(port.key, port.index)

    def by_number(self, number: int) -> Found:
        """Return the port of this lldpLocPortNum."""
        told = self.told.get(number)
        port = None if told is None else self._called(told)
        if port is None:
            port = self.by_index.get(self.bridge.get(number, number))
        if port is not None:
            return Found(port.key, port.index)
        return Found(_own_name(told) or f"#{number}", 0)

    def _called(self, told: LocalPort) -> Port | None:
        name, descr = sdk.clean(told.id), sdk.clean(told.descr)
        if told.subtype == _ALIAS and name in self.by_alias:
            return self.by_alias[name]
        address = identifier(told.id, mac=told.subtype == _MAC)
        return self.by_text.get(name) or self.by_text.get(descr) or self.by_address.get(address)


def local_ports(
    ports: Iterable[Port], told: Mapping[int, LocalPort], bridge: Mapping[int, int]
) -> LocalPorts:
    """Return what finds these ports; names and addresses that several of them have find none."""
    ports = tuple(ports)
    by_text = _only([(port.descr, port) for port in ports]) | _only([(port.name, port) for port in ports])
    return LocalPorts(
        by_index={port.index: port for port in ports},
        by_text=by_text | {port.key: port for port in ports},
        by_alias=_only([(port.alias, port) for port in ports]),
        by_address=_only([(port.address, port) for port in ports]),
        told=told,
        bridge=bridge,
    )


def _only(pairs: Iterable[tuple[str, Port]]) -> dict[str, Port]:
    found: dict[str, list[Port]] = {}
    for text, port in pairs:
        found.setdefault(text, []).append(port)
    return {text: ports[0] for text, ports in found.items() if text and len(ports) == 1}


def _own_name(told: LocalPort | None) -> str:
    """Return what the device itself calls a port that is none of its interfaces."""
    if told is None:
        return ""
    return identifier(told.id, mac=told.subtype == _MAC) or sdk.clean(told.descr)
