"""One series of values as few bytes, and back: standard library only, so that it runs on every board.

Whole numbers become signed differences in the narrowest width, cut into planes of bytes (bytes of one
rank lie together) and deflated. Decimal fractions become whole numbers of their last digit. Decoding is
lazy and runs in C: `itertools.accumulate` over a narrow array, so that an open block stays small.
"""

from __future__ import annotations

import json
import struct
import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, groupby, islice, repeat
from operator import sub
from typing import cast

from netmon.model import Value

# First byte of a series: its codec in the low nibble, flags above. Numbers are part of the format.
_NOTHING, _CONSTANT, _INTEGERS, _DECIMALS, _DOUBLES, _JSON = range(6)
_MASKED = 0x80
_WIDTHS = ((1, "b"), (2, "h"), (4, "i"), (8, "q"))
_TYPES = dict(_WIDTHS)
_EXPONENTS = (0, 1, 2, 3, 4, 6, 9)
_LARGEST_DECIMAL = 1e9
_SAMPLE = 16
_SMALL_BYTES = 1024
_ORDER_MAX = 2
_EXACT = 2**53
_DIGITS_MAX = 4400
"""Python itself reads no whole number that is longer."""
_NUMBER_BITS = 256
_MAX_VARINT_BYTES = 40
_LITTLE = sys.byteorder == "little"


def pack_series(values: Sequence[Value]) -> bytes:
    """Return a series as bytes; NaN is *not known*, and whole numbers among fractions become floats."""
    known = [value for value in values if value is not None and value == value]  # noqa: PLR0124 - NaN alone differs
    if not known:
        return bytes((_NOTHING,))
    body = _known(known)
    if len(known) == len(values):
        return body
    runs = _pack_runs([value is not None and value == value for value in values])  # noqa: PLR0124 - as above
    return bytes((body[0] | _MASKED,)) + runs + body[1:]


def unpack_series(data: bytes, count: int) -> Iterator[Value]:
    """Return an iterator over `count` values; ValueError when the bytes are not such a series."""
    try:
        if not data[0] & _MASKED:
            return iter(_unknown(data[0], data, 1, count))
        runs, offset = _unpack_runs(data, 1, count)
        known = iter(_unknown(data[0] & ~_MASKED, data, offset, sum(runs[1::2])))
    except (zlib.error, struct.error, IndexError, OverflowError, TypeError, RecursionError) as error:
        raise ValueError(f"the series is damaged: {error}") from error
    parts = (islice(known, run) if at % 2 else repeat(None, run) for at, run in enumerate(runs))
    return chain.from_iterable(cast("Iterable[Iterable[Value]]", parts))


def pack_integers(numbers: Sequence[int], orders: Sequence[int] = (0, 1)) -> bytes:
    """Return whole numbers of any size: the shortest of some orders of differences."""
    return min((_integers(numbers, order) for order in orders), key=len)


def unpack_integers(data: bytes, count: int) -> Iterator[int]:
    """Return an iterator over `count` whole numbers; ValueError when the bytes are not such."""
    try:
        return iter(_unintegers(data, 0, count))
    except (zlib.error, struct.error, IndexError, OverflowError) as error:
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
    plain = zlib.decompressobj(-15).decompress(data, size + 1)
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


def _known(known: Sequence[int | float]) -> bytes:
    kinds = set(map(type, known))
    if kinds == {int}:
        return _whole(cast("Sequence[int]", known))
    if kinds != {float} and any(type(one) is not float and abs(one) > _EXACT for one in known):
        return _json(known)
    fractions = list(map(float, known))
    if fractions.count(fractions[0]) == len(fractions):
        return bytes((_CONSTANT,)) + json.dumps(fractions[0]).encode("ascii")
    return _decimals(fractions) or bytes((_DOUBLES,)) + deflate(pack_planes(array("d", fractions)))


