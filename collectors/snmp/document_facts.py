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
_MAIN_PSE: Final = "1.3.6.1.2.1.105.1.3.1.1"
_POWER: Final = {
    "netmon_poe_budget_watts": ("PoE budget of group", 2),
    "netmon_poe_consumption_watts": ("PoE consumption of group", 4),
}
"""Metrics, with what they are called here and their column of pethMainPseTable."""


def fact_sections(records: Sequence[sdk.Record]) -> dict[str, sdk.Json]:
    """Return the sections that facts fill."""
    found: dict[str, sdk.Json] = {}
    for record in records:
        if isinstance(record, sdk.Fact) and record.kind in _SECTIONS:
            rows = record.values[_SECTIONS[record.kind]]
            if isinstance(rows, Sequence):
                found[record.kind] = [dict(row) for row in rows if isinstance(row, Mapping)]
    return found


def power_sensors(records: Sequence[sdk.Record]) -> list[dict[str, sdk.Json]]:
    """Return what power over Ethernet can give and gives, in the form of sensors (RFC 3621)."""
    found: list[dict[str, sdk.Json]] = []
    for record in records:
        if not (isinstance(record, sdk.Reading) and record.shape.measurement == "poe"):
            continue
        for metric, column in zip(record.shape.metrics, record.columns, strict=True):
            words, place = _POWER.get(metric.name, ("", 0))
            for row, value in zip(record.shape.rows, column, strict=True):
                if words and value is not None:
                    group = dict(row.key)["group"]
                    oid = f"{_MAIN_PSE}.{place}.{group}"
                    descr = f"{words} {group}"
                    told: dict[str, sdk.Json] = {
                        "class": "power",
                        "descr": descr,
                        "unit": "W",
                        "oid": oid,
                        "value": float(value),
                    }
                    found.append(told)
    return found
