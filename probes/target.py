"""What a target says: a host, perhaps a port; and the address it has at the moment."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal

from netmon import sdk
from probes.binding import source_version

Family = Literal["any", "ipv4", "ipv6"]
"""Which of a name's addresses to use; `any` takes the resolver's first."""

Families = Literal["any", "ipv4", "ipv6", "both"]
"""The same for probes that can measure both apart; each then resolves for one of them."""

_SOON_SECONDS = 0.02
_VERSIONS: dict[Families, int] = {"any": 0, "ipv4": 4, "ipv6": 6, "both": 0}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host and a port, as configured."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Resolved:
    """An address, and how long it took to find, in seconds."""

    address: str
    seconds: float

    @property
    def version(self) -> int:
        """Return 4 or 6."""
        return 6 if ":" in self.address else 4


def parse_endpoint(target: str, default_port: int | None = None) -> Endpoint:
    """Read "host:port" or "[2001:db8::1]:port", the port perhaps by default; UsageError for all else."""
    host, port = target, ""
    if target.startswith("["):
        host, bracket, rest = target[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise sdk.UsageError(f"{target!r}: write an IPv6 address as [2001:db8::1]:port")
        port = rest[1:]
    elif target.count(":") == 1:
        host, _, port = target.partition(":")
    if not port and default_port is not None:
        return Endpoint(_checked_host(host, target), default_port)
    if not port.isascii() or not port.isdigit() or not 0 < int(port[:6]) < 65_536:
        raise sdk.UsageError(f"{target!r} needs a port from 1 to 65535, such as {host or 'host'}:443")
    return Endpoint(_checked_host(host, target), int(port))


def _checked_host(host: str, target: str) -> str:
    if not host or any(character.isspace() or character in "/@[]" for character in host):
        raise sdk.UsageError(f"{target!r} does not name a host")
    return host


async def resolve(
    context: sdk.Context, host: str, family: Families = "any", circuit: sdk.Circuit | None = None
) -> Resolved:
    """Return the address to use now, if possible one that the circuit's own can ask.

    SourceError(UNRESOLVED) when there is none.
    """
    began = context.clock.monotonic()
    addresses = await context.resolver.addresses(host, _VERSIONS[family])
    version = source_version(circuit)
    # In the spelling that the kernel uses for senders, so that they can be compared.
    found = [ip_address(address) for address in addresses]
    chosen = next((address for address in found if address.version == version), found[0])
    return Resolved(str(chosen), context.clock.monotonic() - began)


async def resolve_soon(
    context: sdk.Context, hosts: Mapping[str, str], family: Families, circuit: sdk.Circuit | None
) -> dict[str, Resolved]:
    """Return the addresses that are known now, or a moment later, by target; `hosts` are by target, too.

    What is left out takes longer, or has none: resolve() says which.
    """
    found: dict[str, Resolved] = {}
    asked: dict[str, asyncio.Task[Resolved]] = {}
    for target, host in hosts.items():
        address = _literal(host, _VERSIONS[family])
        if address:
            found[target] = Resolved(address, 0.0)
        else:
            asked[target] = asyncio.create_task(resolve(context, host, family, circuit))
    if asked:
        await _settle(asked.values())
        for target, task in asked.items():
            if task.done() and not task.cancelled() and task.exception() is None:
                found[target] = task.result()
    return found


async def _settle(tasks: Collection[asyncio.Task[Resolved]]) -> None:
    """Give the tasks a moment, and end those that need more."""
    try:
        await asyncio.wait(tasks, timeout=_SOON_SECONDS)
    finally:
        for task in tasks:
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _literal(host: str, version: int) -> str:
    """Return an address as the kernel spells it; empty for a name, and for one of another version."""
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    if version == (4 if kind == socket.AF_INET6 else 6):
        return ""
    try:
        return socket.inet_ntop(kind, socket.inet_pton(kind, host))
    except OSError:
        return ""
