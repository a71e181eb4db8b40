"""Records as frames for the log, and back."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from netmon.model import Event, Fact, Outcome, Reading, Record, Retention, Shape, Stamp
from netmon.store.columns import pack_column, unpack_column
from netmon.store.subjects import Genus, Subject, event_subject, fact_subject, shape_subject

PLAIN = 1
DEFLATED = 2

# Places in this table are part of the format: append only.
OUTCOMES = (
    Outcome.OK, Outcome.TIMEOUT, Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.UNRESOLVED, Outcome.DENIED,
    Outcome.REJECTED, Outcome.GARBLED, Outcome.PARTIAL, Outcome.UNSUPPORTED, Outcome.BUSY, Outcome.BROKEN,
)  # fmt: skip
OUTCOME_CODES = {outcome: code for code, outcome in enumerate(OUTCOMES)}
"""Each outcome's place in that table: what is stored."""
_HAS_OUTCOMES = 1
_HAS_EPOCHS = 2
_WORTH_DEFLATING_BYTES = 100
_FOREVER_NS = 2**63
_FOREVER_MS = 2**43


@dataclass(frozen=True, slots=True)
class Frame:
    """One record, encoded, and independent of the file that it will go to."""

    subject: Subject
    stamp: Stamp
    codec: int
    payload: bytes

    @property
    def precious(self) -> bool:
        """True for what is dropped last: evidence, events and facts."""
        return self.subject.genus is not Genus.READING or self.subject.retention is Retention.EVIDENCE


class Framer:
    """Encodes records; a shape's subject is made once and kept for as long as the shape lives."""

    def __init__(self) -> None:
        self._shapes: WeakKeyDictionary[Shape, Subject] = WeakKeyDictionary()

    def frame(self, record: Record) -> Frame:
        """Return the record's frame; an exception of any kind when it is not one that can be read back."""
        _check(record.stamp)
        codec, payload = _deflate(_body(record))
        return Frame(self._subject(record), record.stamp, codec, payload)

    def _subject(self, record: Record) -> Subject:
        if isinstance(record, Fact):
            return fact_subject(record.kind, record.key)
        if isinstance(record, Event):
            return event_subject(record.kind, record.key, record.retention)
        subject = self._shapes.get(record.shape)
        if subject is None:
            subject = self._shapes[record.shape] = shape_subject(record.shape)
        return subject


def unframe(subject: Subject, stamp: Stamp, codec: int, payload: bytes) -> Record:
    """Return the record that a frame holds; ValueError when the frame is damaged."""
    try:
        body = _inflate(codec, payload)
        if subject.shape is not None:
            return _reading(subject.shape, stamp, body)
        if subject.genus is Genus.FACT:
            return Fact(subject.name, subject.key, json.loads(body), stamp)
        text, data = json.loads(body)
        return Event(subject.name, subject.key, text, stamp, data, subject.retention)
    except (zlib.error, struct.error, IndexError, TypeError, StopIteration, RecursionError) as error:
        raise ValueError(f"the frame is damaged: {error}") from error


def _check(stamp: Stamp) -> None:
    stamp.boot_id.encode()
    if type(stamp.boottime_ns) is not int or type(stamp.wall_ms) is not int:
        raise TypeError("the stamp is not in whole numbers")
    if not 0 <= stamp.boottime_ns < _FOREVER_NS or abs(stamp.wall_ms) > _FOREVER_MS:
        raise ValueError("the stamp lies beyond all time")


def _body(record: Record) -> bytes:
    if isinstance(record, Fact):
        return _json(dict(record.values))
    if isinstance(record, Event):
        record.text.encode()
        return _json([record.text, dict(record.data)])
    return _table(record)


def _table(record: Reading) -> bytes:
    rows = len(record.shape.rows)
    # Copies: a source may go on filling its lists while the disk thread is here.
    columns = [list(column) for column in record.columns]
    if {rows} != {rows, len(record.outcomes), len(record.epochs or record.outcomes), *map(len, columns)}:
        raise ValueError("the columns have grown or shrunk since they were measured")
    good = record.outcomes.count(Outcome.OK) == len(record.outcomes)
    parts = [bytes(((0 if good else _HAS_OUTCOMES) | (_HAS_EPOCHS if record.epochs else 0),))]
    if not good:
        parts.append(bytes(OUTCOME_CODES[outcome] for outcome in record.outcomes))
    if record.epochs:
        parts.append(pack_column(record.epochs))
    parts.extend(map(pack_column, columns))
    return b"".join(parts)


def _reading(shape: Shape, stamp: Stamp, body: bytes) -> Reading:
    rows = len(shape.rows)
    flags, offset = body[0], 1
    outcomes = (Outcome.OK,) * rows
    if flags & _HAS_OUTCOMES:
        outcomes = tuple(OUTCOMES[code] for code in body[offset : offset + rows])
        offset += rows
    epochs: list[Any] = []
    if flags & _HAS_EPOCHS:
        epochs, offset = unpack_column(body, offset, rows)
    columns = []
    for _ in shape.metrics:
        column, offset = unpack_column(body, offset, rows)
        columns.append(column)
    return Reading(shape, stamp, tuple(columns), outcomes, tuple(epochs))


def _json(content: dict[str, Any] | list[Any]) -> bytes:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def _deflate(body: bytes) -> tuple[int, bytes]:
    if len(body) >= _WORTH_DEFLATING_BYTES:
        small = zlib.compress(body, 1)
        if len(small) < len(body):
            return DEFLATED, small
    return PLAIN, body


def _inflate(codec: int, payload: bytes) -> bytes:
    if codec == DEFLATED:
        return zlib.decompress(payload)
    if codec == PLAIN:
        return payload
    raise ValueError(f"codec {codec} is not known to this version")
