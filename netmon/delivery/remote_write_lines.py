"""Records as series of remote-write, with the names and labels that `/metrics` shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import cast
from weakref import WeakKeyDictionary

from netmon.delivery.protobuf import MAX_TIME_MS, STALE, head, pack_value, tail
from netmon.model import Event, Fact, Labels, Reading, Record, Shape, Stamp, Value
from netmon.series import Beats, Owner, owner, series_labels

JOB = "netmon"
EVENT_METRIC = "netmon_event_timestamp_seconds"
_SWEEP_NS = 30 * 10**9
_GAP_NS = 300 * 10**9
"""A jump in the log's time from which nothing is known about series before it; Prometheus' look-back."""


@dataclass(frozen=True, slots=True)
class _Column:
    """One metric of a shape: the heads of its rows' lines, None where a row has no such series."""

    at: int
    heads: tuple[bytes | None, ...]
    whole: bool

    def samples(self, values: Sequence[Value], end: bytes) -> Iterable[bytes]:
        """Return one line per known value."""
        if self.whole and _plain(values):
            # `whole` says that no head is None, `_plain` that no value is.
            heads = cast("tuple[bytes, ...]", self.heads)
            packed = map(pack_value, cast("Sequence[float]", values))
            return [start + value + end for start, value in zip(heads, packed, strict=True)]
        pairs = zip(self.heads, values, strict=True)
        return [start + pack_value(value) + end for start, value in pairs if start and _known(value)]

    def known(self, values: Sequence[Value]) -> Iterator[bytes]:
        """Yield the heads of the series that have a value."""
        for start, value in zip(self.heads, values, strict=True):
            if start is not None and _known(value):
                yield start


Plan = tuple[_Column, ...]


@dataclass(slots=True)
class _Live:
    """What an owner's series were at its newest reading."""

    plan: Plan
    reading: Reading
    beats: Beats

    def known(self) -> Iterator[bytes]:
        for column in self.plan:
            yield from column.known(self.reading.columns[column.at])


