"""Columns of values as bytes and back: integers stay integers, unknown stays unknown."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from math import isnan
from typing import cast

from netmon.model import Value

# Narrowest first: fewer bytes for zlib to look at, and a quarter less on disk.
_INTEGERS = (
    ("b", -(2**7), 2**7 - 1), ("B", 0, 2**8 - 1), ("h", -(2**15), 2**15 - 1), ("H", 0, 2**16 - 1),
    ("i", -(2**31), 2**31 - 1), ("I", 0, 2**32 - 1), ("q", -(2**63), 2**63 - 1), ("Q", 0, 2**64 - 1),
)  # fmt: skip
_NOTHING = "n"
_DOUBLE = "d"
_JSON = "j"
_CODES = frozenset({_DOUBLE, *(code for code, _, _ in _INTEGERS)})
_MASKED = 0x80
_EXACT = 2**53
_LARGEST = 2**128
"""Counters have 64 bits; nothing that is measured has more than twice as many."""
_LENGTH = struct.Struct("<I")


def pack_column(values: Sequence[Value]) -> bytes:
    """Return one column as a type code, a mask of the known cells when some are not, and the cells.

    Codes are those of `struct` (little-endian), "n" for nothing known, and "j" for JSON, which takes
    what fits no other. NaN is *not known*. In a column that mixes whole numbers and fractions the
    whole ones come back as floats of the same value.
    """
    known = [value for value in values if value is not None and not (type(value) is float and isnan(value))]
    code = _code(known)
    if len(known) == len(values):
        return bytes((ord(code),)) + _cells(code, known)
    if not known:
        return b"n"
    mask = bytes(value is not None and value == value for value in values)  # noqa: PLR0124 - NaN alone differs
    return bytes((ord(code) | _MASKED,)) + mask + _cells(code, known)


def unpack_column(data: bytes, offset: int, rows: int) -> tuple[list[Value], int]:
    """Return one column and the offset behind it; ValueError or struct.error when the bytes are not one."""
    code = chr(data[offset] & ~_MASKED)
    masked = data[offset] & _MASKED
    offset += 1
    if code == _NOTHING:
        return [None] * rows, offset
    mask = data[offset : offset + rows] if masked else b""
    offset += len(mask)
    known, offset = _uncells(code, data, offset, sum(mask) if masked else rows)
    if not masked:
        return known, offset
    cells = iter(known)
    return [next(cells) if bit else None for bit in mask], offset


def _code(known: Sequence[Value]) -> str:
    if not known:
        return _NOTHING
    kinds = set(map(type, known))
    numbers = cast("Sequence[int]", known)
    if float not in kinds:
        low, high = min(numbers), max(numbers)
        # Nobody could count with it: no sink, no statistics, no sealed block; a page's JSON may hold one.
        if low < -_LARGEST or high > _LARGEST:
            raise ValueError("a number beyond all counters")
        return next((code for code, least, most in _INTEGERS if least <= low and high <= most), _JSON)
    if any(type(number) is int and abs(number) > _LARGEST for number in numbers):
        raise ValueError("a number beyond all counters")
    exact = kinds == {float} or all(
        type(number) is float or -_EXACT <= number <= _EXACT for number in numbers
    )
    return _DOUBLE if exact else _JSON


def _cells(code: str, known: Sequence[Value]) -> bytes:
    if code == _NOTHING:
        return b""
    if code == _JSON:
        text = json.dumps(known, separators=(",", ":")).encode("ascii")
        return _LENGTH.pack(len(text)) + text
    return struct.pack(f"<{len(known)}{code}", *known)


def _uncells(code: str, data: bytes, offset: int, count: int) -> tuple[list[Value], int]:
    if code == _JSON:
        start = offset + _LENGTH.size
        end = start + _LENGTH.unpack_from(data, offset)[0]
        return json.loads(data[start:end]), end
    if code not in _CODES:
        raise ValueError(f"no column has the type code {code!r}")
    layout = f"<{count}{code}"
    return list(struct.unpack_from(layout, data, offset)), offset + struct.calcsize(layout)
