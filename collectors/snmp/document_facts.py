"""Facts of a poll as sections of its document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from netmon import sdk

_SECTIONS: Final = {
    "inventory": "components",
    "neighbours": "neighbours",
    "addresses": "addresses",
    "vlans": "vlans",
}
"""Kinds of facts that are lists, and the name that each list has in its fact."""


def fact_sections(records: Sequence[sdk.Record]) -> dict[str, sdk.Json]:
    """Return the sections that facts fill."""
    found: dict[str, sdk.Json] = {}
    for record in records:
        if isinstance(record, sdk.Fact) and record.kind in _SECTIONS:
            rows = record.values[_SECTIONS[record.kind]]
            if isinstance(rows, Sequence):
                found[record.kind] = [dict(row) for row in rows if isinstance(row, Mapping)]
    return found
