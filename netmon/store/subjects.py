"""What records are about: a shape, a fact's key, an event's key. Stored once, named by its content."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from itertools import chain
from typing import Any

from netmon.model import Kind, Labels, Metric, Number, Retention, Row, Shape


class Genus(IntEnum):
    """The three kinds of record; the numbers are part of the format."""

    READING = 0
    FACT = 1
    EVENT = 2


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything about a record that stays the same from one to the next.

    `name` is the measurement of a reading, the kind of a fact or event; `body` is compressed JSON,
    `digest` identifies its content and proves that it is undamaged. `shape` is there for readings.
    """

    genus: Genus
    name: str
    retention: Retention
    key: Labels
    digest: bytes
    body: bytes
    shape: Shape | None = None

    @property
    def text(self) -> str:
        """Its content, from which `restore_subject` makes it again."""
        return zlib.decompress(self.body).decode("ascii")

    def matches(self, key: Labels) -> bool:
        """Tell whether the key, or that of a row, contains all of these labels."""
        wanted = set(key)
        if self.shape is None:
            return wanted <= set(self.key)
        return not wanted or any(wanted <= set(row.key) for row in self.shape.rows)


def shape_subject(shape: Shape) -> Subject:
    """Return the subject of a shape's readings."""
    metrics = [[m.name, m.help, m.kind, m.number, m.labels, m.wrap_bits, m.label] for m in shape.metrics]
    rows = [[row.key, row.info, row.texts] for row in shape.rows]
    return _subject(Genus.READING, shape.measurement, shape.retention, (), [metrics, rows], shape)


def fact_subject(kind: str, key: Labels) -> Subject:
    """Return the subject of the facts about one thing."""
    return _subject(Genus.FACT, kind, Retention.NORMAL, key, [])


def event_subject(kind: str, key: Labels, retention: Retention) -> Subject:
    """Return the subject of the events of one kind about one thing."""
    return _subject(Genus.EVENT, kind, retention, key, [])


def load_subject(digest: bytes, body: bytes) -> Subject:
    """Return a stored subject; ValueError or TypeError when it is not what was stored."""
    try:
        text = zlib.decompress(body)
    except zlib.error as error:
        raise ValueError("the subject's bytes are damaged") from error
    if _digest(text) != digest:
        raise ValueError("the subject's content is damaged")
    genus, name, retention, key, rest = json.loads(text)
    shape = _shape(name, Retention(retention), rest) if genus == Genus.READING else None
    return Subject(Genus(genus), name, Retention(retention), _labels(key), digest, body, shape)


def restore_subject(text: str) -> Subject:
    """Return the subject of which this is the content; ValueError or TypeError when it is none."""
    octets = text.encode("ascii")
    return load_subject(_digest(octets), zlib.compress(octets))


def _subject(
    genus: Genus, name: str, retention: Retention, key: Labels, rest: list[Any], shape: Shape | None = None
) -> Subject:
    name.encode()
    text = json.dumps([genus, name, retention, key, rest], separators=(",", ":")).encode("ascii")
    digest, body = _digest(text), zlib.compress(text)
    # What cannot be read back would cost every record about it, long after its maker is gone.
    load_subject(digest, body)
    return Subject(genus, name, retention, key, digest, body, shape)


def _digest(text: bytes) -> bytes:
    return sha256(text).digest()[:16]


def _labels(pairs: Sequence[Sequence[str]]) -> Labels:
    labels = tuple((name, value) for name, value in pairs)
    for text in chain.from_iterable(labels):
        if not isinstance(text, str):
            raise TypeError(f"a label is {type(text).__name__}, not text")
        # Neither sinks nor pages can encode half a surrogate pair.
        text.encode()
    return labels


def _shape(name: str, retention: Retention, rest: list[Any]) -> Shape:
    metrics = tuple(
        Metric(metric, text, Kind(kind), Number(number), _labels(labels), wrap_bits, label)
        for metric, text, kind, number, labels, wrap_bits, label in rest[0]
    )
    rows = tuple(Row(_labels(key), _labels(info), _labels(texts)) for key, info, texts in rest[1])
    return Shape(name, metrics, rows, retention)
