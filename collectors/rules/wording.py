"""Fill templates, and tell which rows a rule is about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from collectors.rules.objects import text
from collectors.rules.reader import RuleRow
from collectors.snmp import ber

_PLACE = re.compile(r"\{(\w+)\}")


def filled(template: str, row: RuleRow) -> str:
    """Return a template with the row's values, white space tidied; empty when nothing is left."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name == "index":
            return ber.dotted(row.index)
        if name.isdecimal():
            found = _index_number(row, name)
            return "" if found is None else str(found)
        return text(row.cells.get(name))

    return " ".join(_PLACE.sub(value, template).split())


def concerned(
    row: RuleRow, when: Mapping[str, Sequence[int | str]], unless: Mapping[str, Sequence[int | str]]
) -> bool:
    """Tell whether a row has one of the values of each `when`, and none of any `unless`."""
    return all(_has(row, name, values) for name, values in when.items()) and not any(
        _has(row, name, values) for name, values in unless.items()
    )


def fits(row: RuleRow, patterns: Mapping[str, str]) -> bool:
    """Tell whether each column's text contains what its pattern says."""
    return all(re.search(pattern, text(row.cells.get(name))) for name, pattern in patterns.items())


def _has(row: RuleRow, name: str, values: Sequence[int | str]) -> bool:
    cell = _index_number(row, name) if name.isdecimal() else row.cells.get(name)
    return any(cell == value if isinstance(cell, int) else text(cell) == str(value) for value in values)


def _index_number(row: RuleRow, name: str) -> int | None:
    at = int(name) - 1
    return row.index[at] if 0 <= at < len(row.index) else None
