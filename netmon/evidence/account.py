"""Availability: minutes counted by what they were, and the ratios that follow, as exact fractions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from netmon.evidence.calendar import both, picked, shown, without

LEAST_COVERAGE = Fraction(95, 100)
"""Below this share of known minutes, availability is told in minutes and bounds, never as a percentage."""

_DOWN, _MAYBE = re.compile(rb"s+"), re.compile(rb"[s?ka]+")


@dataclass(frozen=True, slots=True)
class Account:
    """Minutes of a period: they add up to `total`.

    `down` are proven and the supplier's. `elsewhere` are proven down, and somebody else answers for them
    (power, own network). `unknown` are those that nobody can tell, and those that are down with nobody
    proven to answer for it. `excluded` are out of the account by contract.
    """

    up: int = 0
    down: int = 0
    elsewhere: int = 0
    unknown: int = 0
    excluded: int = 0

    @property
    def total(self) -> int:
        """All minutes of the period."""
        return self.up + self.down + self.elsewhere + self.unknown + self.excluded

    @property
    def measured(self) -> Fraction | None:
        """Up by up and down: the headline; None when nothing is known."""
        return _share(self.up, self.up + self.down)

    @property
    def worst(self) -> Fraction | None:
        """As if all unknown minutes had been down."""
        return _share(self.up, self.up + self.down + self.unknown)

    @property
    def best(self) -> Fraction | None:
        """As if all unknown minutes had been up."""
        return _share(self.up + self.unknown, self.up + self.down + self.unknown)

    @property
    def coverage(self) -> Fraction | None:
        """Share of the minutes that count of which it is known what they were."""
        return _share(self.up + self.down, self.up + self.down + self.unknown)

    @property
    def contract(self) -> Fraction | None:
        """The contract's own arithmetic: only proven minutes of the supplier's count against it.

        None when nothing is known at all: a month that nobody saw is no month without faults.
        """
        if self.up + self.down + self.elsewhere == 0:
            return None
        return _share(self.total - self.excluded - self.down, self.total - self.excluded)

    @property
    def printable(self) -> bool:
        """Whether enough is known to tell availability as a percentage."""
        return self.coverage is not None and self.coverage >= LEAST_COVERAGE

    def __add__(self, other: Account) -> Account:
        return Account(
            self.up + other.up,
            self.down + other.down,
            self.elsewhere + other.elsewhere,
            self.unknown + other.unknown,
            self.excluded + other.excluded,
        )


def take_account(letters: bytes, counted: bytes, excluded: bytes) -> Account:
    """Count the letters of `attribution.alphabet` within a mask of hours, less what is excluded."""
    taken = picked(letters, without(counted, excluded))
    up, down = taken.count(b"u"), taken.count(b"s")
    elsewhere = taken.count(b"p") + taken.count(b"l")
    return Account(up, down, elsewhere, len(taken) - up - down - elsewhere, sum(both(counted, excluded)))


def bounds(letters: bytes, counted: bytes, excluded: bytes) -> tuple[int, int]:
    """Return the fewest and the most minutes that may have been the supplier's, exact to the second.

    Each run of minutes is known to a minute at its two ends together. Unknown minutes may have been down.
    What is not known any more can only move the two apart.
    """
    seen = shown(letters, without(counted, excluded))
    down, open_ = [run.end() - run.start() for run in _DOWN.finditer(seen)], list(_MAYBE.finditer(seen))
    return sum(down) - len(down), sum(run.end() - run.start() + 1 for run in open_)


def _share(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None
