"""A finished report as a document: JSON, from which tables and differences are made as well.

A row of a table has `key`, which tells it from its neighbours; a figure is an object with `value` and
`unit`. None is null: not known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum

from netmon.errors import NetmonError
from netmon.evidence.reports.figure import Figure
from netmon.model import Json

FORMAT = 1
KEY = "key"


class DocumentError(NetmonError):
    """A document is none of ours, or of a later version."""


def document(kind: str, method: int, report: object) -> Mapping[str, Json]:
    """Return a report of a kind ("site", "circuit", "estate") with the numbers of format and method."""
    return {"format": FORMAT, "kind": kind, "method": method, "report": as_json(report)}


def as_json(thing: object) -> Json:
    """Return a value, or a dataclass of values, as a document has it."""
    if thing is None or isinstance(thing, bool | int | float):
        return thing
    if isinstance(thing, Enum):
        return str(thing.value)
    if isinstance(thing, str):
        return thing
    if isinstance(thing, date):  # a datetime is one, too
        return thing.isoformat()
    if isinstance(thing, Sequence):
        return [as_json(one) for one in thing]
    if is_dataclass(thing) and not isinstance(thing, type):
        told = {field.name: as_json(getattr(thing, field.name)) for field in fields(thing)}
        names: tuple[str, ...] = getattr(thing, "KEY", ())
        inner = {name: value for name, value in told.items() if name not in names}
        return {KEY: {name: told[name] for name in names}, **inner} if names else inner
    raise TypeError(f"{thing!r} has no place in a document")


def write_document(found: Mapping[str, Json]) -> str:
    """Return the text of a document, the same for the same figures."""
    return json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def read_document(text: str) -> Mapping[str, Json]:
    """Return a document that was written before; DocumentError when it is none, or too new."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise DocumentError(f"it is no document of a report: {error}") from error
    if not isinstance(found, dict) or "report" not in found:
        raise DocumentError("it is no document of a report")
    if found.get("format") != FORMAT:
        raise DocumentError(f"it has format {found.get('format')}, this netmon knows {FORMAT}")
    return found


def is_figure(found: Mapping[str, Json]) -> bool:
    """Tell whether an object of a document is a figure."""
    return found.keys() == _FIGURE


_FIGURE = frozenset(field.name for field in fields(Figure))
