"""Recordings of devices: one line `OID|tag|value` per variable, as snmpsim and its relatives write them.

Text that a line can carry stands as it is; other octets are hexadecimal, which an x behind the tag says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from collectors.snmp import ber
from collectors.snmp.ber import BerError, Oid

_UNSIGNED_BITS: Final = {ber.COUNTER32: 32, ber.GAUGE32: 32, ber.TIME_TICKS: 32, ber.COUNTER64: 64}
_OCTETS: Final = {ber.OCTET_STRING, ber.OPAQUE}
_HEX: Final = "x"


class Recorded(NamedTuple):
    """One variable: its name, its value's tag, and the value's content octets."""

    name: Oid
    tag: int
    content: bytes


def line(recorded: Recorded) -> str:
    """Return a variable as a line, without its end; BerError for a value that breaks its own type."""
    suffix, text = _text(recorded.tag, recorded.content)
    return f"{ber.dotted(recorded.name)}|{recorded.tag}{suffix}|{text}"


def _text(tag: int, content: bytes) -> tuple[str, str]:
    if tag == ber.INTEGER:
        return "", str(ber.decode_integer(content))
    if tag in _UNSIGNED_BITS:
        return "", str(ber.decode_unsigned(content, _UNSIGNED_BITS[tag]))
    if tag == ber.OBJECT_IDENTIFIER:
        return "", ber.dotted(ber.decode_oid(content))
    if tag == ber.IP_ADDRESS and len(content) == 4:
        return "", ".".join(map(str, content))
    if tag == ber.NULL and not content:
        return "", ""
    if tag not in _OCTETS:
        raise BerError(f"no recording has a value of tag {tag:#04x} and {len(content)} octets")
    return ("", content.decode("ascii")) if _plain(content) else (_HEX, content.hex())


def _plain(content: bytes) -> bool:
    """Tell whether a line carries these octets as they are: readers strip lines and split them at bars."""
    return all(0x20 <= octet < 0x7F and octet != 0x7C for octet in content) and content == content.strip()


def parse(text: str) -> Recorded:
    """Return the variable of one line; BerError for a line that is none."""
    name, bar, rest = text.strip().partition("|")
    kind, second_bar, value = rest.partition("|")
    if not (bar and second_bar):
        raise BerError(f"{text[:60]!r} is not a line of a recording: it lacks a bar")
    try:
        tag = int(kind.removesuffix(_HEX))
        return Recorded(ber.oid(name), tag, _content(tag, value, in_hex=kind.endswith(_HEX)))
    except ValueError as error:
        raise BerError(f"{text[:60]!r} is not a line of a recording: {error}") from error


def _content(tag: int, value: str, *, in_hex: bool) -> bytes:
    if in_hex:
        return bytes.fromhex(value)
    if tag in {ber.INTEGER, *_UNSIGNED_BITS}:
        number = int(value)
        return number.to_bytes((number + (number < 0)).bit_length() // 8 + 1, "big", signed=True)
    if tag == ber.OBJECT_IDENTIFIER:
        return ber.encode_oid(ber.oid(value))
    if tag == ber.IP_ADDRESS:
        return bytes(map(int, value.split(".")))
    return value.encode("latin-1")


def read(lines: Iterable[str]) -> Iterator[Recorded]:
    """Yield the variables of a recording; empty lines and comments are passed over."""
    for text in lines:
        if text.strip() and not text.startswith("#"):
            yield parse(text)
