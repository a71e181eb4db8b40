"""Look closer at a device that answered: what it is, its ports, its neighbours, where it routes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from collectors.addresses import AddressesCollector
from collectors.discovery.scan import Answered
from collectors.neighbours import NeighboursCollector
from collectors.rules.profile import Profile, Profiles
from collectors.snmp import ber
from collectors.snmp.engine import SnmpEngine
from collectors.snmp.known_ports import KnownPorts
from collectors.snmp.ports import Port
from collectors.snmp.session import Session
from collectors.snmp.subtree import Bounds
from collectors.snmp.syntax import WHOLE, scalar
from collectors.system import SystemCollector
from netmon import sdk

_TIMEOUT_SECONDS: Final = 30.0
_FORWARDING: Final = scalar("ipForwarding", "1.3.6.1.2.1.4.1", WHOLE)
_SERVICES: Final = scalar("sysServices", "1.3.6.1.2.1.1.7", WHOLE)
_BRIDGE_PORTS: Final = scalar("dot1dBaseNumPorts", "1.3.6.1.2.1.17.1.2", WHOLE)
_DEFAULT_ROUTES: Final = (
    "1.3.6.1.2.1.4.24.7.1.7.1.4.0.0.0.0.0",  # inetCidrRouteIfIndex of 0.0.0.0/0 (RFC 4292)
    "1.3.6.1.2.1.4.24.4.1.5.0.0.0.0.0.0.0.0",  # ipCidrRouteIfIndex (RFC 2096)
    "1.3.6.1.2.1.4.21.1.2.0.0.0.0",  # ipRouteIfIndex (RFC 1213)
)
"""Asked for the default route only: a router's whole table may have a million rows."""
_STANDARDS: Final = {
    "UPS-MIB": "1.3.6.1.2.1.33",
    "Printer-MIB": "1.3.6.1.2.1.43",
    "HOST-RESOURCES-MIB": "1.3.6.1.2.1.25.3.3",
}

Details = Mapping[str, sdk.Json]


@dataclass(frozen=True, slots=True)
class Survey:
    """What a closer look at a device gave; empty and None for what it does not tell."""

    answered: Answered
    details: Details
    role_of_system: str
    """The role that its operating system's rule gives, if any."""
    ports: tuple[Port, ...] = ()
    addresses: tuple[Details, ...] = ()
    neighbours: tuple[Details, ...] = ()
    forwards: bool | None = None
    services: int | None = None
    bridge_ports: int | None = None
    standards: frozenset[str] = frozenset()
    default_if_index: int | None = None


async def survey(answered: Answered, context: sdk.Context) -> Survey:
    """Look at one device; what fails is left empty."""
    session = (await context.shared.get(SnmpEngine)).session(answered.device, context)
    system = await _facts(SystemCollector, "system", answered.device, context)
    profile = await _profile(session, context)
    found = Survey(answered, system, profile.os.role if profile and profile.os else "")
    try:
        return await _closer(found, session, context)
    except sdk.SourceError:
        return found


async def _closer(found: Survey, session: Session, context: sdk.Context) -> Survey:
    scalars = await session.get((_FORWARDING, _SERVICES, _BRIDGE_PORTS), _TIMEOUT_SECONDS)
    roots = {name: ber.oid(root) for name, root in _STANDARDS.items()}
    present = await session.present(list(roots.values()), _TIMEOUT_SECONDS)
    forwarding = scalars[_FORWARDING]
    ports = await (await context.shared.get(KnownPorts)).ports(session, _TIMEOUT_SECONDS)
    addresses = await _facts(AddressesCollector, "addresses", found.answered.device, context)
    neighbours = await _facts(NeighboursCollector, "neighbours", found.answered.device, context)
    return Survey(
        answered=found.answered,
        details=found.details,
        role_of_system=found.role_of_system,
        ports=ports,
        addresses=_entries(addresses, "addresses"),
        neighbours=_entries(neighbours, "neighbours"),
        forwards=None if forwarding is None else forwarding == 1,
        services=scalars[_SERVICES],
        bridge_ports=scalars[_BRIDGE_PORTS],
        standards=frozenset(name for name, root in roots.items() if root in present),
        default_if_index=await _default_route(session) if forwarding == 1 else None,
    )


async def _profile(session: Session, context: sdk.Context) -> Profile | None:
    try:
        return await (await context.shared.get(Profiles)).of(session, context, _TIMEOUT_SECONDS)
    except sdk.SourceError:
        return None


async def _facts(
    kind: type[SystemCollector | AddressesCollector | NeighboursCollector],
    name: str,
    device: sdk.Device,
    context: sdk.Context,
) -> Details:
    """Return the values of the fact that a collector yields; empty when it fails."""
    assignment = sdk.Assignment(name, (device.name,), 60.0, _TIMEOUT_SECONDS, device=device)
    source = kind(assignment, sdk.NoSettings())
    try:
        await source.open(context)
        records = await source.read()
    except sdk.SourceError:
        return {}
    finally:
        await source.close()
    return next((r.values for r in records if isinstance(r, sdk.Fact) and r.kind == name), {})


async def _default_route(session: Session) -> int | None:
    """Return the ifIndex of the port that the default route leaves by; None when it is not told."""
    for root in _DEFAULT_ROUTES:
        try:
            walked = await session.everything(
                ber.oid(root), Bounds(_TIMEOUT_SECONDS, 8), lambda _walked: None
            )
        except sdk.SourceError:
            continue
        for variable in walked.found:
            if variable.tag == ber.INTEGER and (index := ber.decode_integer(variable.content)) > 0:
                return index
    return None


def _entries(values: Details, name: str) -> tuple[Details, ...]:
    listed = values.get(name)
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        return ()
    return tuple(entry for entry in listed if isinstance(entry, Mapping))
