"""The chain: each hash holds the one before, so that no record can be changed, lost, moved or slipped in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from netmon.evidence.seal.canonical import RecordJson, canonical, digest

BEGINNING = "0" * 64
"""What stands before the first record."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One record in its place."""

    seq: int
    prev: str
    rec: RecordJson
    hash: str

    def line(self) -> bytes:
        """Return the entry as a line of a file."""
        return canonical({"hash": self.hash, "prev": self.prev, "rec": self.rec, "seq": self.seq}) + b"\n"


@dataclass(frozen=True, slots=True)
class Tip:
    """Where a chain ends: the number that the next record gets, and the hash before it."""

    seq: int = 0
    hash: str = BEGINNING


def link(records: Iterable[RecordJson], tip: Tip) -> Iterator[Entry]:
    """Append records to a chain."""
    seq, prev = tip.seq, tip.hash
    for rec in records:
        found = entry_hash(seq, prev, rec)
        yield Entry(seq, prev, rec, found)
        seq, prev = seq + 1, found


def entry_hash(seq: int, prev: str, rec: RecordJson) -> str:
    """Return h_n = SHA-256 of canonical {"prev": h_(n-1), "rec": record, "seq": n}."""
    return digest({"seq": seq, "prev": prev, "rec": rec})
