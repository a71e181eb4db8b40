"""The device series that Prometheus scrapes: text made when a reading comes, joined when it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from netmon.clock import Clock
from netmon.metrics.excerpt import Part
from netmon.metrics.fragment import Cut, Family, families, header
from netmon.metrics.series_budget import SeriesBudget
from netmon.metrics.text_format import TextFormat
from netmon.model import Labels, Metric, Reading, Record
from netmon.series import Beats, Owner, owner

_ASKED_NS = 900 * 10**9
"""For how long after a scrape the next one is expected."""
_SWEEP_NS = 10**9


@dataclass(slots=True)
class _Group:
    """What one owner exposes now: its newest reading, and the text of it where scrapes are expected."""

    reading: Reading
    beats: Beats
    families: tuple[Family, ...] = ()
    written: bool = False


class Exposition:
    """A subscriber that keeps one fragment of text per family and owner.

    A series ends when its cell is not known any more, when its owner yields a shape without it, when
    nothing came for three intervals (120 s at least), or when `drop` is called. No sample carries a
    time: Prometheus would show a dead device for five minutes more. Where nobody scrapes, nothing is
    written: the first scrape after fifteen minutes without one finds readings, and has them written.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.budget = SeriesBudget()
        self._groups: dict[Owner, _Group] = {}
        self._fragments: dict[str, dict[Owner, bytes]] = {}
        self._firsts: dict[str, Metric] = {}
        self._owners: dict[tuple[str, Labels], Owner] = {}
        self._asked_ns: int | None = None
        self._swept_ns: int | None = None

    def accept(self, records: Sequence[Record]) -> None:
        """Take the readings among the records."""
        for record in records:
            if isinstance(record, Reading) and record.shape.rows:
                self._take(record)

    def _take(self, reading: Reading) -> None:
        who = owner(reading.shape)
        group = self._groups.get(who)
        if group is None or group.reading.shape is not reading.shape:
            group = self._replace(who, reading, group)
            if group is None:
                return
        group.reading = reading
        group.beats.note(reading.stamp.boottime_ns)
        if self._expected():
            self._write(who, group)
        else:
            self._erase(who, group)

    def _expected(self) -> bool:
        return self._asked_ns is not None and self._clock.boottime_ns() - self._asked_ns < _ASKED_NS

    def _replace(self, who: Owner, reading: Reading, old: _Group | None) -> _Group | None:
        """Make room for a new shape: no row may be exposed by two owners, no old row may stay."""
        shape = reading.shape
        self._remove(who)
        for row in shape.rows:
            self._remove(self._owners.get((shape.measurement, row.key)))
        if not self.budget.claim(who, shape):
            return None
        for row in shape.rows:
            self._owners[shape.measurement, row.key] = who
        beats = Beats(shape.measurement) if old is None else old.beats
        group = self._groups[who] = _Group(reading, beats)
        return group

    def _write(self, who: Owner, group: _Group) -> None:
        group.families = group.families or families(group.reading.shape)
        group.written = True
        for family in group.families:
            fragment = family.render(group.reading.columns)
            fragments = self._fragments.setdefault(family.name, {})
            if fragment:
                self._firsts.setdefault(family.name, family.first)
                fragments[who] = fragment
            else:
                fragments.pop(who, None)

    def _erase(self, who: Owner, group: _Group) -> None:
        for family in group.families:
            self._fragments[family.name].pop(who, None)
        group.families, group.written = (), False

    def _remove(self, who: Owner | None) -> None:
        group = None if who is None else self._groups.pop(who, None)
        if group is None or who is None:
            return
        self._erase(who, group)
        self.budget.release(who)
        for row in group.reading.shape.rows:
            self._owners.pop((group.reading.shape.measurement, row.key), None)

    def drop(self, labels: Labels) -> None:
        """End the series of everything whose key has all these labels: it left the configuration."""
        wanted = set(labels)
        for who in [
            who
            for who, group in self._groups.items()
            if any(wanted <= set(row.key) for row in group.reading.shape.rows)
        ]:
            self._remove(who)
        self.budget.forgive(labels)

    def limit(self, most_series: int) -> None:
        """Show no more series than this; where there are more, all begin anew with their next readings."""
        self.budget.most = most_series
        if self.budget.claimed > most_series:
            for who in list(self._groups):
                self._remove(who)

    async def prepare(self) -> None:
        """Write what nobody asked for until now, with pauses: it is 0.15 ms for a switch."""
        self._asked_ns = self._clock.boottime_ns()
        for who, group in list(self._groups.items()):
            if not group.written and self._groups.get(who) is group:
                self._write(who, group)
                await asyncio.sleep(0)

    def render(self, form: TextFormat = TextFormat.PLAIN) -> list[bytes]:
        """Return the whole text in pieces of some kB, without copying them (see `chunks`)."""
        self._asked_ns = self._clock.boottime_ns()
        self._end_silent()
        for who, group in self._groups.items():
            if not group.written:
                self._write(who, group)
        pieces: list[bytes] = []
        for name, fragments in self._fragments.items():
            if fragments:
                pieces.append(header(name, self._firsts[name], form))
                pieces += fragments.values()
        return pieces

    def parts(self, measurement: str, cut: Cut) -> list[Part]:
        """Return the newest readings of a measurement (empty: of all) that have rows for a cut."""
        self._end_silent()
        return [
            Part(group.reading, cut)
            for (name, key), group in self._groups.items()
            if measurement in ("", name) and _may_have(key, cut) and cut.rows(group.reading.shape)
        ]

    def _end_silent(self) -> None:
        now_ns = self._clock.boottime_ns()
        if self._swept_ns is not None and now_ns - self._swept_ns < _SWEEP_NS:
            return
        self._swept_ns = now_ns
        for who in [who for who, group in self._groups.items() if group.beats.ended(now_ns)]:
            self._remove(who)


def _may_have(key: Labels, cut: Cut) -> bool:
    """Tell whether an owner can have rows for a cut: all of its rows are of its device, or of its probe."""
    wanted = dict(cut.wanted)
    return all(wanted.get(label, text) == text for label, text in key if label in ("device", "probe"))


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
