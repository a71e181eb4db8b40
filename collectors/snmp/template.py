"""What a reply looked like last time: proves that a new one differs in numbers only, and lifts these.

A reply to the same request differs from the one before in its request-id and in the octets of numbers.
So one comparison of two big integers proves every tag, length, name, text, exception and error-status,
and one unpacking gives all numbers. Everything else is the strict decoder's work.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import sub
from typing import Final

from collectors.snmp import ber
from collectors.snmp.message import Header, Varbind, decode_varbinds
from collectors.snmp.syntax import MibObject

_WINDOW: Final = 8
"""Octets lifted for each number, whatever its size; those before it are fixed and are subtracted."""

Wanted = Sequence[MibObject[object] | None]
"""What each varbind of a reply is; None for one that nobody wants, such as what follows a table."""


class Template:
    """One reply, learned from a strictly decoded one."""

    __slots__ = (
        "_constants",
        "_fixed",
        "_header",
        "_mask",
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
        form, constants, lifted_to, self.wrong_types = [">"], [], 0, 0
        for at, (varbind, what) in enumerate(zip(varbinds, wanted, strict=True)):
            _, tag, start, stop = varbind
            if what is None:
                mask[start:stop] = bytes(stop - start)
                continue
            value = what.read(tag, body[start:stop])
            if not what.syntax.plain or not isinstance(value, int):
                self.wrong_types += value is None and tag < ber.NO_SUCH_OBJECT
                still.append(value)
                continue
            if stop - _WINDOW < lifted_to:
                raise ValueError("numbers too close together")
            mask[start:stop] = _fixed_bits(tag, stop - start)
            form.append(f"{stop - _WINDOW - lifted_to}xQ")
            lifted_to = stop
            constants.append(int.from_bytes(body[stop - _WINDOW : stop], "big") - value)
            moving.append(at)
        self._size, self._mask = len(body), int.from_bytes(mask, "little")
        self._fixed = int.from_bytes(body, "little") & self._mask
        self._unpack, self._constants = struct.Struct("".join(form)).unpack_from, tuple(constants)
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
        return map(sub, self._unpack(body), self._constants)

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


def _fixed_bits(tag: int, size: int) -> bytes:
    """Return which bits of a number must stay for its value to go on being what its octets say."""
    if tag == ber.INTEGER:
        return b"\x80" + bytes(size - 1)
    # One octet more than the type has is a leading zero (RFC 2578 section 7.1.10 with X.690 section 8.3).
    octets = 8 if tag == ber.COUNTER64 else 4
    return (b"\xff" if size > octets else b"\x00") + bytes(size - 1)


def _are_values(new: Varbind, old: Varbind) -> bool:
    return new.tag < ber.NO_SUCH_OBJECT and old.tag < ber.NO_SUCH_OBJECT
