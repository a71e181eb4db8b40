"""Where an HTTP probe may go: checked on the address that is connected to, at every hop.

A server that answers a probe with a redirect must not be able to make netmon ask the cloud's metadata
service or this host's own services. Private networks are allowed: watching them is the job.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from netmon import sdk

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052 §2.1
_METADATA = frozenset({IPv6Address("fd00:ec2::254")})  # the one such address that is not link-local


def check_address(address: str, came_from: str | None) -> None:
    """Raise SourceError(REJECTED) when a probe must not connect there.

    `came_from` is the address that sent us on by a redirect; None for the configured target itself.
    """
    real = _real(address)
    if real.is_link_local or real.is_multicast or real.is_unspecified or real in _METADATA:
        raise sdk.SourceError(sdk.Outcome.REJECTED, f"{address} is no place for an HTTP probe")
    if real.is_loopback and came_from is not None and not _real(came_from).is_loopback:
        raise sdk.SourceError(sdk.Outcome.REJECTED, f"{came_from} redirects to this host ({address})")


def _real(address: str) -> IPv4Address | IPv6Address:
    """Return the address that is reached in the end, out of its IPv6 wrapping."""
    found = ip_address(address)
    if isinstance(found, IPv4Address):
        return found
    if found.ipv4_mapped is not None:
        return found.ipv4_mapped
    if found.sixtofour is not None:
        return found.sixtofour
    if found in _NAT64:
        return IPv4Address(int(found) & 0xFFFF_FFFF)
    return found
