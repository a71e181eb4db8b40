"""What sinks brought to the centre, as records again: the same as at the site, to the last octet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from netmon.evidence.seal.canonical import RecordJson
from netmon.evidence.seal.records import event_record, minute_record
from netmon.evidence.seal.roots import PUBLIC, ROOT_EVENT, SignedRoot
from netmon.evidence.seal.signing import fingerprint
from netmon.evidence.seal.verify import Fault, read_root
from netmon.model import Event, Json, Retention, Stamp, Value
from netmon.model.derived import CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS, SITE_MINUTE

_CLOCK, _KIND = "clock", "kind"
_PARTS = frozenset(label for metric in CIRCUIT_MINUTE_METRICS for label, _ in metric.labels)
"""Tags that tell cells of a row apart, and do not name the thing."""
_UNSYNCED = "unsynced"
_EVENT = "event"


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a database: its measurement, tags, fields, and time in ms."""

    measurement: str
    tags: Mapping[str, str]
    fields: Mapping[str, Value | str]
    wall_ms: int

    @property
    def key(self) -> Mapping[str, str]:
        """The tags that name the thing."""
        own = {_CLOCK, _KIND} if self.measurement == _EVENT else {_CLOCK, *_PARTS}
        return {name: text for name, text in self.tags.items() if name not in own}

    @property
    def synced(self) -> bool:
        """Tell whether the clock was right."""
        return self.tags.get(_CLOCK) != _UNSYNCED


def centre_records(points: Iterable[Point]) -> Iterator[RecordJson]:
    """Yield the records of points of one site, whatever their order; a point that comes twice counts once."""
    rows: dict[tuple[str, int, bool, tuple[tuple[str, str], ...]], dict[tuple[str, str], Value]] = {}
    events: dict[tuple[int, str], RecordJson] = {}
    for point in points:
        if point.measurement in (CIRCUIT_MINUTE, SITE_MINUTE):
            row = (point.measurement, point.wall_ms, point.synced, tuple(sorted(point.key.items())))
            statistic = point.tags.get("statistic", "")
            cells = {(name, statistic): value for name, value in point.fields.items()}
            rows.setdefault(row, {}).update(
                {name: value for name, value in cells.items() if not isinstance(value, str)}
            )
        elif point.measurement == _EVENT and (record := event_record(point_event(point))) is not None:
            events[point.wall_ms, json.dumps(record, sort_keys=True)] = record
    for (measurement, wall_ms, synced, key), told in rows.items():
        yield minute_record(measurement, dict(key), told, wall_ms, synced=synced)
    yield from events.values()


@dataclass(frozen=True, slots=True)
class SentRoot:
    """A signed root as it was sent, and the public key beside it; empty when none was sent."""

    signed: SignedRoot
    public: bytes


def sent_roots(points: Iterable[Point]) -> Iterator[SentRoot]:
    """Yield the signed roots among points; what is none is left out."""
    for point in points:
        if point.measurement == _EVENT and point.tags.get(_KIND) == ROOT_EVENT:
            data = dict(_data(point))
            public = _octets(data.pop(PUBLIC, ""))
            root = read_root(data)
            if not isinstance(root, Fault):
                yield SentRoot(root, public if fingerprint(public) == root.root.key else b"")


def centre_roots(points: Iterable[Point]) -> list[SignedRoot]:
    """Return the signed roots among points, in order of their hours."""
    found = {sent.signed.root.hour: sent.signed for sent in sent_roots(points)}
    return [found[hour] for hour in sorted(found)]


def point_event(point: Point) -> Event:
    """Return the event that a point tells; data that were too long for a database are missing."""
    text = point.fields.get("text")
    return Event(
        point.tags.get(_KIND, ""),
        tuple(point.key.items()),
        text if isinstance(text, str) else "",
        Stamp("", 0, point.wall_ms, point.synced),
        _data(point),
        Retention.EVIDENCE,
    )


def _data(point: Point) -> Mapping[str, Json]:
    told = point.fields.get("data")
    try:
        found = json.loads(told) if isinstance(told, str) else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _octets(text: Json) -> bytes:
    try:
        return bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        return b""
