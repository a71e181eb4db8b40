"""Request-ids: random, so that nobody who does not see our requests can answer them."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator
from struct import iter_unpack
from typing import Final

from collectors.snmp.message import MIN_REQUEST_ID

_DRAWN_OCTETS: Final = 4096
"""Octets asked of the kernel at once: a system call per request would cost as much as the request."""
_REMEMBERED: Final = 2048


class Identities:
    """New ids, and which ones have ended a moment ago."""

    def __init__(self) -> None:
        self._numbers = _numbers()
        # Two generations: the younger one becomes the older one when it is full.
        self._ended: set[int] = set()
        self._ended_before: set[int] = set()

    def new(self, taken: Container[int]) -> int:
        """Return a random id of 31 bits that is not taken."""
        for number in self._numbers:
            if number not in taken:
                return number
        raise AssertionError("random numbers do not end")

    def ended(self, request_id: int) -> None:
        """Remember an id for a while."""
        self._ended.add(request_id)
        if len(self._ended) >= _REMEMBERED:
            self._ended, self._ended_before = set(), self._ended

    def remembers(self, request_id: int) -> bool:
        """Tell whether the id was ours a moment ago: a late reply, in contrast to an invented one."""
        return request_id in self._ended or request_id in self._ended_before


def _numbers() -> Iterator[int]:
    while True:
        for (drawn,) in iter_unpack("=I", os.urandom(_DRAWN_OCTETS)):
            number: int = drawn & 0x7FFF_FFFF
            if number >= MIN_REQUEST_ID:
                yield number
