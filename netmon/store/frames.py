"""Records as frames for the log, and back."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from weakref import WeakKeyDictionary

from netmon.model import Event, Fact, Outcome, Reading, Record, Retention, Shape, Stamp, Value
from netmon.store.columns import pack_column, unpack_column
from netmon.store.subjects import Genus, Subject, event_subject, fact_subject, shape_subject

PLAIN = 1
DEFLATED = 2
READING = 16
"""Added to the codec of a reading, by which the log's indexes tell readings from what is rare."""

# Places in this table are part of the format: append only.
OUTCOMES = (
    Outcome.OK, Outcome.TIMEOUT, Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.UNRESOLVED, Outcome.DENIED,
    Outcome.REJECTED, Outcome.GARBLED, Outcome.PARTIAL, Outcome.UNSUPPORTED, Outcome.BUSY, Outcome.BROKEN,
)  # fmt: skip
OUTCOME_CODES = {outcome: code for code, outcome in enumerate(OUTCOMES)}
"""Each outcome's place in that table: what is stored."""
_HAS_OUTCOMES = 1
_HAS_EPOCHS = 2
_FLAT = 4
"""The columns are not told one by one: a type for each cell, then all cells."""
_FLAT_CELLS = 64
"""Up to so many cells: what a column costs in itself is more than what its cells do."""
_FLAT_TYPES = {int: "q", float: "d", type(None): "n"}
_WORTH_DEFLATING_BYTES = 100
_SMALL_BYTES = 1024
_FOREVER_NS = 2**63
_FOREVER_MS = 2**43


Table = tuple[tuple[Sequence[Value], ...], tuple[Outcome, ...], tuple[int, ...]]
"""Columns, outcomes and epochs of a reading."""

Cells = tuple[Sequence[Value], tuple[Outcome, ...], tuple[int, ...]]
"""The same with all cells in one row, metric by metric."""


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
        if isinstance(record, Reading):
            codec |= READING
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
        body = _inflate(codec & ~READING, payload)
        if subject.shape is not None:
            cells, outcomes, epochs = _cells(subject.shape, body)
            return Reading(subject.shape, stamp, _columns(subject.shape, cells), outcomes, epochs)
        if subject.genus is Genus.FACT:
            return Fact(subject.name, subject.key, json.loads(body), stamp)
        text, data = json.loads(body)
        return Event(subject.name, subject.key, text, stamp, data, subject.retention)
    except (zlib.error, struct.error, IndexError, TypeError, StopIteration, RecursionError) as error:
        raise ValueError(f"the frame is damaged: {error}") from error


def unframe_cells(shape: Shape, codec: int, payload: bytes) -> Cells:
    """Return what a reading's frame holds, for whoever reads thousands; ValueError when it is damaged."""
    try:
        return _cells(shape, _inflate(codec & ~READING, payload))
    except (zlib.error, struct.error, IndexError, TypeError, StopIteration, RecursionError) as error:
        raise ValueError(f"the frame is damaged: {error}") from error


def _columns(shape: Shape, cells: Sequence[Value]) -> tuple[list[Value], ...]:
    rows = len(shape.rows)
    return tuple(list(cells[at * rows : (at + 1) * rows]) for at in range(len(shape.metrics)))


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
    flat = _flat(columns) if rows * len(columns) <= _FLAT_CELLS else None
    flags = (0 if good else _HAS_OUTCOMES) | (_HAS_EPOCHS if record.epochs else 0) | (_FLAT if flat else 0)
    parts = [bytes((flags,))]
    if not good:
        parts.append(bytes(OUTCOME_CODES[outcome] for outcome in record.outcomes))
    if record.epochs:
        parts.append(pack_column(record.epochs))
    parts.extend((flat,) if flat else map(pack_column, columns))
    return b"".join(parts)


def _flat(columns: Sequence[Sequence[Value]]) -> bytes | None:
    """Return all cells at once; None when there are none, or one that does not fit."""
    # NaN is not known either.
    cells = [None if cell != cell else cell for cell in chain.from_iterable(columns)]  # noqa: PLR0124 - NaN alone differs
    try:
        types = "".join([_FLAT_TYPES[type(cell)] for cell in cells])
        known = [cell for cell in cells if cell is not None] if "n" in types else cells
        return types.encode("ascii") + struct.pack("<" + types.replace("n", ""), *known) if cells else None
    except (KeyError, struct.error):
        return None


def _unflat(body: bytes, offset: int, count: int) -> Sequence[Value]:
    types = body[offset : offset + count].decode("ascii")
    if len(types) != count or types.strip("qdn"):
        raise ValueError("cells of types that are none")
    if "n" not in types:
        return struct.unpack_from("<" + types, body, offset + count)
    known = iter(struct.unpack_from("<" + types.replace("n", ""), body, offset + count))
    return [None if one == "n" else next(known) for one in types]


def _cells(shape: Shape, body: bytes) -> Cells:
    rows = len(shape.rows)
    flags, offset = body[0], 1
    outcomes = (Outcome.OK,) * rows
    if flags & _HAS_OUTCOMES:
        outcomes = tuple(OUTCOMES[code] for code in body[offset : offset + rows])
        offset += rows
    epochs: list[Any] = []
    if flags & _HAS_EPOCHS:
        epochs, offset = unpack_column(body, offset, rows)
    if flags & _FLAT:
        return _unflat(body, offset, rows * len(shape.metrics)), outcomes, tuple(epochs)
    cells: list[Value] = []
    for _ in shape.metrics:
        column, offset = unpack_column(body, offset, rows)
        cells += column
    return cells, outcomes, tuple(epochs)


def _json(content: dict[str, Any] | list[Any]) -> bytes:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def _deflate(body: bytes) -> tuple[int, bytes]:
    if len(body) >= _WORTH_DEFLATING_BYTES:
        # A window as small as the body is made ready in a fifth of the time.
        packer = zlib.compressobj(1, zlib.DEFLATED, *((10, 2) if len(body) <= _SMALL_BYTES else (15, 8)))
        small = packer.compress(body) + packer.flush()
        if len(small) < len(body):
            return DEFLATED, small
    return PLAIN, body


def _inflate(codec: int, payload: bytes) -> bytes:
    if codec == DEFLATED:
        return zlib.decompress(payload)
    if codec == PLAIN:
        return payload
    raise ValueError(f"codec {codec} is not known to this version")
