"""Whether a figure can be claimed from a supplier: where it came from, and who else says so. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

AGREE_RATIO = 0.05
"""Two endpoints agree when their figures differ by no more than this share of the larger one."""
_NETWORK_BITS = {4: 24, 6: 48}


@dataclass(frozen=True, slots=True)
class Figure:
    """What an endpoint found in one direction: its name, its address, bit/s of one layer."""

    endpoint: str
    address: str
    rate: float


@dataclass(frozen=True, slots=True)
class Claim:
    """Whether a figure can be claimed, and why in words."""

    claimable: bool
    reason: str


def claim(figure: Figure, named: Sequence[str], others: Sequence[Figure]) -> Claim:
    """Return whether a figure can be claimed; `named` are the endpoints of the contract."""
    if figure.endpoint in named:
        return Claim(claimable=True, reason=f"the contract names {figure.endpoint}")
    for other in others:
        if independent(figure, other) and agree(figure, other):
            return Claim(
                claimable=True, reason=f"{other.endpoint} found {other.rate / 1e6:.1f} Mbit/s as well"
            )
    if named:
        return Claim(claimable=False, reason=f"the contract names {' and '.join(named)}")
    return Claim(claimable=False, reason="no other endpoint agrees, and the contract names none")


def independent(one: Figure, other: Figure) -> bool:
    """Tell whether two endpoints stand in different networks (/24, /48) under different names."""
    return one.endpoint != other.endpoint and _network(one.address) != _network(other.address)


def agree(one: Figure, other: Figure) -> bool:
    """Tell whether two figures are the same within the measuring error."""
    return abs(one.rate - other.rate) <= AGREE_RATIO * max(one.rate, other.rate)


def _network(address: str) -> str:
    found = ip_address(address.partition("%")[0])
    return str(ip_network(f"{found}/{_NETWORK_BITS[found.version]}", strict=False))
