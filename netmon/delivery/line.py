"""InfluxDB line protocol, written by hand: one line per row, prefixes made once per shape."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from math import isfinite
from typing import cast
from weakref import WeakKeyDictionary

from netmon.model import Event, Json, Kind, Labels, Metric, Number, Reading, Record, Shape, Stamp, Value
from netmon.model.derived import TEST_TRACES

EVENT_MEASUREMENT = "event"
MAX_TEXT_CHARACTERS = 16_000
"""InfluxDB takes strings up to 64 kB; four bytes a character at worst."""

_INTEGER_MAX = 2**63 - 1
_INTEGER_MIN = -(2**63)
_LEFT_OUT = "\ufffd"
# Would end the line, or has no UTF-8 form: never part of cleaned text, and harmless if it comes all the same.
_UNSPEAKABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# A name cannot say "a backslash, then a separator": the backslash would hide the separator (or the end).
_HIDING_BACKSLASH = re.compile(r"\\(?=[,= \\]|$)")
_BACKSLASH_TWIN = "\uff3c"


def escape_name(text: str) -> str:
    r"""Return a measurement, tag or field name, or a tag's value, as line protocol writes it.

    A backslash before a separator or at the end becomes U+FF3C, because `\\` is not an escape there;
    characters that would end the line become U+FFFD. Everything else comes back as it was.
    """
    return plain_name(text).replace(",", r"\,").replace("=", r"\=").replace(" ", r"\ ")


def plain_name(text: str) -> str:
    """Return a name as the server shows it: without what line protocol cannot say."""
    return _HIDING_BACKSLASH.sub(_BACKSLASH_TWIN, _UNSPEAKABLE.sub(_LEFT_OUT, text))


def escape_text(text: str) -> str:
    """Return a field's string value, without its quotes, on one line."""
    harmless = _UNSPEAKABLE.sub(_LEFT_OUT, text[:MAX_TEXT_CHARACTERS])
    return harmless.replace("\\", "\\\\").replace('"', '\\"')


def head(measurement: str, labels: Labels) -> str:
    """Return measurement and tags, sorted by name; an empty value is no tag, as InfluxDB sees it."""
    # A measurement's own `=` needs no escape: `escape_name` would show its backslash as text.
    name = escape_name(measurement).replace(r"\=", "=")
    tags = sorted((escape_name(label), escape_name(text)) for label, text in dict(labels).items() if text)
    return name + "".join(f",{label}={text}" for label, text in tags)


@dataclass(frozen=True, slots=True)
class _Group:
    """The metrics of a shape that share their constant labels, and so their lines."""

    columns: tuple[int, ...]
    metrics: tuple[Metric, ...]
    heads: tuple[str, ...]
    names: tuple[str, ...]
    types: tuple[type, ...]

    def writable(self, columns: Sequence[Sequence[Value]]) -> bool:
        """Tell whether every cell can be written as it is: by rows where these are fewer, or by columns."""
        if len(self.heads) < len(self.metrics):
            rows = zip(*columns, strict=True)
            if all(_plain_row(self.types, row) for row in rows):
                return True
        return all(map(_plain, self.metrics, columns))

    @property
    def template(self) -> str:
        """Return all fields of a line as a %-template."""
        forms = ("%di" if metric.number is Number.INTEGER else "%r" for metric in self.metrics)
        return ",".join(
            f"{name.replace('%', '%%')}={form}" for name, form in zip(self.names, forms, strict=True)
        )


@dataclass(frozen=True, slots=True)
class _Plan:
    groups: tuple[tuple[_Group, str], ...]


