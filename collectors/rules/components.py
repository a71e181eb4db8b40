"""Parts of a device that its vendor's own tables tell of, by rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from collectors.rules.meaning import component
from collectors.rules.profile import Profiles
from collectors.rules.reader import TableReader
from collectors.snmp.entity import Entity
from collectors.snmp.session import Session
from netmon import sdk

_KNOWN_BY: Final = ("serial", "name")


async def components(session: Session, context: sdk.Context, timeout_seconds: float) -> list[Entity]:
    """Return the parts, which have no index of ENTITY-MIB; SourceError PARTIAL when only some came."""
    deadline = context.clock.monotonic() + timeout_seconds
    profile = await (await context.shared.get(Profiles)).of(session, context, timeout_seconds)
    found: list[Entity] = []
    for _, table in profile.tables:
        if not table.component:
            continue
        reader = TableReader(table, ())
        left = max(deadline - context.clock.monotonic(), 0.0)
        rows = await reader.rows(session, left, context.clock)
        if reader.partial:
            raise sdk.SourceError(sdk.Outcome.PARTIAL, f"not all of {table.mib} came: {reader.partial}")
        for rule in table.component:
            for row in rows:
                told = component(rule, row)
                if told is not None:
                    found.append(part(told))
    return found


def part(told: Mapping[str, str]) -> Entity:
    """Return a part of what a rule made of a row."""
    return Entity(
        class_name=told.get("class_name", "unknown"),
        name=told.get("name", ""),
        descr=told.get("descr", ""),
        model=told.get("model", ""),
        serial=told.get("serial", ""),
        hardware_rev=told.get("hardware_rev", ""),
        firmware_rev=told.get("firmware_rev", ""),
        software_rev=told.get("software_rev", ""),
    )


def missing_from(known: Sequence[Entity], found: Sequence[Entity]) -> Iterator[Entity]:
    """Yield the parts that are not among the known ones, by serial number, or else by name."""
    for part in found:
        field = next((field for field in _KNOWN_BY if getattr(part, field)), "name")
        if all(getattr(part, field) != getattr(one, field) for one in known):
            yield part
