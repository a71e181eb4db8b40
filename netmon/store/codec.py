"""One series of values as few bytes, and back: standard library only, so that it runs on every board.

Whole numbers are `integers.py`'s. Decimal fractions become whole numbers of their last digit; what is
neither goes as doubles, and what fits nowhere as JSON. Decoding is lazy.
"""

from __future__ import annotations

import json
import struct
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby, islice, repeat
from operator import truediv
from typing import cast

from netmon.model import Value
from netmon.store.integers import (
    deflate,
    inflate,
    pack_integers,
    pack_planes,
    pack_varint,
    read_integers,
    unpack_planes,
    unpack_varint,
)

# First byte of a series: its codec in the low nibble, flags above. Numbers are part of the format.
_NOTHING, _CONSTANT, _INTEGERS, _DECIMALS, _DOUBLES, _JSON = range(6)
_MASKED = 0x80
_EXPONENTS = (0, 1, 2, 3, 4, 6, 9)
_LARGEST_DECIMAL = 1e9
_SAMPLE = 16
_EXACT = 2**53
_SMALL_WIDTH = 4
_DIGITS_MAX = 4400
"""Python itself reads no whole number that is longer."""


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
    runs, values = _unpack(data, count)
    known = iter(values)
    if runs is None:
        return known
    parts = (islice(known, run) if at % 2 else repeat(None, run) for at, run in enumerate(runs))
    return chain.from_iterable(cast("Iterable[Iterable[Value]]", parts))


def unpack_whole(data: bytes, count: int) -> Sequence[Value]:
    """Return the same values at once: several times as fast for whoever wants all of them."""
    runs, values = _unpack(data, count)
    known = values if isinstance(values, array | list) else list(values)
    if runs is None:
        return known
    whole: list[Value] = []
    at = 0
    for place, run in enumerate(runs):
        if place % 2:
            whole += known[at : at + run]
            at += run
        else:
            whole += [None] * run
    return whole


def _unpack(data: bytes, count: int) -> tuple[list[int] | None, Iterable[Value]]:
    """Return how many are unknown, known, unknown ... (None: all are known), and the known ones."""
    try:
        if not data[0] & _MASKED:
            return None, _unknown(data[0], data, 1, count)
        runs, offset = _unpack_runs(data, 1, count)
        return runs, _unknown(data[0] & ~_MASKED, data, offset, sum(runs[1::2]))
    except (zlib.error, struct.error, IndexError, OverflowError, TypeError, RecursionError) as error:
        raise ValueError(f"the series is damaged: {error}") from error


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
        text = data[offset:]
        return repeat(int(text) if text.isdigit() else _number(json.loads(text)), count)
    if code == _INTEGERS:
        return read_integers(data, offset, count)
    if code == _DECIMALS:
        if data[offset] not in _EXPONENTS:
            raise ValueError("a decimal with an unknown number of digits")
        whole = read_integers(data, offset + 1, count)
        # A float divides in two thirds of the time, and is exact for numbers that fit into 53 bits.
        small = isinstance(whole, array) and whole.itemsize <= _SMALL_WIDTH
        scale = 10 ** data[offset]
        return map(truediv, whole, repeat(float(scale) if small else scale))
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
