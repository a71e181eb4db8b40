"""The device series that Prometheus scrapes: text made when a reading comes, joined when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from netmon.clock import Clock
from netmon.metrics.fragment import Family, families
from netmon.model import Labels, Reading, Record, Shape
from netmon.series import Beats, Owner, owner


@dataclass(slots=True)
class _Group:
    """What one owner exposes now."""

    shape: Shape
    families: tuple[Family, ...]
    beats: Beats


class Exposition:
    """A subscriber that keeps one fragment of text per family and owner.

    A series ends when its cell is not known any more, when its owner yields a shape without it, when
    nothing came for three intervals (120 s at least), or when `drop` is called. No sample carries a
    time: Prometheus would show a dead device for five minutes more.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._plans: WeakKeyDictionary[Shape, tuple[Family, ...]] = WeakKeyDictionary()
        self._groups: dict[Owner, _Group] = {}
        self._fragments: dict[str, dict[Owner, bytes]] = {}
        self._headers: dict[str, bytes] = {}
        self._owners: dict[tuple[str, Labels], Owner] = {}

    def accept(self, records: Sequence[Record]) -> None:
        """Render the readings among the records."""
        for record in records:
            if isinstance(record, Reading) and record.shape.rows:
                self._take(record)

    def _take(self, reading: Reading) -> None:
        who = owner(reading.shape)
        group = self._groups.get(who)
        if group is None or group.shape is not reading.shape:
            group = self._replace(who, reading.shape, group)
        group.beats.note(reading.stamp.boottime_ns)
        for family in group.families:
            fragment = family.render(reading.columns)
            fragments = self._fragments.setdefault(family.name, {})
            if fragment:
                self._headers.setdefault(family.name, family.header)
                fragments[who] = fragment
            else:
                fragments.pop(who, None)

    def _replace(self, who: Owner, shape: Shape, old: _Group | None) -> _Group:
        """Make room for a new shape: no row may be exposed by two owners, no old row may stay."""
        self._remove(who)
        for row in shape.rows:
            self._remove(self._owners.get((shape.measurement, row.key)))
            self._owners[shape.measurement, row.key] = who
        plan = self._plans.get(shape)
        if plan is None:
            plan = self._plans[shape] = families(shape)
        beats = Beats(shape.measurement) if old is None else old.beats
        group = self._groups[who] = _Group(shape, plan, beats)
        return group

    def _remove(self, who: Owner | None) -> None:
        group = None if who is None else self._groups.pop(who, None)
        if group is None or who is None:
            return
        for family in group.families:
            self._fragments[family.name].pop(who, None)
        for row in group.shape.rows:
            self._owners.pop((group.shape.measurement, row.key), None)

    def drop(self, labels: Labels) -> None:
        """End the series of everything whose key has all these labels: it left the configuration."""
        wanted = set(labels)
        gone = [
            who
            for who, group in self._groups.items()
            if any(wanted <= set(row.key) for row in group.shape.rows)
        ]
        for who in gone:
            self._remove(who)

    def render(self) -> list[bytes]:
        """Return the whole text in pieces of some kB, without copying them (see `chunks`)."""
        now_ns = self._clock.boottime_ns()
        for who in [who for who, group in self._groups.items() if group.beats.ended(now_ns)]:
            self._remove(who)
        pieces: list[bytes] = []
        for name, fragments in self._fragments.items():
            if fragments:
                pieces.append(self._headers[name])
                pieces += fragments.values()
        return pieces


def chunks(pieces: Sequence[bytes], size_bytes: int = 262_144) -> Iterator[bytes]:
    """Join pieces to chunks that are worth a write each; between two of them other tasks may run."""
    waiting: list[bytes] = []
    waiting_bytes = 0
    for piece in pieces:
        waiting.append(piece)
        waiting_bytes += len(piece)
        if waiting_bytes >= size_bytes:
            yield b"".join(waiting)
            waiting, waiting_bytes = [], 0
    if waiting:
        yield b"".join(waiting)
