"""One way to write a record as bytes, so that everybody finds the same hash."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256

from netmon.errors import NetmonError
from netmon.model import Json

RecordJson = Mapping[str, Json]


class CanonicalError(NetmonError):
    """A record holds what has no single spelling."""


def canonical(value: Json) -> bytes:
    """Return UTF-8 JSON with keys in order, without spaces; CanonicalError for a fraction or a bad text.

    Whole numbers only (microseconds, bytes, millionths): 0.1 is spelled in as many ways as there are
    languages.
    """
    _check(value)
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode()
    except (UnicodeEncodeError, RecursionError) as error:
        raise CanonicalError(f"a text or a nesting cannot be written: {error}") from error


def digest(value: Json) -> str:
    """Return the SHA-256 of a value's canonical bytes, in hexadecimal."""
    return sha256(canonical(value)).hexdigest()


def _check(value: Json) -> None:
    if isinstance(value, float):
        raise CanonicalError(f"{value!r} is a fraction: records hold whole numbers of a small unit")
    if isinstance(value, Mapping):
        for inner in value.values():
            _check(inner)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            _check(inner)