class SeriesEncoder:
    """Turns readings into samples, and into stale markers where a series ends.

    A series ends when its value is not known any more, when its owner yields a shape without it, or when
    nothing came for three intervals, as on `/metrics`. Events become `netmon_event_timestamp_seconds`;
    facts have no form here. Left out and counted: times before 1970 or after 2109.
    """

    def __init__(self, external: Labels = ()) -> None:
        self._external = external
        self._plans: dict[bool, WeakKeyDictionary[Shape, Plan]] = {
            True: WeakKeyDictionary(), False: WeakKeyDictionary(),
        }  # fmt: skip
        self._live: dict[Owner, _Live] = {}
        self._now: tuple[str, int] = ("", 0)
        self._swept_ns = 0
        self.left_out_total = 0

    def encode(self, record: Record) -> list[bytes]:
        """Return the record's lines; records come in the log's order, perhaps again from further back."""
        lines = self._sweep(record.stamp)
        if isinstance(record, Reading) and record.shape.rows and _speakable(record.stamp):
            lines += self._ends(record, self._plan(record))
        return lines + self.encode_past(record)

    def encode_past(self, record: Record) -> list[bytes]:
        """Return the lines of a record out of order, which says nothing about the end of a series."""
        if isinstance(record, Fact):
            return []
        if not _speakable(record.stamp):
            self.left_out_total += 1
            return []
        return _samples(record, self._plan(record)) if isinstance(record, Reading) else [self._event(record)]

    def probe(self, site: str, wall_ms: int) -> bytes:
        """Return a line that nobody's series is touched by, to find out what a receiver takes."""
        labels = (("site", site),)
        return (
            head(self.labels("netmon_delivery_probe", labels, synced=True)) + pack_value(1.0) + tail(wall_ms)
        )

    def _plan(self, reading: Reading) -> Plan:
        plans, shape = self._plans[reading.stamp.synced], reading.shape
        plan = plans.get(shape)
        if plan is None:
            plan = plans[shape] = tuple(self._columns(shape, synced=reading.stamp.synced))
        return plan

    def _columns(self, shape: Shape, *, synced: bool) -> Iterator[_Column]:
        for metric in shape.metrics:
            every = (series_labels(row, metric) for row in shape.rows)
            heads = tuple(
                None if labels is None else head(self.labels(metric.name, labels, synced=synced))
                for labels in every
            )
            yield _Column(shape.column(metric), heads, None not in heads)

    def labels(self, name: str, labels: Labels, *, synced: bool) -> dict[str, str]:
        """Return a series' labels; the receiver's own words for where it comes from give way to ours."""
        own = dict(labels)
        instance = own.get("device") or own.get("target") or own.get("site", "")
        clock = {} if synced else {"clock": "unsynced"}
        return {"job": JOB, "instance": instance, **dict(self._external), **own, **clock, "__name__": name}

    def _event(self, event: Event) -> bytes:
        labels = self.labels(EVENT_METRIC, (*event.key, ("kind", event.kind)), synced=event.stamp.synced)
        return head(labels) + pack_value(event.stamp.wall_ms / 1000) + tail(event.stamp.wall_ms)

    def _ends(self, reading: Reading, plan: Plan) -> list[bytes]:
        """Return markers for the series that this reading does not go on with."""
        who, at_ns = owner(reading.shape), reading.stamp.boottime_ns
        now, live = _Live(plan, reading, Beats(reading.shape.measurement)), self._live.get(who)
        if live is None or (live.beats.last_ns or 0) >= at_ns:
            self._live[who] = now
            now.beats.note(at_ns)
            return []
        if live.plan is plan:
            gone = [start for column in plan for start in _fallen(column, live.reading, reading)]
        else:
            gone = sorted(set(live.known()) - set(now.known()))
        live.plan, live.reading = plan, reading
        live.beats.note(at_ns)
        end = STALE + tail(reading.stamp.wall_ms)
        return [start + end for start in gone]

    def _sweep(self, stamp: Stamp) -> list[bytes]:
        """End the series of owners that have been silent for too long, by the log's own time."""
        boot_id, now_ns = self._now
        if boot_id != stamp.boot_id or abs(stamp.boottime_ns - now_ns) > _GAP_NS:
            self._live.clear()
            self._now, self._swept_ns = (stamp.boot_id, stamp.boottime_ns), stamp.boottime_ns
            return []
        now_ns = max(now_ns, stamp.boottime_ns)
        self._now = (boot_id, now_ns)
        if now_ns - self._swept_ns < _SWEEP_NS or not _speakable(stamp):
            return []
        self._swept_ns = now_ns
        over = [who for who, live in self._live.items() if live.beats.ended(now_ns)]
        end = STALE + tail(stamp.wall_ms)
        return [start + end for who in over for start in self._live.pop(who).known()]


def _speakable(stamp: Stamp) -> bool:
    return 0 <= stamp.wall_ms < MAX_TIME_MS


def _samples(reading: Reading, plan: Plan) -> list[bytes]:
    end = tail(reading.stamp.wall_ms)
    lines: list[bytes] = []
    for column in plan:
        lines += column.samples(reading.columns[column.at], end)
    return lines


def _fallen(column: _Column, before: Reading, now: Reading) -> Iterator[bytes]:
    """Yield the series of one metric that had a value before and have none now."""
    old, new = before.columns[column.at], now.columns[column.at]
    if old is new or _plain(new):
        return
    for start, was, value in zip(column.heads, old, new, strict=True):
        if start is not None and _known(was) and not _known(value):
            yield start


def _known(value: Value) -> bool:
    return value is not None and isfinite(value)


def _plain(values: Sequence[Value]) -> bool:
    """Tell whether every cell has a value, in passes that run in C."""
    kinds = set(map(type, values))
    return kinds == {int} or (kinds == {float} and isfinite(sum(cast("Sequence[float]", values))))
