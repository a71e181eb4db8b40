"""Files of `netmon export`, cell by cell: its CSV, its JSON lines, its line protocol; also when gzipped."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TextIO

from netmon.delivery.line import EVENT_MEASUREMENT
from netmon.errors import NetmonError
from netmon.model import Json

EVENT, READING = "event", "reading"
_FIXED = frozenset({"time", "record", "measurement", "metric", "value", "outcome", "clock"})
_HEADER = "time,record,measurement"
_UNSYNCED = "unsynced"
_LONGEST_CELL = 16_000_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_JSON_BEGINS = re.compile(r'[\[{"0-9-]|true$|false$|null$')
_LINE = re.compile(r"((?:[^\\ ]|\\.)+) (.+) (\d+)\n?")
"""Head, fields and time of a line; a blank of the head has a backslash before it."""
_BETWEEN_TAGS, _BETWEEN_SIDES = re.compile(r"(?<!\\),"), re.compile(r"(?<!\\)=")
_FIELD = re.compile(r'((?:[^=,\\]|\\.)+)=("(?:[^"\\]|\\.)*"|[^,]*)(?:,|$)')
_HIDDEN, _QUOTED = re.compile(r"\\([,= ])"), re.compile(r'\\(["\\])')


class ExportError(NetmonError):
    """A file is none that `netmon export` writes."""


@dataclass(frozen=True, slots=True)
class Told:
    """One value of one record. `labels` name the thing, and the part of it; an event's value may be any."""

    wall_ms: int
    record: str
    measurement: str
    labels: Mapping[str, str]
    metric: str
    value: Json
    synced: bool


def told_by(path: Path, measurements: frozenset[str]) -> Iterator[Told]:
    """Yield the values of some measurements or kinds of events; ExportError names file and place."""
    number = 0
    try:
        with _opened(path) as file:
            first = file.readline()
            for told in _reader(first)(chain([first], file)):
                number += 1
                if told.measurement in measurements:
                    yield told
    except (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, csv.Error) as error:
        raise ExportError(f"{path}, after {number} values: {error}") from error


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _reader(first: str) -> Callable[[Iterable[str]], Iterator[Told]]:
    """Return how to read a file, by its first line."""
    if not first or first.startswith(_HEADER):
        return _csv
    if first.startswith("{"):
        return _json
    if _LINE.fullmatch(first):
        return _line
    raise ValueError("this is no CSV, JSON or line protocol as `netmon export` writes them")


def _csv(lines: Iterable[str]) -> Iterator[Told]:
    csv.field_size_limit(_LONGEST_CELL)
    rows = csv.reader(lines)
    names = [name.removeprefix("label_") if name[6:] in _FIXED else name for name in next(rows, [])]
    labels, last = names[3:-4], len(names) - 1
    for row in rows:
        metric, value, _, clock = row[last - 3 :]
        known = {name: _plain(text) for name, text in zip(labels, row[3:-4], strict=True) if text}
        yield Told(_ms(row[0]), row[1], row[2], known, _plain(metric), _value(value), clock != _UNSYNCED)


def _json(lines: Iterable[str]) -> Iterator[Told]:
    for line in lines:
        told = json.loads(line)
        when, record, labels = _ms(told["time"]), told["record"], told["labels"]
        synced = told["clock"] != _UNSYNCED
        yield Told(when, record, told["measurement"], labels, told["metric"], told["value"], synced)


def _line(lines: Iterable[str]) -> Iterator[Told]:
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"{line[:80]!r} is no line protocol")
        measurement, *pairs = _BETWEEN_TAGS.split(match[1])
        tags = {_shown(name): _shown(text) for name, text in (_BETWEEN_SIDES.split(one, 1) for one in pairs)}
        synced = tags.pop("clock", "") != _UNSYNCED
        is_event = measurement == EVENT_MEASUREMENT
        name = tags.pop("kind", "") if is_event else _shown(measurement)
        for field in _FIELD.finditer(match[2]):
            value = _field(field[2])
            parts = json.loads(str(value)) if is_event and field[1] == "data" else {_shown(field[1]): value}
            for metric, inner in parts.items():
                yield Told(int(match[3]), EVENT if is_event else READING, name, tags, metric, inner, synced)


def _field(text: str) -> Json:
    if text.startswith('"'):
        return _QUOTED.sub(r"\1", text[1:-1])
    return int(text[:-1]) if text.endswith("i") else float(text)


def _shown(text: str) -> str:
    return _HIDDEN.sub(r"\1", text)


def _plain(text: str) -> str:
    """Return a text without the mark that keeps spreadsheets from running it."""
    return text[1:] if text.startswith("'") and text[1:2] in _FORMULA else text


def _value(text: str) -> Json:
    if not _JSON_BEGINS.match(text):
        return _plain(text) if text else None
    try:
        found: Json = json.loads(text)
    except ValueError:
        return text  # a text that begins as JSON does
    return found


@lru_cache(maxsize=8)
def _ms(text: str) -> int:
    """Return wall time; neighbours share it."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)
