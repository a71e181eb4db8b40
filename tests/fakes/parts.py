"""Parts of a fake device, as objects of ENTITY-MIB."""

from __future__ import annotations

from collectors.snmp.agent import Live, object_id
from collectors.snmp.entity import CLASSES, Entity

ENTRY = "1.3.6.1.2.1.47.1.1.1.1"
_COLUMNS = {
    "descr": 2, "name": 7, "hardware_rev": 8, "firmware_rev": 9, "software_rev": 10, "serial": 11,
    "manufacturer": 12, "model": 13,
}  # fmt: skip
_NUMBERS = {name: number for number, name in CLASSES.items()}


def parts(*entities: Entity) -> dict[str, Live]:
    """Return the objects of these parts, for FakeSwitch.changes."""
    found: dict[str, Live] = {}
    for part in entities:
        found[f"{ENTRY}.4.{part.index}"] = part.contained_in
        found[f"{ENTRY}.5.{part.index}"] = _NUMBERS[part.class_name]
        found[f"{ENTRY}.6.{part.index}"] = part.position
        for name, number in _COLUMNS.items():
            found[f"{ENTRY}.{number}.{part.index}"] = getattr(part, name)
        if part.if_index:
            target = object_id((1, 3, 6, 1, 2, 1, 2, 2, 1, 1, part.if_index))
            found[f"1.3.6.1.2.1.47.1.3.2.1.2.{part.index}.0"] = target
    return found


def without(*entities: Entity) -> dict[str, Live | None]:
    """Return what takes these parts away again."""
    return dict.fromkeys(parts(*entities))


STACK = (
    Entity(1, "stack", "Stack"),
    Entity(10, "chassis", "Switch 1", model="S-48", serial="A1", contained_in=1, position=1),
    Entity(11, "powerSupply", "Switch 1 PSU", model="P-1", serial="P1", contained_in=10, position=1),
    Entity(12, "fan", "Switch 1 Fan", contained_in=10, position=2),
    Entity(20, "chassis", "Switch 2", model="S-48", serial="A2", contained_in=1, position=2),
    Entity(21, "powerSupply", "Switch 2 PSU", model="P-1", serial="P2", contained_in=20, position=1),
    Entity(22, "fan", "Switch 2 Fan", contained_in=20, position=2),
)
"""A stack of two."""
