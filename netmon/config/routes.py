"""What the kernel's routing tables say about where this machine stands."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path

Network = IPv4Network | IPv6Network

_RTF_UP, _RTF_GATEWAY, _RTF_REJECT = 0x1, 0x2, 0x200  # linux/route.h


def connected(proc_root: Path = Path("/proc")) -> tuple[Network, ...]:
    """Return the networks that this machine is itself part of; none where the tables cannot be read."""
    tables = (("route", _networks_v4), ("ipv6_route", _networks_v6))
    found: list[Network] = []
    for name, networks in tables:
        try:
            found += networks((proc_root / "self" / "net" / name).read_text("utf-8", "replace"))
        except OSError:
            continue
    return tuple(dict.fromkeys(found))


def _networks_v4(route: str) -> Iterator[Network]:
    for line in route.splitlines():
        columns = line.split()
        try:
            destination, flags, mask = (int(columns[place], 16) for place in (1, 3, 7))
            network = IPv4Network((_address_v4(destination), str(_address_v4(mask))))
        except (ValueError, IndexError, OverflowError):
            continue
        if mask and flags & _RTF_UP and not flags & (_RTF_GATEWAY | _RTF_REJECT):
            yield network


def _networks_v6(route: str) -> Iterator[Network]:
    for line in route.splitlines():
        columns = line.split()
        try:
            destination, length, gateway, flags = (int(columns[place], 16) for place in (0, 1, 4, 8))
            network = IPv6Network((destination, length))
        except (ValueError, IndexError):
            continue
        if 0 < length < 128 and not gateway and flags & _RTF_UP and not flags & _RTF_REJECT:
            yield network


def _address_v4(number: int) -> IPv4Address:
    # The kernel prints the address as a number of its own byte order.
    return IPv4Address(number.to_bytes(4, sys.byteorder))


def gateways_v4(route: str) -> tuple[str, ...]:
    """Return default gateways of /proc/net/route, the preferred one first; garbage is skipped."""
    found: dict[str, int] = {}
    for line in route.splitlines():
        columns = line.split()
        try:
            destination, gateway, flags, mask = (int(columns[place], 16) for place in (1, 2, 3, 7))
            metric = int(columns[6])
            address = str(_address_v4(gateway))
        except (ValueError, IndexError, OverflowError):
            continue
        default = destination == 0 and mask == 0
        if default and gateway and flags & _RTF_UP and flags & _RTF_GATEWAY:
            found[address] = min(metric, found.get(address, metric))
    return tuple(sorted(found, key=found.__getitem__))


def gateways_v6(route: str) -> tuple[str, ...]:
    """Return default gateways of /proc/net/ipv6_route, the preferred one first, link-local with zone."""
    found: dict[str, int] = {}
    for line in route.splitlines():
        columns = line.split()
        try:
            destination, length, gateway, metric, flags = (
                int(columns[place], 16) for place in (0, 1, 4, 5, 8)
            )
            address, interface = IPv6Address(gateway), columns[9]
        except (ValueError, IndexError):
            continue
        default = destination == 0 and length == 0 and gateway != 0
        if default and flags & _RTF_UP and flags & _RTF_GATEWAY and not flags & _RTF_REJECT:
            name = f"{address}%{interface}" if address.is_link_local else str(address)
            found[name] = min(metric, found.get(name, metric))
    return tuple(sorted(found, key=found.__getitem__))
