"""A strict reader of InfluxDB line protocol: one line in, or AssertionError."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = re.compile(r"-?\d+i|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_SPECIAL = ", ="


@dataclass(frozen=True)
class Line:
    """One point."""

    measurement: str
    tags: dict[str, str]
    fields: dict[str, str]
    time_ms: int


def read_line(raw: bytes) -> Line:
    """Return what a line says; nothing in it may be left over, doubled, empty or unprintable."""
    text = raw.decode("utf-8", "strict")
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", text)
    measurement, at = _name(text, 0, ", ")
    tags: dict[str, str] = {}
    while text[at] == ",":
        name, at = _name(text, at + 1, "=")
        tags[name], at = _add(tags, name, _name(text, at + 1, ", "))
    fields: dict[str, str] = {}
    assert text[at] == " "
    while True:
        name, at = _name(text, at + 1, "=")
        fields[name], at = _add(fields, name, _value(text, at + 1))
        if text[at] == " ":
            break
        assert text[at] == ","
    assert re.fullmatch(r"\d+", text[at + 1 :])
    return Line(measurement, tags, fields, int(text[at + 1 :]))


def _add(known: dict[str, str], name: str, found: tuple[str, int]) -> tuple[str, int]:
    assert name not in known
    return found


def _name(text: str, at: int, ends: str) -> tuple[str, int]:
    found = ""
    while text[at] not in ends:
        # A backslash hides a separator right after it, and is itself anywhere else.
        if text[at] == "\\" and text[at + 1] in _SPECIAL:
            at += 1
        else:
            assert text[at] not in _SPECIAL
        found += text[at]
        at += 1
    assert found
    return found, at


def _value(text: str, at: int) -> tuple[str, int]:
    if text[at] != '"':
        match = _NUMBER.match(text, at)
        assert match
        return match[0], match.end()
    found, at = "", at + 1
    while text[at] != '"':
        at += text[at] == "\\" and text[at + 1] in '\\"'
        found += text[at]
        at += 1
    return found, at + 1
