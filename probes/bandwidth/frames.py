"""WebSocket frames (RFC 6455, section 5), as far as a capacity test needs them. Pure."""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import dataclass

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
LARGEST_HEADER_BYTES = 14
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_FINAL, _MASKED = 0x80, 0x80
_MASK_BYTES = 4


@dataclass(frozen=True, slots=True)
class Header:
    """Of one frame of a server, which masks nothing: its kind, its own length, its payload's."""

    opcode: int
    header_bytes: int
    payload_bytes: int


def parse_header(seen: bytes) -> Header | None:
    """Read a frame's header; None while it is not complete. ValueError for what no server may send."""
    if len(seen) < 2:
        return None
    if seen[1] & _MASKED or seen[0] & 0x70:
        raise ValueError
    length, format_ = seen[1], {126: "!H", 127: "!Q"}.get(seen[1], "")
    header_bytes = 2 + struct.calcsize(format_)
    if len(seen) < header_bytes:
        return None
    payload_bytes = struct.unpack_from(format_, seen, 2)[0] if format_ else length
    return Header(seen[0] & 0x0F, header_bytes, payload_bytes)


def client_header(opcode: int, payload_bytes: int, mask: bytes) -> bytes:
    """Return the header of a frame whose payload is masked by four random octets."""
    first = _FINAL | opcode
    if payload_bytes < 126:
        return struct.pack("!BB", first, _MASKED | payload_bytes) + mask
    if payload_bytes < 1 << 16:
        return struct.pack("!BBH", first, _MASKED | 126, payload_bytes) + mask
    return struct.pack("!BBQ", first, _MASKED | 127, payload_bytes) + mask


def client_frame(opcode: int, payload: bytes, mask: bytes) -> bytes:
    """Return a whole small frame."""
    masked = bytes(octet ^ mask[at % _MASK_BYTES] for at, octet in enumerate(payload))
    return client_header(opcode, len(payload), mask) + masked


def accept_of(key: str) -> str:
    """Return what a server answers to a key (section 4.2.2)."""
    return base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()  # noqa: S324 - the RFC's choice, no secret
