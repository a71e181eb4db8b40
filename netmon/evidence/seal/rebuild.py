"""A lost chain, made again from other copies of its records and held against the roots that were sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from netmon.evidence.seal.canonical import RecordJson
from netmon.evidence.seal.chain import Entry, Tip, link
from netmon.evidence.seal.roots import HOUR_MINUTES, HourRoot, SignedRoot
from netmon.evidence.seal.sealer import amendment, gap, minute_of, ordered
from netmon.evidence.seal.verify import Fault

Choice = tuple[list[RecordJson], list[RecordJson]]
"""Records that were there at one time, and those that came later."""


def rebuild(records: Iterable[RecordJson], roots: Sequence[SignedRoot]) -> tuple[list[Entry], list[Fault]]:
    """Return the entries of each hour that can be made again, and the hours that cannot.

    Which records came late nobody says; they came in one piece, as after a day without power. So pieces
    are tried until the hour has the hash that was signed.
    """
    hours: dict[int, list[RecordJson]] = {}
    for record in records:
        hours.setdefault(minute_of(record) // HOUR_MINUTES, []).append(record)
    entries: list[Entry] = []
    faults: list[Fault] = []
    waiting: list[RecordJson] = []
    for signed in roots:
        root = signed.root
        found = next(_fits(root, ordered(hours.get(root.hour, [])), waiting), None)
        if found is None:
            faults.append(Fault(f"hour {root.hour}", "cannot be made again from these records"))
            continue
        own, waiting = found
        entries += own
    return entries, faults


def _fits(
    root: HourRoot, own: list[RecordJson], waiting: list[RecordJson]
) -> Iterator[tuple[list[Entry], list[RecordJson]]]:
    """Yield the entries that have the root's hash, with what still waits."""
    for early, late in _there(own, root):
        for brought, left in _pieces(ordered([amendment(one) for one in waiting]), root.late):
            entries = list(link([*brought, *early], Tip(root.first, root.prev)))
            if entries and entries[-1].hash == root.tip:
                inner = [one["rec"] for one in left]
                yield entries, [*(one for one in inner if isinstance(one, dict)), *late]


def _there(own: list[RecordJson], root: HourRoot) -> Iterator[Choice]:
    """Yield what may have been there when the hour was sealed."""
    count = root.count - root.late
    yield from _pieces_left(own, count)
    if count == 1:
        yield [gap(root.site, root.hour)], own


def _pieces_left(own: list[RecordJson], count: int) -> Iterator[Choice]:
    for late, early in _pieces(own, len(own) - count):
        yield early, late


def _pieces(records: list[RecordJson], size: int) -> Iterator[Choice]:
    """Yield each piece of so many records in a row, and the others."""
    if 0 <= size <= len(records):
        for start in range(len(records) - size + 1 if size else 1):
            yield records[start : start + size], records[:start] + records[start + size :]
