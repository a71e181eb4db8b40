"""Records as a long table, one value a line, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TextIO

from netmon.model import Event, Json, Kind, Labels, Reading, Record
from netmon.units import iso_8601

_FIRST = ("time", "record", "measurement")
_LAST = ("metric", "value", "outcome", "clock")
# A spreadsheet takes a text that begins so for a formula, and devices choose their own texts.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of one record; None is *not known*."""

    time: str
    record: str
    measurement: str
    labels: Labels
    metric: str
    value: Json
    outcome: str
    clock: str


def cells(record: Record) -> Iterator[Cell]:
    """Yield the values of a record: a reading's cells, a fact's values, an event's text and data."""
    time, clock = iso_8601(record.stamp.wall_ms), "" if record.stamp.synced else "unsynced"
    if isinstance(record, Reading):
        yield from _reading(record, time, clock)
        return
    texts: list[tuple[str, Json]] = [("text", record.text)] if isinstance(record, Event) else []
    values = record.data if isinstance(record, Event) else record.values
    word = "event" if isinstance(record, Event) else "fact"
    for name, value in [*texts, *values.items()]:
        yield Cell(time, word, record.kind, record.key, name, value, "", clock)


def write_csv(records: Iterable[Record], label_names: Sequence[str], file: TextIO) -> None:
    """Write a header and one line per value; numbers as they are, texts so that no spreadsheet runs them."""
    taken = {*_FIRST, *_LAST}
    writer = csv.writer(file, lineterminator="\n")
    labels = [f"label_{name}" if name in taken else name for name in label_names]
    writer.writerow([*_FIRST, *map(harmless, labels), *_LAST])
    for record in records:
        for cell in cells(record):
            known = dict(cell.labels)
            row = (cell.time, cell.record, cell.measurement, *(known.get(name, "") for name in label_names))
            writer.writerow(
                [*map(harmless, row), harmless(cell.metric), cell_text(cell.value), cell.outcome, cell.clock]
            )


def write_json_lines(records: Iterable[Record], file: TextIO) -> None:
    """Write one JSON object per value."""
    for record in records:
        for cell in cells(record):
            line = {name: getattr(cell, name) for name in (*_FIRST, *_LAST)} | {"labels": dict(cell.labels)}
            if isinstance(cell.value, float) and not isfinite(cell.value):
                # JSON has no infinity.
                line["value"] = repr(cell.value)
            file.write(json.dumps(line) + "\n")


def _reading(reading: Reading, time: str, clock: str) -> Iterator[Cell]:
    measurement = reading.shape.measurement
    for number, row in enumerate(reading.shape.rows):
        texts = dict(row.texts)
        for metric, column in zip(reading.shape.metrics, reading.columns, strict=True):
            value = texts.get(metric.name) if metric.kind is Kind.INFO else column[number]
            labels = (*row.key, *metric.labels)
            outcome = reading.outcomes[number].value
            yield Cell(time, "reading", measurement, labels, metric.name, value, outcome, clock)


def cell_text(value: Json) -> str:
    """Return a value as a cell: numbers as they are, nothing for what is not known."""
    if value is None:
        return ""
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return repr(value)
    return harmless(json.dumps(value))


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, on one line without a bare carriage return."""
    # A bare carriage return would end the line for some readers, and csv does not quote it before 3.13.
    mark = "'" if text.startswith(_FORMULA) else ""
    return mark + text.replace("\r", " ")
