"""What changed among a device's parts: what came, what went, and what was put in another's place.

A part is known by its place: class and name, within the place of the part around it. Its entPhysicalIndex
is not kept: devices deal it out anew when they restart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from collectors.snmp.entity import Entity

_DEEPEST: Final = 32
_FIXED: Final = frozenset({"sensor", "port", "cpu", "container"})
"""Classes that come and go with another part, unless they have a serial number (as transceivers do)."""

Place = tuple[str, ...]
Placed = Mapping[Place, Entity]


@dataclass(frozen=True, slots=True)
class PartChange:
    """A kind of change, in words, and the parts that it happened to: those inside them are left out."""

    kind: str
    words: str
    parts: tuple[Entity, ...]


def places(entities: Iterable[Entity]) -> dict[Place, Entity]:
    """Return parts by place; equal ones in one place are told apart by their order."""
    known = sorted(entities, key=lambda part: part.index)
    by_index = {part.index: part for part in known if part.index}
    copies: Counter[Place] = Counter()
    found: dict[Place, Entity] = {}
    for part in known:
        place = _place(part, by_index)
        copies[place] += 1
        if copies[place] > 1:
            place = (*place[:-1], f"{place[-1]} #{copies[place]}")
        found[place] = part
    return found


def part_changes(before: Placed, after: Placed) -> Iterator[PartChange]:
    """Yield what differs: at most one change of a kind, however many parts it concerns."""
    gone, came = _unmoved(before, after)
    swapped = {place: place for place in before.keys() & after.keys() if _other(before[place], after[place])}
    swapped |= _exchanged(_outermost(gone), _outermost(came), before, after)
    places_of_swaps = {*swapped, *swapped.values()}
    replaced = [after[swapped[place]] for place in sorted(_outermost(swapped))]
    removed = [before[place] for place in sorted(_outermost(gone, places_of_swaps))]
    added = [after[place] for place in sorted(_outermost(came, places_of_swaps))]
    for kind, words, parts in (
        ("component_replaced", "replaced", replaced),
        ("component_removed", "removed", list(filter(_counts, removed))),
        ("component_added", "added", list(filter(_counts, added))),
    ):
        if parts:
            yield PartChange(kind, words, tuple(parts))


def title(part: Entity) -> str:
    """Return what a person would call a part."""
    serial = f" (serial {part.serial})" if part.serial else ""
    return f"{part.name or part.descr or part.model or part.class_name}{serial}"


def _place(part: Entity, by_index: Mapping[int, Entity]) -> Place:
    labels: list[str] = []
    around: Entity | None = part
    while around is not None and len(labels) < _DEEPEST:  # an agent may say that parts contain each other
        labels.append(_label(around))
        around = by_index.get(around.contained_in)
    return tuple(reversed(labels))


def _label(part: Entity) -> str:
    called = part.name or (str(part.position) if part.position >= 0 else part.descr)
    return f"{part.class_name} {called}"


def _unmoved(before: Placed, after: Placed) -> tuple[set[Place], set[Place]]:
    """Return the places that went and came, without parts that are only called otherwise or moved."""
    gone, came = before.keys() - after.keys(), after.keys() - before.keys()
    serials = {(part.class_name, part.serial): place for place in gone if (part := before[place]).serial}
    moved = {
        was: place
        for place in came
        if (part := after[place]).serial and (was := serials.get((part.class_name, part.serial))) is not None
    }
    return _without(gone, moved), _without(came, moved.values())


def _without(places_: Collection[Place], moved: Collection[Place]) -> set[Place]:
    """Return places that neither moved nor are inside of what moved."""
    known = set(moved)
    return {place for place in places_ if not any(inner in known for inner in _inwards(place))}


def _exchanged(
    gone: Iterable[Place], came: Iterable[Place], before: Placed, after: Placed
) -> dict[Place, Place]:
    """Return what went and what came at the same position of the same part."""
    free = {
        (*place[:-1], after[place].class_name, after[place].position): place
        for place in came
        if after[place].position >= 0
    }
    pairs = ((place, (*place[:-1], before[place].class_name, before[place].position)) for place in gone)
    return {place: free.pop(at) for place, at in pairs if at in free}


def _outermost(places_: Collection[Place], besides: Collection[Place] = ()) -> list[Place]:
    """Return places that are not inside of another one of them, nor among or inside of `besides`."""
    known = {*places_, *besides}
    return [p for p in places_ if p not in besides and not any(o in known for o in _inwards(p[:-1]))]


def _inwards(place: Place) -> Iterator[Place]:
    for depth in range(1, len(place) + 1):
        yield place[:depth]


def _other(before: Entity, after: Entity) -> bool:
    """Tell whether another part is in the place: by its serial number, else by its model."""
    if before.serial and after.serial:
        return before.serial != after.serial
    return bool(before.model and after.model) and before.model != after.model


def _counts(part: Entity) -> bool:
    return part.class_name not in _FIXED or bool(part.serial)