class LineEncoder:
    """Turns records into lines; millisecond timestamps.

    Left out: None, NaN and infinite values, INFO metrics (text is no field) and facts. A row without
    any field yields no line. An integer beyond 64 signed bits, which InfluxDB 1.x cannot hold, is left
    out and counted in `left_out_total`: a smaller number in its place would look like a counter reset.
    What was measured by a clock that was not synchronised carries the tag `clock=unsynced`.
    """

    def __init__(self) -> None:
        self._plans: WeakKeyDictionary[Shape, _Plan] = WeakKeyDictionary()
        self.left_out_total = 0

    def encode(self, record: Record) -> list[bytes]:
        """Return the record's lines, without line ends."""
        if isinstance(record, Reading):
            return self._reading(record)
        return [_event(record)] if isinstance(record, Event) else []

    def _reading(self, reading: Reading) -> list[bytes]:
        plan = self._plans.get(reading.shape)
        if plan is None:
            plan = self._plans[reading.shape] = _plan(reading.shape)
        tail = _tail(reading.stamp)
        lines: list[bytes] = []
        for group, template in plan.groups:
            columns = [reading.columns[at] for at in group.columns]
            if group.writable(columns):
                rows = zip(*columns, strict=True)
                lines += [
                    f"{start}{tail[0]}{template % row}{tail[1]}".encode()
                    for start, row in zip(group.heads, rows, strict=True)
                ]
            else:
                lines += self._sparse(group, columns, tail)
        return lines

    def _sparse(
        self, group: _Group, columns: Sequence[Sequence[Value]], tail: tuple[str, str]
    ) -> Iterable[bytes]:
        """Yield the lines of a group in which some cells have no value."""
        texts = [
            self._texts(name, metric, column)
            for name, metric, column in zip(group.names, group.metrics, columns, strict=True)
        ]
        for start, row in zip(group.heads, zip(*texts, strict=True), strict=True):
            fields = ",".join(filter(None, row))
            if fields:
                yield f"{start}{tail[0]}{fields}{tail[1]}".encode()

    def _texts(self, name: str, metric: Metric, column: Sequence[Value]) -> Iterable[str]:
        """Return one field per cell, empty where there is nothing to write."""
        if _plain(metric, column):
            form = f"{name.replace('%', '%%')}={'%di' if metric.number is Number.INTEGER else '%r'}"
            return [form % value for value in column]
        if column.count(None) == len(column):
            return repeat("", len(column))
        return [self._text(name, metric, value) for value in column]

    def _text(self, name: str, metric: Metric, value: Value) -> str:
        if value is None or not isfinite(value):
            return ""
        if metric.number is Number.FLOAT:
            return f"{name}={float(value)!r}"
        if not _INTEGER_MIN <= value <= _INTEGER_MAX:
            self.left_out_total += 1
            return ""
        return f"{name}={int(value)}i"


def _tail(stamp: Stamp) -> tuple[str, str]:
    """Return what stands between head and fields, and after the fields."""
    return (" " if stamp.synced else ",clock=unsynced "), f" {stamp.wall_ms}"


def _plain(metric: Metric, column: Sequence[Value]) -> bool:
    """Tell whether every cell can be written as it is, in three passes that run in C."""
    kinds = set(map(type, column))
    if metric.number is Number.INTEGER:
        return kinds == {int} and _fits(cast("Sequence[int]", column))
    # A whole number without the mark of an integer is a float to InfluxDB.
    return kinds <= {float, int} and isfinite(sum(cast("Sequence[float]", column)))


def _plain_row(types: tuple[type, ...], row: Sequence[Value]) -> bool:
    """Tell the same of a row; a float beyond 64 bits is written, only not this fast."""
    if tuple(map(type, row)) != types:
        return False
    numbers = cast("Sequence[float]", row)
    return isfinite(sum(numbers)) and min(numbers) >= _INTEGER_MIN and max(numbers) <= _INTEGER_MAX


def _fits(column: Sequence[int]) -> bool:
    return min(column) >= _INTEGER_MIN and max(column) <= _INTEGER_MAX


def _plan(shape: Shape) -> _Plan:
    by_labels: dict[Labels, list[Metric]] = {}
    for metric in shape.metrics:
        if metric.kind is not Kind.INFO:
            by_labels.setdefault(metric.labels, []).append(metric)
    groups = (_group(shape, labels, metrics) for labels, metrics in by_labels.items())
    return _Plan(tuple((group, group.template) for group in groups))


def _group(shape: Shape, labels: Labels, metrics: list[Metric]) -> _Group:
    return _Group(
        columns=tuple(shape.column(metric) for metric in metrics),
        metrics=tuple(metrics),
        heads=tuple(head(shape.measurement, (*row.key, *labels)) for row in shape.rows),
        names=tuple(escape_name(metric.name) for metric in metrics),
        types=tuple(int if metric.number is Number.INTEGER else float for metric in metrics),
    )


def _spelled(data: Mapping[str, Json]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")) if data else ""


def _event(event: Event) -> bytes:
    before, after = _tail(event.stamp)
    start = head(EVENT_MEASUREMENT, (*event.key, ("kind", event.kind)))
    fields = f'text="{escape_text(event.text)}"'
    data = _spelled(event.data)
    if len(data) > MAX_TEXT_CHARACTERS:
        data = _spelled({name: value for name, value in event.data.items() if name not in TEST_TRACES})
    if 0 < len(data) <= MAX_TEXT_CHARACTERS:
        fields += f',data="{escape_text(data)}"'
    return f"{start}{before}{fields}{after}".encode()