def _whole(numbers: Sequence[int]) -> bytes:
    if numbers[0] == numbers[-1] and numbers.count(numbers[0]) == len(numbers):
        return bytes((_CONSTANT,)) + str(numbers[0]).encode("ascii")
    try:
        # What only grows is a counter: its differences are always shorter than itself.
        orders = (1,) if numbers[-1] - numbers[0] > 2**31 else (0, 1)
        return bytes((_INTEGERS,)) + pack_integers(numbers, orders)
    except OverflowError:
        return _json(numbers)


def _json(known: Sequence[int | float]) -> bytes:
    return bytes((_JSON,)) + deflate(json.dumps(known, separators=(",", ":")).encode("ascii"))


def _decimals(fractions: Sequence[float]) -> bytes | None:
    """Return fractions as whole numbers of their last decimal digit; None when that is not exact."""
    if min(fractions) < -_LARGEST_DECIMAL or max(fractions) > _LARGEST_DECIMAL:
        return None
    some = fractions[:_SAMPLE]
    for exponent in _EXPONENTS:
        scale = 10**exponent
        if all(round(one * scale) / scale == one for one in some):
            whole = [round(one * scale) for one in fractions]
            if [one / scale for one in whole] == fractions:
                return bytes((_DECIMALS, exponent)) + pack_integers(whole)
    return None


def _unknown(code: int, data: bytes, offset: int, count: int) -> Iterable[Value]:
    if code == _NOTHING:
        return repeat(None, count)
    if code == _CONSTANT:
        return repeat(_number(json.loads(data[offset:])), count)
    if code == _INTEGERS:
        return _unintegers(data, offset, count)
    if code == _DECIMALS:
        if data[offset] not in _EXPONENTS:
            raise ValueError("a decimal with an unknown number of digits")
        scale = 10 ** data[offset]
        return (one / scale for one in _unintegers(data, offset + 1, count))
    if code == _DOUBLES:
        return unpack_planes("d", inflate(data[offset:], 8 * count))
    if code == _JSON:
        text = zlib.decompressobj(-15).decompress(data[offset:], _DIGITS_MAX * (count + 1))
        numbers = json.loads(text)
        if type(numbers) is not list or len(numbers) != count:
            raise ValueError("a list does not have the length that it should have")
        return [_number(one) for one in numbers]
    raise ValueError(f"codec {code} is not known to this version")


def _number(number: object) -> int | float:
    if type(number) is int or type(number) is float:
        return number
    raise ValueError("what should be a number is none")


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


def _unintegers(data: bytes, offset: int, count: int) -> Iterable[int]:
    order, width = data[offset] >> 4, data[offset] & 0x0F
    offset += 1
    if order > _ORDER_MAX:
        raise ValueError("differences of an unknown order")
    firsts = []
    for _ in range(min(order, count)):
        first, offset = unpack_varint(data, offset)
        firsts.append(first)
    left = count - len(firsts)
    cells: Iterable[int] = repeat(0, left)
    if width:
        if width not in _TYPES:
            raise ValueError("a width that is none")
        octets = inflate(data[offset:], width * left)
        cells = cast("array[int]", unpack_planes(_TYPES[width], octets))
    for first in reversed(firsts):
        cells = accumulate(cells, initial=first)
    return cells


def _pack_runs(known: Sequence[bool]) -> bytes:
    """Return how many cells are unknown, then known, then unknown ... until all are told."""
    lengths = [] if not known[0] else [0]
    lengths += [len(list(run)) for _, run in groupby(known)]
    return b"".join(map(pack_varint, lengths))


def _unpack_runs(data: bytes, offset: int, count: int) -> tuple[list[int], int]:
    runs: list[int] = []
    left = count
    while left:
        run, offset = unpack_varint(data, offset)
        if run > left or run < 0 or (run == 0 and runs):
            raise ValueError("runs of known values that do not fit")
        runs.append(run)
        left -= run
    return runs, offset
