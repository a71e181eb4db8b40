"""A lost chain, made again from other copies of its records and held against the roots that were sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import combinations, islice
from typing import TypeVar

from netmon.evidence.seal.canonical import RecordJson, canonical
from netmon.evidence.seal.chain import Entry, Tip, link
from netmon.evidence.seal.roots import HOUR_MINUTES, HourRoot, SignedRoot
from netmon.evidence.seal.sealer import amendment, gap, minute_of
from netmon.evidence.seal.verify import Fault
from netmon.model.derived import BANDWIDTH_TEST, CIRCUIT_MINUTE, SITE_MINUTE

_MOST_TRIES = 2000
"""For one hour: a second. Honest hours take a few; an hour that was changed takes them all."""
_MOST_KINDS = 8
"""Kinds of events of which it is tried whether they were sealed; with more of them in an hour all or none."""
_WAITING_HOURS = 14 * 24
Kinds = frozenset[str]
_MINUTES: Kinds = frozenset({CIRCUIT_MINUTE, SITE_MINUTE})
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Spelled:
    """A record and its bytes, which are hashed over and over."""

    rec: RecordJson
    text: bytes
    hour: int
    minute: int
    kind: str

    @property
    def order(self) -> tuple[int, str, bytes]:
        """Return the place within an hour."""
        return self.minute, self.kind, self.text


@dataclass(frozen=True, slots=True)
class _Choice:
    """What an hour may have been: amendments, then its own records; `left` may have come later."""

    brought: Sequence[_Spelled]
    early: Sequence[_Spelled]
    left: Sequence[_Spelled]


def rebuild(records: Iterable[RecordJson], roots: Sequence[SignedRoot]) -> tuple[list[Entry], list[Fault]]:
    """Return the entries of each hour that can be made again, and the hours that cannot.

    Which records came late nobody says; they came in one piece, as after a day without power, or the
    minutes of one did. Nor does anybody say which kinds of events were sealed: an hour that fits tells. So
    pieces and kinds are tried until the hour has the hash that was signed.
    """
    again = _Again()
    for record in records:
        again.add(record)
    entries: list[Entry] = []
    faults: list[Fault] = []
    for signed in roots:
        found = again.made(signed.root)
        if found:
            entries += found
        else:
            faults.append(Fault(f"hour {signed.root.hour}", "cannot be made again from these records"))
    return entries, faults


@dataclass(slots=True)
class _Again:
    """Records that no hour has yet, and the kinds that are known to be sealed."""

    _hours: dict[int, list[_Spelled]] = field(default_factory=dict)
    _waiting: list[_Spelled] = field(default_factory=list)
    _sealed: Kinds = _MINUTES | {BANDWIDTH_TEST}
    _unsealed: Kinds = frozenset()

    def add(self, record: RecordJson) -> None:
        """Take a record, in any order."""
        found = _spelled(record)
        self._hours.setdefault(found.hour, []).append(found)

    def made(self, root: HourRoot) -> list[Entry]:
        """Return the hour's entries; none when no choice has the root's hash."""
        own = sorted(self._hours.pop(root.hour, ()), key=lambda one: one.order)
        for hour in [hour for hour in self._hours if hour < root.hour]:
            self._waiting += self._hours.pop(hour)  # before a chain's beginning: it has them as amendments
        self._waiting = [one for one in self._waiting if one.hour > root.hour - _WAITING_HOURS]
        tip = Tip(root.first, root.prev)
        for choice in islice(self._choices(root, own), _MOST_TRIES):
            records = [*choice.brought, *choice.early]
            if records and _hash(records, tip) == root.tip:
                self._waiting = list(choice.left)
                self._sealed |= {one.kind for one in choice.early}
                self._unsealed = (self._unsealed | {one.kind for one in own}) - self._sealed
                return list(link([one.rec for one in records], tip))
        return []

    def _choices(self, root: HourRoot, own: list[_Spelled]) -> Iterator[_Choice]:
        waiting = self._waiting if root.late else []
        late = sorted(((_amended(one), one) for one in waiting), key=lambda pair: pair[0].order)
        for kinds in self._kinds(own, root):
            aside = [one for one in own if one.kind not in kinds]
            likely = [pair for pair in late if pair[1].kind in kinds]
            unlikely = [one for one in self._waiting if not root.late or one.kind not in kinds]
            for early, later in _there([one for one in own if one.kind in kinds], root):
                for brought, left in _pieces(likely, root.late):
                    waiting = [*unlikely, *(one for _, one in left), *later, *aside]
                    yield _Choice([one for one, _ in brought], early, waiting)

    def _kinds(self, own: Sequence[_Spelled], root: HourRoot) -> Iterator[Kinds]:
        """Yield which kinds may have been sealed, those first that need no record to be late."""
        met = {one.kind for one in (*own, *(self._waiting if root.late else ()))} - self._sealed
        for unknown in dict.fromkeys((frozenset(met - self._unsealed), frozenset(met))):
            sizes = range(len(unknown), -1, -1) if len(unknown) <= _MOST_KINDS else (len(unknown), 0)
            found = [
                self._sealed | set(some) for size in sizes for some in combinations(sorted(unknown), size)
            ]
            wanted = root.count - root.late
            yield from sorted(found, key=lambda kinds: sum(one.kind in kinds for one in own) != wanted)


def _spelled(record: RecordJson) -> _Spelled:
    minute = minute_of(record)
    return _Spelled(record, canonical(record), minute // HOUR_MINUTES, minute, str(record.get("kind")))


def _amended(one: _Spelled) -> _Spelled:
    return _spelled(amendment(one.rec))


def _hash(records: Sequence[_Spelled], tip: Tip) -> str:
    """Return the hash after these records, as `link` would."""
    found = tip.hash
    for seq, one in enumerate(records, tip.seq):
        told = b'{"prev":"%b","rec":%b,"seq":%d}' % (found.encode(), one.text, seq)
        found = sha256(told).hexdigest()
    return found


def _there(own: list[_Spelled], root: HourRoot) -> Iterator[tuple[list[_Spelled], list[_Spelled]]]:
    """Yield what may have been there when the hour was sealed, and what came later."""
    count = root.count - root.late
    for late, early in _pieces(own, len(own) - count):
        yield early, late
    minutes = [one for one in own if one.kind in _MINUTES]
    events = [one for one in own if one.kind not in _MINUTES]
    for late, early in _pieces(minutes, len(own) - count) if events else ():
        yield sorted([*early, *events], key=lambda one: one.order), late
    if count == 1:
        yield [_spelled(gap(root.site, root.hour))], own


def _pieces(records: list[T], size: int) -> Iterator[tuple[list[T], list[T]]]:
    """Yield each piece of so many records in a row, and the others."""
    if 0 <= size <= len(records):
        for start in range(len(records) - size + 1 if size else 1):
            yield records[start : start + size], records[:start] + records[start + size :]
