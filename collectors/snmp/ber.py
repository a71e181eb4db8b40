"""Basic Encoding Rules, as far as SNMP needs them (X.690; RFC 3417 section 8: definite lengths only).

Everything works on bytes and offsets. Decoding never reads outside the bounds it was given, never
recurses and never loops without advancing; what it does not understand is a BerError.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from netmon import sdk

Oid = tuple[int, ...]
"""An object identifier, as its numbers."""

INTEGER: Final = 0x02
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OBJECT_IDENTIFIER: Final = 0x06
SEQUENCE: Final = 0x30
IP_ADDRESS: Final = 0x40
COUNTER32: Final = 0x41
GAUGE32: Final = 0x42
TIME_TICKS: Final = 0x43
OPAQUE: Final = 0x44
COUNTER64: Final = 0x46
NO_SUCH_OBJECT: Final = 0x80
NO_SUCH_INSTANCE: Final = 0x81
END_OF_MIB_VIEW: Final = 0x82

_MAX_ARCS = 128  # RFC 3416 section 4.1: at most 128 sub-identifiers
_MAX_ARC = 2**32 - 1


class BerError(sdk.NetmonError):
    """The octets are not what SNMP allows."""


def oid(dotted: str) -> Oid:
    """Return the numbers of "1.3.6.1.2.1.1.1.0"; ValueError when it is not one."""
    return tuple(int(arc) for arc in dotted.removeprefix(".").split("."))


def dotted(numbers: Oid) -> str:
    """Return the usual text of an object identifier."""
    return ".".join(map(str, numbers))


def encode_length(size: int) -> bytes:
    """Return the shortest length octets."""
    if size < 0x80:
        return bytes((size,))
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(octets),)) + octets


def encode(tag: int, content: bytes) -> bytes:
    """Return one element: tag, length, content."""
    return bytes((tag,)) + encode_length(len(content)) + content


def encode_integer(value: int, tag: int = INTEGER) -> bytes:
    """Return a whole number of any size, signed, in the fewest octets."""
    size = (value + (value < 0)).bit_length() // 8 + 1
    return encode(tag, value.to_bytes(size, "big", signed=True))


def encode_arcs(numbers: Iterable[int]) -> bytes:
    """Return sub-identifiers in base 128, as they stand inside an object identifier."""
    content = bytearray()
    for number in numbers:
        if not 0 <= number <= _MAX_ARC:
            raise BerError(f"{number} is not a sub-identifier")
        for shift in range(28, 0, -7):
            if number >> shift:
                content.append(number >> shift & 0x7F | 0x80)
        content.append(number & 0x7F)
    return bytes(content)


def encode_oid(numbers: Oid) -> bytes:
    """Return the content octets of an object identifier (no tag, no length)."""
    if len(numbers) < 2 or numbers[0] > 2 or (numbers[0] < 2 and numbers[1] >= 40):
        raise BerError(f"{dotted(numbers)!r} is not an object identifier")
    return encode_arcs((numbers[0] * 40 + numbers[1], *numbers[2:]))


def element(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Return tag, start and stop of the element at `at`, whose content must lie before `end`."""
    if at + 2 > end:
        raise BerError("element cut short")
    size = data[at + 1]
    start = at + 2
    if size >= 0x80:
        octets = size & 0x7F
        # 0x80 is the indefinite form; more than four octets would be a message no datagram can hold.
        if not 1 <= octets <= 4 or start + octets > end:
            raise BerError("length not allowed")
        size = int.from_bytes(data[start : start + octets], "big")
        start += octets
    if start + size > end:
        raise BerError("content cut short")
    return data[at], start, start + size


def expect(tag: int, data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return start and stop of the element at `at`, which must have that tag."""
    found, start, stop = element(data, at, end)
    if found != tag:
        raise BerError(f"tag {found:#04x} where {tag:#04x} belongs")
    return start, stop


def decode_integer(content: bytes) -> int:
    """Return a signed whole number of one to eight octets."""
    if not 1 <= len(content) <= 8:
        raise BerError(f"an integer of {len(content)} octets")
    return int.from_bytes(content, "big", signed=True)


def decode_unsigned(content: bytes, bits: int) -> int:
    """Return a number that is never negative.

    Devices leave out the leading zero octet of large ones (a common mistake): the sign bit is a digit here.
    """
    if not 1 <= len(content) <= bits // 8 + 1:
        raise BerError(f"an unsigned number of {len(content)} octets")
    value = int.from_bytes(content, "big")
    if value >> bits:
        raise BerError(f"more than {bits} bits")
    return value


def decode_arcs(content: bytes) -> Oid:
    """Return the sub-identifiers of a part of an object identifier."""
    arcs: list[int] = []
    arc = 0
    for octet in content:
        arc = arc << 7 | octet & 0x7F
        if arc > _MAX_ARC:
            raise BerError("sub-identifier beyond 32 bits")
        if octet < 0x80:
            arcs.append(arc)
            arc = 0
    if content and content[-1] >= 0x80:
        raise BerError("sub-identifier cut short")
    if len(arcs) > _MAX_ARCS:
        raise BerError("more than 128 sub-identifiers")
    return tuple(arcs)


def decode_oid(content: bytes) -> Oid:
    """Return the numbers of an object identifier's content octets."""
    arcs = decode_arcs(content)
    if not arcs:
        raise BerError("empty object identifier")
    first = min(arcs[0] // 40, 2)
    return (first, arcs[0] - 40 * first, *arcs[1:])
