"""What is known about the site, sorted by where it lies on the way out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address

from netmon.verdict.view import DeviceState, TargetState, View, WatchedCircuit

_OPER_DOWN = frozenset({2, 6, 7})  # IF-MIB ifOperStatus: down, notPresent, lowerLayerDown


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known, sorted by where it lies on the way out of the site."""

    gateways: Sequence[TargetState]
    resolvers: Sequence[TargetState]
    beyond: Sequence[TargetState]
    services: Sequence[TargetState]
    devices: Sequence[DeviceState]
    wan_down: Sequence[WatchedCircuit]
    wan_up: Sequence[WatchedCircuit]
    circuits: Sequence[WatchedCircuit]

    near: Sequence[IPv4Network | IPv6Network]
    own_carriers: Sequence[bool]
    """Whether each network interface of this machine has a link, where that is known."""

    @property
    def outside(self) -> list[TargetState]:
        """Everything that lies beyond the gateway, and has been asked recently.

        A resolver on the site's own network, or on this machine, is not outside: it may answer from its
        memory, and its ping proves nothing but itself.
        """
        far = [r for r in self.resolvers if not is_near(host(r), self.near)]
        gateways = {target.target for target in self.gateways}
        return [t for t in (*self.beyond, *far, *self.services) if known(t) and host(t) not in gateways]


def known(state: TargetState) -> bool:
    """Tell whether a target has been asked recently."""
    return state.known


def is_near(address: str, near: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Tell whether an address is this machine's own or on a network of the site.

    All of loopback is, unless `near` says which part of it: a simulated site has its world there.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    whole_loopback = not any(network.is_loopback for network in near)
    own = parsed.is_link_local or (parsed.is_loopback and whole_loopback)
    return own or any(parsed in network for network in near)


def host(state: TargetState) -> str:
    """Return a target's host."""
    return host_of(state.target)


def host_of(text: str) -> str:
    """Return a target without its port: two ports of one host are one witness."""
    target = text.removeprefix("http://").removeprefix("https://").split("/")[0]
    if target.startswith("["):
        return target[1:].partition("]")[0]
    return target.rsplit(":", 1)[0] if target.count(":") == 1 else target


def gather(view: View) -> Evidence:
    """Look at everything once."""
    ports = [(circuit, view.wan_port(circuit)) for circuit in view.watch.circuits.values()]
    states = [(circuit, port.value("ifOperStatus")) for circuit, port in ports if port is not None]
    return Evidence(
        gateways=view.targets("gateway", "cpe"),
        resolvers=view.targets("resolver"),
        beyond=view.targets("anchor", "first_hop"),
        services=view.targets("service", ""),
        devices=view.devices(),
        wan_down=[circuit for circuit, state in states if state in _OPER_DOWN],
        wan_up=[circuit for circuit, state in states if state == 1],
        circuits=tuple(view.watch.circuits.values()),
        near=view.watch.near,
        own_carriers=[bool(carrier) for carrier in view.own_carriers() if carrier is not None],
    )
