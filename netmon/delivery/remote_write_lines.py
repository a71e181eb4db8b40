"""Records as series of remote-write, with the names and labels that `/metrics` shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
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


Values = Sequence[Value]
"""All cells of a reading, column by column."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A shape's series, column by column: what each line begins with, None where there is no series."""

    owner: Owner
    heads: tuple[bytes | None, ...]
    whole: bool

    def samples(self, values: Values, end: bytes, *, plain: bool) -> list[bytes]:
        """Return one line per known value."""
        if self.whole and plain:
            # `whole` says that no head is None, `plain` that no value is.
            heads = cast("tuple[bytes, ...]", self.heads)
            packed = map(pack_value, cast("Sequence[float]", values))
            return [start + value + end for start, value in zip(heads, packed, strict=True)]
        pairs = zip(self.heads, values, strict=True)
        return [start + pack_value(value) + end for start, value in pairs if start and _known(value)]

    def known(self, values: Values) -> set[bytes]:
        """Return the series that have a value."""
        return {start for start, value in zip(self.heads, values, strict=True) if start and _known(value)}


@dataclass(slots=True)
class _Live:
    """What an owner's series were at its newest reading."""

    plan: _Plan
    values: Values
    plain: bool
    beats: Beats


class SeriesEncoder:
    """Turns readings into samples, and into stale markers where a series ends.

    A series ends when its value is not known any more, when its owner yields a shape without it, or when
    nothing came for three intervals, as on `/metrics`. Events become `netmon_event_timestamp_seconds`;
    facts have no form here. Left out and counted: times before 1970 or after 2109.
    """

    def __init__(self, external: Labels = ()) -> None:
        self._external = external
        self._plans: dict[bool, WeakKeyDictionary[Shape, _Plan]] = {
            True: WeakKeyDictionary(), False: WeakKeyDictionary(),
        }  # fmt: skip
        self._live: dict[Owner, _Live] = {}
        self._now: tuple[str, int] = ("", 0)
        self._swept_ns = 0
        self.left_out_total = 0

    def encode(self, record: Record) -> list[bytes]:
        """Return the record's lines; records come in the log's order, perhaps again from further back."""
        lines = self._sweep(record.stamp)
        if not isinstance(record, Reading) or not record.shape.rows or not _speakable(record.stamp):
            return lines + self.encode_past(record)
        plan, values, plain = self._parts(record)
        live = _Live(plan, values, plain, Beats(record.shape.measurement))
        ended, end = self._ended(live, record.stamp.boottime_ns), tail(record.stamp.wall_ms)
        lines += [start + STALE + end for start in ended]
        return lines + plan.samples(values, end, plain=plain)

    def encode_past(self, record: Record) -> list[bytes]:
        """Return the lines of a record out of order, which says nothing about the end of a series."""
        if isinstance(record, Fact):
            return []
        if not _speakable(record.stamp):
            self.left_out_total += 1
            return []
        if isinstance(record, Event):
            return [self._event(record)]
        if not record.shape.rows:
            return []
        plan, values, plain = self._parts(record)
        return plan.samples(values, tail(record.stamp.wall_ms), plain=plain)

    def probe(self, site: str, wall_ms: int) -> bytes:
        """Return a line that nobody's series is touched by, to find out what a receiver takes."""
        labels = (("site", site),)
        return (
            head(self.labels("netmon_delivery_probe", labels, synced=True)) + pack_value(1.0) + tail(wall_ms)
        )

    def _parts(self, reading: Reading) -> tuple[_Plan, Values, bool]:
        """Return the series, the values, and whether each of these is known."""
        plans, shape = self._plans[reading.stamp.synced], reading.shape
        plan = plans.get(shape)
        if plan is None:
            heads = tuple(self._heads(shape, synced=reading.stamp.synced))
            plan = plans[shape] = _Plan(owner(shape), heads, None not in heads)
        values = list(chain.from_iterable(reading.columns))
        return plan, values, _plain(values)

    def _heads(self, shape: Shape, *, synced: bool) -> Iterator[bytes | None]:
        for metric in shape.metrics:
            for row in shape.rows:
                labels = series_labels(row, metric)
                yield None if labels is None else head(self.labels(metric.name, labels, synced=synced))

    def labels(self, name: str, labels: Labels, *, synced: bool) -> dict[str, str]:
        """Return a series' labels; the receiver's own words for where it comes from give way to ours."""
        own = dict(labels)
        # Two sites may have devices of one name: queries that group by job and instance must not mix them.
        parts = (own.get("site"), own.get("device") or own.get("target"))
        instance = "/".join(part for part in parts if part)
        clock = {} if synced else {"clock": "unsynced"}
        return {"job": JOB, "instance": instance, **dict(self._external), **own, **clock, "__name__": name}

    def _event(self, event: Event) -> bytes:
        labels = self.labels(EVENT_METRIC, (*event.key, ("kind", event.kind)), synced=event.stamp.synced)
        return head(labels) + pack_value(event.stamp.wall_ms / 1000) + tail(event.stamp.wall_ms)

    def _ended(self, now: _Live, at_ns: int) -> Iterable[bytes]:
        """Return the series that this reading does not go on with, and remember it."""
        before = self._live.get(now.plan.owner)
        if before is None or (before.beats.last_ns or 0) >= at_ns:
            self._live[now.plan.owner] = now
            now.beats.note(at_ns)
            return ()
        same = before.plan is now.plan
        gone: Iterable[bytes] = ()
        if not (same and now.plain):
            gone = sorted(before.plan.known(before.values) - now.plan.known(now.values))
        before.plan, before.values, before.plain = now.plan, now.values, now.plain
        before.beats.note(at_ns)
        return gone

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
        ended = [self._live.pop(who) for who in over]
        return [start + end for live in ended for start in live.plan.known(live.values)]


def _speakable(stamp: Stamp) -> bool:
    return 0 <= stamp.wall_ms < MAX_TIME_MS


def _known(value: Value) -> bool:
    return value is not None and isfinite(value)


def _plain(values: Sequence[Value]) -> bool:
    """Tell whether every cell has a value, in passes that run in C."""
    return set(map(type, values)) <= {int, float} and isfinite(sum(cast("Sequence[float]", values)))
