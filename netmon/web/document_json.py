"""Documents to JSON, and their types to JSON Schema (2020-12): derived, so that the two never differ."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from netmon.model import Json
from netmon.wording import rfc3339

Schema = dict[str, object]

_SCALARS: Mapping[object, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    NoneType: {"type": "null"},
    datetime: {"type": "string", "format": "date-time"},
}


def encode(document: object) -> bytes:
    """Return a document as UTF-8 JSON."""
    return json.dumps(plain(document), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


@lru_cache(maxsize=64)
def _names(kind: type) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind))


def plain(value: object) -> object:
    """Return a value of dictionaries, lists and scalars; a number that JSON does not have becomes null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in _names(type(value))}
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def schemas(kind: type, known: dict[str, Schema]) -> Schema:
    """Return a reference to the schema of a document's type, which is added to `known` by its name."""
    if kind.__name__ not in known:
        known[kind.__name__] = {}  # a document that contains itself refers to this
        known[kind.__name__] = _object(kind, known)
    return {"$ref": f"#/components/schemas/{kind.__name__}"}


def _object(kind: type, known: dict[str, Schema]) -> Schema:
    hints = get_type_hints(kind, include_extras=True)
    return {
        "type": "object",
        "description": (kind.__doc__ or "").strip(),
        "properties": {name: schema_of(hints[name], known) for name in _names(kind)},
        "required": list(_names(kind)),
        "additionalProperties": False,
    }


def schema_of(hint: Any, known: dict[str, Schema]) -> Schema:  # noqa: ANN401 - a type hint may be anything
    """Return the JSON Schema of a type hint; TypeError for one that no document may have."""
    if hint in _SCALARS:
        return dict(_SCALARS[hint])
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"type": "string", "enum": [str(one) for one in hint]}
    if isinstance(hint, type) and is_dataclass(hint):
        return schemas(hint, known)
    return _generic(get_origin(hint), get_args(hint), known)


def _generic(origin: Any, arguments: tuple[Any, ...], known: dict[str, Schema]) -> Schema:  # noqa: ANN401 - as above
    if origin is Annotated:
        return {**schema_of(arguments[0], known), "description": arguments[1]}
    if origin in (Union, UnionType):
        return {"anyOf": [schema_of(one, known) for one in arguments]}
    if origin is tuple:
        return {"type": "array", "items": schema_of(arguments[0], known)}
    if origin is Mapping:
        # Json refers to itself (and is resolved to another object): it may hold everything that JSON has.
        free = arguments[1] is Json or any(get_origin(one) is Sequence for one in get_args(arguments[1]))
        return {"type": "object", "additionalProperties": True if free else schema_of(arguments[1], known)}
    raise TypeError(f"a document may not have a {origin!r}")
