"""The device series that Prometheus scrapes: text made when a reading comes, joined when it is asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from weakref import WeakKeyDictionary

from netmon.clock import Clock
from netmon.metrics.fragment import Family, families
from netmon.model import Labels, Reading, Record, Shape
from netmon.model.derived import BANDWIDTH_TEST, INCIDENT, RUN

_LASTING = frozenset({RUN, BANDWIDTH_TEST, INCIDENT})
"""Measurements whose last word stands until the next one, however old it is."""
_SHORTEST_LIFE_SECONDS = 120.0
_INTERVALS = 3
_UNKNOWN_LIFE_SECONDS = 600.0
"""Life of the first reading of something, when its interval is not known yet."""

Owner = tuple[str, Labels]
"""Who yields a reading: the measurement, and what the rows of one source have in common."""


@dataclass(slots=True)
class _Group:
    """What one owner exposes now. `beats_ns` are the moments of its last readings (CLOCK_BOOTTIME)."""

    shape: Shape
    families: tuple[Family, ...]
    beats_ns: deque[int] = field(default_factory=lambda: deque(maxlen=6))

    def ended(self, now_ns: int) -> bool:
        """Tell whether the series are over: nothing came for three usual intervals."""
        gaps = [after - before for before, after in pairwise(self.beats_ns)]
        # The median: neither one early poll nor one long outage changes what is usual.
        life_ns = _INTERVALS * median(gaps) if gaps else _UNKNOWN_LIFE_SECONDS * 1e9
        return now_ns - self.beats_ns[-1] > max(life_ns, _SHORTEST_LIFE_SECONDS * 1e9)


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
        owner = _owner(reading.shape)
        group = self._groups.get(owner)
        if group is None or group.shape is not reading.shape:
            group = self._replace(owner, reading.shape, group)
        group.beats_ns.append(reading.stamp.boottime_ns)
        for family in group.families:
            fragment = family.render(reading.columns)
            fragments = self._fragments.setdefault(family.name, {})
            if fragment:
                self._headers.setdefault(family.name, family.header)
                fragments[owner] = fragment
            else:
                fragments.pop(owner, None)

    def _replace(self, owner: Owner, shape: Shape, old: _Group | None) -> _Group:
        """Make room for a new shape: no row may be exposed by two owners, no old row may stay."""
        self._remove(owner)
        for row in shape.rows:
            self._remove(self._owners.get((shape.measurement, row.key)))
            self._owners[shape.measurement, row.key] = owner
        plan = self._plans.get(shape)
        if plan is None:
            plan = self._plans[shape] = families(shape)
        group = self._groups[owner] = _Group(shape, plan)
        if old is not None:
            group.beats_ns.extend(old.beats_ns)
        return group

    def _remove(self, owner: Owner | None) -> None:
        group = None if owner is None else self._groups.pop(owner, None)
        if group is None or owner is None:
            return
        for family in group.families:
            self._fragments[family.name].pop(owner, None)
        for row in group.shape.rows:
            self._owners.pop((group.shape.measurement, row.key), None)

    def drop(self, labels: Labels) -> None:
        """End the series of everything whose key has all these labels: it left the configuration."""
        wanted = set(labels)
        gone = [
            owner
            for owner, group in self._groups.items()
            if any(wanted <= set(row.key) for row in group.shape.rows)
        ]
        for owner in gone:
            self._remove(owner)

    def render(self) -> list[bytes]:
        """Return the whole text in pieces of some kB, without copying them (see `chunks`)."""
        now_ns = self._clock.boottime_ns()
        for owner in [
            owner for owner, g in self._groups.items() if owner[0] not in _LASTING and g.ended(now_ns)
        ]:
            self._remove(owner)
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


def _owner(shape: Shape) -> Owner:
    """Return who yields a shape: rows of one device or one probe; else, as with runs, its first row."""
    key = dict(shape.rows[0].key)
    for labels in (("device",), ("probe",)):
        if all(label in key for label in labels):
            return shape.measurement, tuple(
                (label, key[label]) for label in ("site", *labels) if label in key
            )
    return shape.measurement, shape.rows[0].key
