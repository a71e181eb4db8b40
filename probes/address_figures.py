"""What is said of a target's address, as blackbox_exporter says it: time to find it, version, hash."""

from __future__ import annotations

import socket
from functools import lru_cache

from netmon import sdk
from probes.target import Resolved

LOOKUP = sdk.gauge("probe_dns_lookup_time_seconds", "Time it took to find the addresses, redirects added up.")
PROTOCOL = sdk.state("probe_ip_protocol", "IP version of the last connection: 4 or 6.")
HASH = sdk.integer(
    "probe_ip_addr_hash", "Hash (FNV-1a, 32 bits) of the last address: it changes when the address does."
)
ADDRESS_METRICS = (LOOKUP, PROTOCOL, HASH)

_OFFSET, _PRIME = 0x811C9DC5, 0x01000193


def address_values(resolved: Resolved) -> dict[sdk.Metric, sdk.Value]:
    """Return the figures of a target's address."""
    return {LOOKUP: resolved.seconds, PROTOCOL: resolved.version, HASH: address_hash(resolved.address)}


@lru_cache(maxsize=1024)  # targets keep their addresses
def address_hash(address: str) -> int:
    """Return the hash of an address as its octets stand in a packet."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = _OFFSET
    for octet in socket.inet_pton(family, address.partition("%")[0]):
        found = (found ^ octet) * _PRIME & 0xFFFFFFFF
    return found
