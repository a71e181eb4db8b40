"""Find the line of a TOML file that something was said in: the parser does not tell."""

from __future__ import annotations

import re
from collections.abc import Sequence

_HEADER = re.compile(r"\s*\[\[?([^\[\]]+)\]\]?\s*(#.*)?$")


def line_of(text: str, path: Sequence[str | int]) -> int:
    """Return the line (from 1) of the last part of a path that can be found: a key, or its table's head."""
    lines = text.splitlines()
    at, end, heading = 0, len(lines), ""
    for step, part in enumerate(path):
        if isinstance(part, int):
            continue
        name = f"{heading}.{part}" if heading else part
        nth = path[step + 1] if step + 1 < len(path) else 0
        head = _header(lines, at, end, name, nth if isinstance(nth, int) else 0)
        if head is None and _has_tables(lines, at, end, name):
            heading = name
            continue
        if head is None:
            key = _key(lines, at, end, part, skip_heads=not heading)
            return (at if key is None else key) + 1
        at, end, heading = head, _end(lines, head, end, name), name
    return at + 1


def _header(lines: Sequence[str], at: int, end: int, name: str, nth: int) -> int | None:
    for number in range(at, end):
        match = _HEADER.match(lines[number])
        if match and match[1].replace(" ", "") == name:
            if nth == 0:
                return number
            nth -= 1
    return None


def _has_tables(lines: Sequence[str], at: int, end: int, name: str) -> bool:
    """Tell whether a table without a head of its own has tables: `[states.pump]` is one of `states`."""
    matches = (_HEADER.match(line) for line in lines[at:end])
    return any(match and match[1].replace(" ", "").startswith(f"{name}.") for match in matches)


def _end(lines: Sequence[str], head: int, end: int, name: str) -> int:
    """Return where the table that begins at `head` ends: its own tables belong to it."""
    for number in range(head + 1, end):
        match = _HEADER.match(lines[number])
        if match and not match[1].replace(" ", "").startswith(f"{name}."):
            return number
    return end


def _key(lines: Sequence[str], at: int, end: int, name: str, *, skip_heads: bool) -> int | None:
    wanted = re.compile(rf'\s*"?{re.escape(name)}"?\s*=')
    for number in range(at if skip_heads else at + 1, end):
        if wanted.match(lines[number]):
            return number
        if _HEADER.match(lines[number]):
            return None
    return None
