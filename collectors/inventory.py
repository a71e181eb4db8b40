"""What a device is made of: chassis, cards, power supplies, fans, transceivers, with serials and versions.

Parts come from ENTITY-MIB (RFC 6933), and from what vendor files know beyond it. They are a fact that is
stored when it changes, and what came, went or was replaced is an event: one of a kind per read, however
many parts it concerns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from collectors.rules.components import components, missing_from
from collectors.snmp.collector import SnmpCollector
from collectors.snmp.entity import Entities, Entity
from collectors.snmp.part_changes import Place, part_changes, places, title
from netmon import sdk

INVENTORY: Final = "inventory"

_MOST_NAMES: Final = 10
_FIELDS: Final = (
    ("index", "index"),
    ("class", "class_name"),
    ("name", "name"),
    ("descr", "descr"),
    ("model", "model"),
    ("serial", "serial"),
    ("manufacturer", "manufacturer"),
    ("hardware_rev", "hardware_rev"),
    ("firmware_rev", "firmware_rev"),
    ("software_rev", "software_rev"),
    ("contained_in", "contained_in"),
)


class InventoryCollector(SnmpCollector[sdk.NoSettings]):
    """Reads the parts of one device once an hour, and when it restarted or its ports changed."""

    metrics: ClassVar[dict[str, tuple[sdk.Metric, ...]]] = {}
    settings_type = sdk.NoSettings
    period_seconds = 3600.0

    def __init__(self, assignment: sdk.Assignment, settings: sdk.NoSettings) -> None:
        super().__init__(assignment, settings)
        self._places: dict[Place, Entity] | None = None

    async def collect(self) -> Sequence[sdk.Record]:
        """Return the fact, and an event for each kind of change."""
        shared = await self.context.shared.get(Entities)
        entities = await shared.entities(self.session, self.left_seconds)
        others = await components(self.session, self.context, self.left_seconds)
        parts = (*entities, *missing_from(entities, others))
        before, self._places = self._places, places(parts)
        fact = sdk.Fact(INVENTORY, self.key, values_of(parts), self.context.clock.stamp())
        if before is None:
            return [fact]
        return [
            fact,
            *(
                self.event(change.kind, f"{_names(change.parts)} {change.words}", values_of(change.parts))
                for change in part_changes(before, self._places)
            ),
        ]


def values_of(parts: Iterable[Entity]) -> dict[str, sdk.Json]:
    """Return parts as plain data; what is not known is left out."""
    return {"components": [_entry(part) for part in parts]}


def _entry(part: Entity) -> dict[str, sdk.Json]:
    found = {name: getattr(part, field) for name, field in _FIELDS}
    return {name: value for name, value in found.items() if value not in ("", 0)}


def _names(parts: Sequence[Entity]) -> str:
    more = f" and {len(parts) - _MOST_NAMES} more" if len(parts) > _MOST_NAMES else ""
    return ", ".join(map(title, parts[:_MOST_NAMES])) + more
