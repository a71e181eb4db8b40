"""A STUN server that tells whatever address a test wants."""

from __future__ import annotations

import struct
from ipaddress import ip_address

COOKIE = 0x2112A442


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def mapped(address: str, request: bytes, *, masked: bool = True) -> bytes:
    """Return the attribute with an address, masked by cookie and transaction (RFC 8489) or plain."""
    parsed = ip_address(address)
    key = request[4:20] if masked else bytes(16)
    packed = bytes(a ^ b for a, b in zip(parsed.packed, key, strict=False))
    family = 1 if parsed.version == 4 else 2
    return attribute(0x0020 if masked else 0x0001, struct.pack("!BBH", 0, family, 0) + packed)


def answer(request: bytes, *attributes: bytes, kind: int = 0x0101) -> bytes:
    """Return an answer with these attributes."""
    body = b"".join(attributes)
    return struct.pack("!HH", kind, len(body)) + request[4:20] + body


def stun_server(address: str = "203.0.113.7"):
    """Return the server, for fakes.loopback.udp_server."""
    return lambda request: [answer(request, attribute(0x8022, b"test"), mapped(address, request))]
