"""What a reply looked like last time: proves that a new one differs in numbers only, and lifts these.

A reply to the same request differs from the one before in its request-id and in the octets of numbers.
So one comparison of two big integers proves every tag, length, name, text, exception and error-status,
and one unpacking gives all numbers. Everything else is the strict decoder's work.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from operator import and_, sub
from typing import Final, NamedTuple

from collectors.snmp import ber
from collectors.snmp.message import Header, Varbind, decode_varbinds
from collectors.snmp.syntax import MibObject

_WINDOWS: Final = ((1, "B"), (2, "H"), (4, "I"), (8, "Q"))
"""Octets lifted for a number of up to that size; those before it are fixed, and taken off again."""
_MASKS: Final = tuple((1 << 8 * octets) - 1 for octets in range(9))

Wanted = Sequence[MibObject[object] | None]
"""What each varbind of a reply is; None for one that nobody wants, such as what follows a table."""


class Template:
    """One reply, learned from a strictly decoded one."""

    __slots__ = (
        "_corrections",
        "_fixed",
        "_header",
        "_mask",
        "_operator",
        "_size",
        "_unpack",
        "moving",
        "still",
        "wrong_types",
    )

    def __init__(self, body: bytes, header: Header, varbinds: Sequence[Varbind], wanted: Wanted) -> None:
        """Learn; ValueError for a reply whose numbers lie too close together to be lifted."""
        mask = bytearray(b"\xff" * len(body))
        mask[header.id_at : header.id_at + 4] = bytes(4)
        moving: list[int] = []
        still: list[object] = []
        numbers: list[_Number] = []
        self.wrong_types = 0
        for at, (varbind, what) in enumerate(zip(varbinds, wanted, strict=True)):
            _, tag, start, stop = varbind
            if what is None:
                mask[start:stop] = bytes(stop - start)
                continue
            value = what.read(tag, body[start:stop])
            if what.syntax.plain and isinstance(value, int):
                mask[start:stop] = _fixed_bits(tag, stop - start)
                moving.append(at)
                numbers.append(_Number(start, stop, value))
            else:
                self.wrong_types += value is None and tag < ber.NO_SUCH_OBJECT
                still.append(value)
        self._unpack = _unpacking(numbers)
        self._operator, self._corrections = _correcting(body, numbers)
        self._size, self._mask = len(body), int.from_bytes(mask, "little")
        self._fixed = int.from_bytes(body, "little") & self._mask
        self._header = replace(header, community=b"")
        self.moving = tuple(moving)
        """Which varbinds are numbers, in order."""
        self.still = tuple(still)
        """Values of the other wanted varbinds, in order."""

    def lift(self, body: bytes, request_id: int) -> Iterable[int] | None:
        """Return the numbers of a reply; None unless nothing else changed but the id, which must be that."""
        if len(body) != self._size or int.from_bytes(body, "little") & self._mask != self._fixed:
            return None
        at = self._header.id_at
        if body[at : at + 4] != request_id.to_bytes(4, "big"):
            return None
        return map(self._operator, self._unpack(body), self._corrections)

    def fits(self, header: Header, varbinds: Sequence[Varbind], wanted: Wanted) -> bool:
        """Tell whether a reply has the same status and names, and exceptions in the same places."""
        if (header.first, header.second) != (self._header.first, self._header.second):
            return False
        octets = self._fixed.to_bytes(self._size, "little")
        known = decode_varbinds(octets, self._header, len(wanted))
        return len(varbinds) == len(known) and all(
            new.name == old.name and (new.tag == old.tag or (what is not None and _are_values(new, old)))
            for new, old, what in zip(varbinds, known, wanted, strict=True)
        )


class _Number(NamedTuple):
    start: int
    stop: int
    value: int


def _unpacking(numbers: Sequence[_Number]) -> Callable[[bytes], tuple[int, ...]]:
    form, lifted_to = [">"], 0
    for number in numbers:
        octets, letter = _window(number.stop - number.start)
        if number.stop - octets < lifted_to:
            raise ValueError("numbers too close together")
        form.append(f"{number.stop - octets - lifted_to}x{letter}")
        lifted_to = number.stop
    return struct.Struct("".join(form)).unpack_from


def _correcting(body: bytes, numbers: Sequence[_Number]) -> tuple[Callable[[int, int], int], tuple[int, ...]]:
    """Return what makes values of windows: masks, as there are few; differences where one is negative."""
    sizes = [number.stop - number.start for number in numbers]
    if all(number.value >= 0 for number in numbers):
        return and_, tuple(_MASKS[min(size, 8)] for size in sizes)
    windows = [body[n.stop - _window(size)[0] : n.stop] for n, size in zip(numbers, sizes, strict=True)]
    return sub, tuple(int.from_bytes(w, "big") - n.value for w, n in zip(windows, numbers, strict=True))


def _window(size: int) -> tuple[int, str]:
    return next(
        (octets, letter) for octets, letter in _WINDOWS if size <= octets or octets == _WINDOWS[-1][0]
    )


def _fixed_bits(tag: int, size: int) -> bytes:
    """Return which bits of a number must stay for its value to go on being what its octets say."""
    if tag == ber.INTEGER:
        return b"\x80" + bytes(size - 1)
    # One octet more than the type has is a leading zero (RFC 2578 section 7.1.10 with X.690 section 8.3).
    octets = 8 if tag == ber.COUNTER64 else 4
    return (b"\xff" if size > octets else b"\x00") + bytes(size - 1)


def _are_values(new: Varbind, old: Varbind) -> bool:
    return new.tag < ber.NO_SUCH_OBJECT and old.tag < ber.NO_SUCH_OBJECT
