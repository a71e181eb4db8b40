"""Files of `netmon export`, cell by cell: its CSV, its JSON lines, its line protocol; also when gzipped."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TextIO

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
_TIME = re.compile(r"[^ ] \d+\n?$")
"""How a line of line protocol ends."""
_END_OF_HEAD, _BETWEEN_TAGS, _BETWEEN_SIDES = (re.compile(rf"(?<!\\){one}") for one in " ,=")
_FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*")')
_HIDDEN, _QUOTED = re.compile(r"\\([,= ])"), re.compile(r'\\(["\\])')


class ExportError(NetmonError):
    """A file is none that `netmon export` writes."""


class Told(NamedTuple):
    """One value of one record. `labels` name the thing, and the part of it; an event's value may be any."""

    wall_ms: int
    record: str
    measurement: str
    labels: Mapping[str, str]
    metric: str
    value: Json
    synced: bool


class Wants(NamedTuple):
    """What is wanted of a file: metrics by measurement, and kinds of events with all that they say."""

    readings: Mapping[str, frozenset[str]]
    events: frozenset[str]
    texts: frozenset[str] = frozenset()
    """Kinds whose values are texts even where they look like numbers, which CSV does not tell."""

    def __call__(self, record: str, measurement: str, metric: str) -> bool:
        """Tell whether a value is wanted."""
        if record == EVENT:
            return measurement in self.events
        return metric in self.readings.get(measurement, ())


def told_by(path: Path, wants: Wants) -> Iterator[Told]:
    """Yield the values that are wanted of a file; ExportError names it, and after which of them it is bad."""
    number = 0
    try:
        with _opened(path) as file:
            first = file.readline()
            for told in _reader(first)(chain([first], file), wants):
                number += 1
                yield told
    except (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, csv.Error) as error:
        raise ExportError(f"{path}, after {number} values: {error}") from error


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _reader(first: str) -> Callable[[Iterable[str], Wants], Iterator[Told]]:
    """Return how to read a file, by its first line."""
    if not first or first.startswith(_HEADER):
        return _csv
    if first.startswith("{"):
        return _json
    if _TIME.search(first):
        return _line_protocol
    raise ValueError("this is no CSV, JSON or line protocol as `netmon export` writes them")


def _csv(lines: Iterable[str], wants: Wants) -> Iterator[Told]:
    csv.field_size_limit(_LONGEST_CELL)
    rows = csv.reader(lines)
    names = [name.removeprefix("label_") if name[6:] in _FIXED else name for name in next(rows, [])]
    labels = names[3:-4]
    for row in rows:
        if wants(row[1], row[2], _plain(row[-4])):
            known = {name: _plain(text) for name, text in zip(labels, row[3:-4], strict=True) if text}
            value = _plain(row[-3]) if row[2] in wants.texts else _value(row[-3])
            synced = row[-1] != _UNSYNCED
            yield Told(_ms(row[0]), row[1], row[2], known, _plain(row[-4]), value, synced)


def _json(lines: Iterable[str], wants: Wants) -> Iterator[Told]:
    for line in lines:
        told = json.loads(line)
        what = told["record"], told["measurement"]
        if wants(*what, told["metric"]):
            synced = told["clock"] != _UNSYNCED
            yield Told(_ms(told["time"]), *what, told["labels"], told["metric"], told["value"], synced)


def _line_protocol(lines: Iterable[str], wants: Wants) -> Iterator[Told]:
    for line in lines:
        head, rest = _END_OF_HEAD.split(line, 1)
        fields, _, when = rest.rpartition(" ")
        measurement, *pairs = _BETWEEN_TAGS.split(head)
        tags = {_shown(name): _shown(text) for name, text in (_BETWEEN_SIDES.split(one, 1) for one in pairs)}
        synced = tags.pop("clock", "") != _UNSYNCED
        record = EVENT if measurement == EVENT_MEASUREMENT else READING
        name = tags.pop("kind", "") if record == EVENT else _shown(measurement)
        for metric, told in _fields(fields, record):
            if wants(record, name, metric):
                yield Told(int(when), record, name, tags, metric, told, synced)


def _fields(text: str, record: str) -> Iterator[tuple[str, Json]]:
    if record == READING:  # numbers, whose names hold neither
        for pair in text.split(","):
            name, _, number = pair.partition("=")
            yield _shown(name), _field(number)
        return
    for match in _FIELD.finditer(text):
        value = _field(match[2])
        yield from json.loads(str(value)).items() if match[1] == "data" else ((match[1], value),)


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
