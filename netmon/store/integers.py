"""Whole numbers as few bytes, and back.

They become signed differences in the narrowest width, cut into planes of bytes (bytes of one rank lie
together) and deflated. Decoding is lazy and runs in C: `itertools.accumulate` over a narrow array, so that
an open block stays small.
"""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate, repeat
from operator import sub
from typing import cast

_WIDTHS = ((1, "b"), (2, "h"), (4, "i"), (8, "q"))
_TYPES = dict(_WIDTHS)
_ORDER_MAX = 2
_DAMAGE = (zlib.error, struct.error, IndexError, OverflowError)
_SMALL_BYTES = 1024
_NUMBER_BITS = 256
_MAX_VARINT_BYTES = 40
_LITTLE = sys.byteorder == "little"


def pack_integers(numbers: Sequence[int], orders: Sequence[int] = (0, 1)) -> bytes:
    """Return whole numbers of any size: the shortest of some orders of differences."""
    return min((_integers(numbers, order) for order in orders), key=len)


def unpack_integers(data: bytes, count: int) -> Iterable[int]:
    """Return `count` whole numbers, to be gone through once; ValueError when the bytes are not such."""
    try:
        return read_integers(data, 0, count)
    except _DAMAGE as error:
        raise ValueError(f"the numbers are damaged: {error}") from error


def unpack_differences(data: bytes, count: int) -> tuple[list[int], Iterable[int] | None]:
    """Return the first number of each order, and the differences of the last one; None: all are zero."""
    try:
        return read_differences(data, 0, count)
    except _DAMAGE as error:
        raise ValueError(f"the numbers are damaged: {error}") from error


def pack_varint(number: int) -> bytes:
    """Return a number of any sign, seven bits per byte, the least first; OverflowError beyond 256 bits."""
    if number.bit_length() > _NUMBER_BITS:
        raise OverflowError("a number beyond all counters")
    rest = number << 1 if number >= 0 else ~number << 1 | 1
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def unpack_varint(data: bytes, offset: int) -> tuple[int, int]:
    """Return a number and the offset behind it; ValueError or IndexError when there is none."""
    rest = 0
    for length in range(_MAX_VARINT_BYTES):
        octet = data[offset + length]
        rest |= (octet & 0x7F) << 7 * length
        if octet < 0x80:
            return (~(rest >> 1) if rest & 1 else rest >> 1), offset + length + 1
    raise ValueError("a number does not end")


def deflate(data: bytes) -> bytes:
    """Return raw deflate: the checksum beside each stream makes zlib's own one superfluous."""
    if len(data) > _SMALL_BYTES:
        return zlib.compress(data, 6, -15)
    # A small window is made ready in a tenth of the time, and there are thousands of short streams.
    packer = zlib.compressobj(6, zlib.DEFLATED, -10, 2)
    return packer.compress(data) + packer.flush()


def inflate(data: bytes, size: int) -> bytes:
    """Return exactly `size` bytes; ValueError when there are fewer or more, never memory for more."""
    try:
        plain = zlib.decompressobj(-15).decompress(data, size + 1)
    except zlib.error as error:
        raise ValueError(f"a stream is damaged: {error}") from error
    if len(plain) != size:
        raise ValueError("a stream does not have the length that it should have")
    return plain


def pack_planes(cells: array[int] | array[float]) -> bytes:
    """Return an array with the bytes of one rank together, the least significant first."""
    if not _LITTLE:
        cells = array(cells.typecode, cells)
        cells.byteswap()
    octets, width = cells.tobytes(), cells.itemsize
    return octets if width == 1 else b"".join(octets[rank::width] for rank in range(width))


def unpack_planes(typecode: str, octets: bytes) -> array[int] | array[float]:
    """Return the array that `pack_planes` took apart."""
    cells: array[int] | array[float] = array(typecode)
    width = cells.itemsize
    if width > 1:
        count = len(octets) // width
        whole = bytearray(len(octets))
        for rank in range(width):
            whole[rank::width] = octets[rank * count : (rank + 1) * count]
        octets = bytes(whole)
    cells.frombytes(octets)
    if not _LITTLE:
        cells.byteswap()
    return cells


def _integers(numbers: Sequence[int], order: int) -> bytes:
    firsts = []
    rest = numbers
    for _ in range(min(order, len(numbers))):
        firsts.append(rest[0])
        rest = list(map(sub, rest[1:], rest))
    head = b"".join(map(pack_varint, firsts))
    least, most = (min(rest), max(rest)) if rest else (0, 0)
    if least == most == 0:
        return bytes((order << 4,)) + head
    for width, typecode in _WIDTHS:
        if -(1 << 8 * width - 1) <= least and most < 1 << 8 * width - 1:
            return bytes((order << 4 | width,)) + head + deflate(pack_planes(array(typecode, rest)))
    raise OverflowError("the differences do not fit into 64 bits")


def read_integers(data: bytes, offset: int, count: int) -> Iterable[int]:
    """Return whole numbers from an offset on; many kinds of error when the bytes are not such."""
    firsts, cells = read_differences(data, offset, count)
    if cells is None:
        if len(firsts) == _ORDER_MAX and firsts[1]:
            return range(firsts[0], firsts[0] + firsts[1] * count, firsts[1])
        cells = repeat(0, count - len(firsts))
    for first in reversed(firsts):
        cells = accumulate(cells, initial=first)
    return cells


def read_differences(data: bytes, offset: int, count: int) -> tuple[list[int], Iterable[int] | None]:
    """Return the first number of each order, and the differences of the last one; None: all are zero."""
    order, width = data[offset] >> 4, data[offset] & 0x0F
    offset += 1
    if order > _ORDER_MAX:
        raise ValueError("differences of an unknown order")
    firsts = []
    for _ in range(min(order, count)):
        first, offset = unpack_varint(data, offset)
        firsts.append(first)
    if not width:
        return firsts, None
    if width not in _TYPES:
        raise ValueError("a width that is none")
    octets = inflate(data[offset:], width * (count - len(firsts)))
    return firsts, cast("array[int]", unpack_planes(_TYPES[width], octets))
