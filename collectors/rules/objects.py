"""Values of whatever type a device gives them, for objects that a rule names and no MIB of ours types."""

from __future__ import annotations

import math
import re
import struct
from typing import Final

from collectors.snmp import ber
from collectors.snmp.ber import BerError, Oid
from collectors.snmp.syntax import MibObject, Syntax
from netmon import sdk

Cell = int | float | bytes | Oid
"""A number, the octets of a text, or an object identifier."""

_NUMBERS: Final = frozenset({ber.INTEGER, ber.GAUGE32, ber.COUNTER32, ber.TIME_TICKS, ber.COUNTER64})
_FLOAT: Final = b"\x9f\x78\x04"
_DOUBLE: Final = b"\x9f\x79\x08"
_LARGEST: Final = 2.0**64
"""What all whole numbers of SNMP are below; numbers in texts and fractions may be told without end."""
_FIRST_NUMBER: Final = re.compile(r"[-+]?\d+(?:\.\d+)?")


def _whole(tag: int, content: bytes) -> int:
    if tag == ber.INTEGER:
        return ber.decode_integer(content)
    return ber.decode_unsigned(content, 64 if tag == ber.COUNTER64 else 32)


def _anything(tag: int, content: bytes) -> Cell:
    if tag in _NUMBERS:
        return _whole(tag, content)
    if tag == ber.OBJECT_IDENTIFIER:
        return ber.decode_oid(content)
    if tag == ber.OPAQUE:
        return _opaque(content)
    return content


def _opaque(content: bytes) -> float | bytes:
    """Return the floating-point number that net-snmp wraps into an Opaque, or the octets."""
    for head, form in ((_FLOAT, ">f"), (_DOUBLE, ">d")):
        if content.startswith(head) and len(content) == len(head) + struct.calcsize(form):
            value = float(struct.unpack_from(form, content, len(head))[0])
            if not math.isfinite(value):
                raise BerError(f"{value} is no measured number")
            return value
    return content


ANYTHING: Final[Syntax[Cell]] = Syntax(
    _NUMBERS | {ber.OCTET_STRING, ber.OBJECT_IDENTIFIER, ber.IP_ADDRESS, ber.OPAQUE}, _anything
)
NUMBER: Final[Syntax[Cell]] = Syntax(_NUMBERS, _whole, plain=True)
"""What a column is read as once it has shown numbers only: these need no strict decoding."""


def wanted(name: str, oid: Oid, *, number: bool) -> MibObject[Cell]:
    """Return an object to ask for, a column unless the identifier has the instance."""
    return MibObject(name, oid, NUMBER if number else ANYTHING)


def text(cell: Cell | None) -> str:
    """Return a value as clean text; empty for none."""
    match cell:
        case None:
            return ""
        case bytes():
            return sdk.clean(cell)
        case tuple():
            return ber.dotted(cell)
        case float():
            return f"{cell:g}"
        case _:
            return str(cell)


def number(cell: Cell | None, pattern: re.Pattern[str] | None = None) -> float | None:
    """Return a value as a number: a text's first one, or the first group of `pattern`; None for none."""
    if isinstance(cell, int | float):
        return cell if abs(cell) < _LARGEST else None
    if not isinstance(cell, bytes):
        return None
    match = (pattern or _FIRST_NUMBER).search(sdk.clean(cell))
    if match is None:
        return None
    try:
        value = float(match[match.re.groups and 1])
    except (ValueError, TypeError):
        return None
    return value if abs(value) < _LARGEST else None


def pattern_of(words: str) -> re.Pattern[str] | None:
    """Return a rule's pattern, for `number`; None for an empty one."""
    return re.compile(words) if words else None
