"""Make identifiers whole that a vendor file gives below a branch of the device's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.rules.model import Below, Extract, OsRule, TableRule
from collectors.snmp import ber
from collectors.snmp.ber import Oid

Roots = Mapping[Below, Oid]

_FIELDS: Final = ("hardware", "version", "serial")


def roots_for(object_id: Oid | None, os_prefix: Oid) -> Roots:
    """Return the branches of a device; `os_prefix` is what of sysObjectID led to its operating system."""
    found: dict[Below, Oid] = {"object_id": object_id or (), "os": os_prefix}
    return {below: root for below, root in found.items() if root}


def placed_os(rule: OsRule, roots: Roots) -> OsRule:
    """Return a rule with whole identifiers; extracts for which there is no branch are left out."""
    fields: dict[str, tuple[Extract, ...]] = {field: getattr(rule, field) for field in _FIELDS}
    if not any(extract.below for extracts in fields.values() for extract in extracts):
        return rule
    return rule.model_copy(
        update={
            field: tuple(_placed(e, roots) for e in extracts if not e.below or e.below in roots)
            for field, extracts in fields.items()
        }
    )


def _placed(extract: Extract, roots: Roots) -> Extract:
    if not extract.below:
        return extract
    return extract.model_copy(
        update={"oid": f"{ber.dotted(roots[extract.below])}.{extract.oid}", "below": ""}
    )


def placed_table(table: TableRule, roots: Roots) -> TableRule | None:
    """Return a table with whole identifiers; None when there is no branch for it."""
    if not table.below:
        return table
    if table.below not in roots:
        return None
    root = ber.dotted(roots[table.below])
    columns = {
        name: f"{root}.{place}" if isinstance(place, str) else place for name, place in table.columns.items()
    }
    entry = f"{root}.{table.entry}" if table.entry else ""
    return table.model_copy(update={"entry": entry, "columns": columns, "below": ""})
