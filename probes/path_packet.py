"""What traced packets carry: enough to be told apart by whatever a router quotes of them."""

from __future__ import annotations

import struct

# RFC 792 and RFC 4443 §4: type, code, checksum and identifier (the kernel fills both), sequence.
_ECHO_HEADER = struct.Struct("!BBHHH")
ECHO_REQUEST, ECHO_REPLY = {4: 8, 6: 128}, {4: 0, 6: 129}
# Magic, sequence, balance, nonce.
_TAG = struct.Struct("!4sHH8s")
_MAGIC = b"nmtr"
TAG_BYTES = _TAG.size
NONCE_BYTES = 8

HEADER_BYTES = {4: 20 + 8, 6: 40 + 8}
"""IP header and echo or UDP header, by IP version: what a packet has beside its body."""


def tag(sequence: int, nonce: bytes) -> bytes:
    """Return the beginning of a body, which adds up to the same for all packets.

    Routers that spread traffic over several paths take an echo request's checksum as part of its flow
    (Augustin et al., Avoiding traceroute anomalies with Paris traceroute, IMC 2006, §2): it may not vary.
    """
    rest = _folded(2 * sequence + sum(struct.unpack("!4H", nonce)))
    return _TAG.pack(_MAGIC, sequence, 0xFFFF - rest, nonce)


def echo_request(version: int, sequence: int, body: bytes) -> bytes:
    """Return an echo request; the kernel fills in checksum and identifier."""
    return _ECHO_HEADER.pack(ECHO_REQUEST[version], 0, 0, 0, sequence) + body


def body(start: bytes, version: int, size_bytes: int) -> bytes:
    """Return a body that makes the whole IP packet that size, or as small as it can be."""
    return start.ljust(size_bytes - HEADER_BYTES[version], b"\0")


def echo_sequence(message: bytes, kind: int) -> int | None:
    """Return the sequence of an echo message of that type, or of what is quoted of it; None for all else."""
    if len(message) < _ECHO_HEADER.size:
        return None
    message_kind, _code, _checksum, _identifier, sequence = _ECHO_HEADER.unpack_from(message)
    return int(sequence) if message_kind == kind else None


def tag_sequence(message: bytes) -> int | None:
    """Return the sequence of a body; None when it is not one of ours, or was cut off."""
    if len(message) < _TAG.size:
        return None
    magic, sequence, _balance, _nonce = _TAG.unpack_from(message)
    return int(sequence) if magic == _MAGIC else None


def is_quote_of(quoted: bytes, start: bytes) -> bool:
    """Tell whether a quotation, which may be cut off anywhere and have anything after it, is of that body."""
    return quoted[: len(start)] == start[: len(quoted)]


def _folded(total: int) -> int:
    """Return a sum in ones' complement, as checksums add (RFC 1071)."""
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return total
