"""The parts of a device: entPhysicalTable (ENTITY-MIB, RFC 6933), read once for all that want it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final, Self
from weakref import WeakKeyDictionary

from collectors.snmp.answers import Table
from collectors.snmp.session import Session
from collectors.snmp.syntax import OBJECT, OCTETS, WHOLE, column
from netmon import sdk

_ENTRY: Final = "1.3.6.1.2.1.47.1.1.1.1"
_DESCR: Final = column("entPhysicalDescr", f"{_ENTRY}.2", OCTETS)
_CONTAINED_IN: Final = column("entPhysicalContainedIn", f"{_ENTRY}.4", WHOLE)
_CLASS: Final = column("entPhysicalClass", f"{_ENTRY}.5", WHOLE)
_POSITION: Final = column("entPhysicalParentRelPos", f"{_ENTRY}.6", WHOLE)
_TEXTS: Final = {
    "name": column("entPhysicalName", f"{_ENTRY}.7", OCTETS),
    "descr": _DESCR,
    "hardware_rev": column("entPhysicalHardwareRev", f"{_ENTRY}.8", OCTETS),
    "firmware_rev": column("entPhysicalFirmwareRev", f"{_ENTRY}.9", OCTETS),
    "software_rev": column("entPhysicalSoftwareRev", f"{_ENTRY}.10", OCTETS),
    "serial": column("entPhysicalSerialNum", f"{_ENTRY}.11", OCTETS),
    "manufacturer": column("entPhysicalMfgName", f"{_ENTRY}.12", OCTETS),
    "model": column("entPhysicalModelName", f"{_ENTRY}.13", OCTETS),
}
_COLUMNS: Final = (_CONTAINED_IN, _CLASS, _POSITION, *_TEXTS.values())
_ALIAS: Final = column("entAliasMappingIdentifier", "1.3.6.1.2.1.47.1.3.2.1.2", OBJECT)
"""Its index: entPhysicalIndex, and a logical entity or 0."""
_IF_INDEX: Final = (1, 3, 6, 1, 2, 1, 2, 2, 1, 1)

# IANA-ENTITY-MIB
CLASSES: Final = {
    1: "other", 2: "unknown", 3: "chassis", 4: "backplane", 5: "container", 6: "powerSupply", 7: "fan",
    8: "sensor", 9: "module", 10: "port", 11: "stack", 12: "cpu", 13: "energyObject", 14: "battery",
    15: "storageDrive",
}  # fmt: skip

_KEPT_SECONDS: Final = 3000.0
"""Less than the period of those who want it hourly."""
_RETRY_SECONDS: Final = 60.0
_MOST: Final = 4096
"""Parts of one device; the largest recorded one has 358."""
_NO_DEVICE: Final = 9
"""Rank of a part that cannot stand for the device."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One part of a device, cleaned; empty text for what it does not say.

    `index` is entPhysicalIndex, 0 for a part that another table told of; `contained_in` the index of
    the part around it, 0 for none; `position` its place in there, -1: not known. `if_index` is the port
    that it is, 0: none.
    """

    index: int = 0
    class_name: str = "unknown"
    name: str = ""
    descr: str = ""
    model: str = ""
    serial: str = ""
    manufacturer: str = ""
    hardware_rev: str = ""
    firmware_rev: str = ""
    software_rev: str = ""
    contained_in: int = 0
    position: int = -1
    if_index: int = 0


@dataclass(frozen=True, slots=True)
class _Known:
    """What the last read of a device gave, until when (monotonic seconds) it is as good as a new one."""

    generation: int
    until: float
    found: tuple[Entity, ...] | sdk.SourceError


class Entities:
    """The parts of all devices: `(await context.shared.get(Entities)).entities(session, timeout_seconds)`."""

    def __init__(self, clock: sdk.Clock) -> None:
        self._clock = clock
        self._known: WeakKeyDictionary[Session, _Known] = WeakKeyDictionary()

    @classmethod
    async def open(cls, clock: sdk.Clock) -> Self:
        """Make it."""
        return cls(clock)

    async def close(self) -> None:
        """Forget everything."""
        self._known.clear()

    async def entities(self, session: Session, timeout_seconds: float) -> tuple[Entity, ...]:
        """Return all parts of a device, none where it has no ENTITY-MIB; read hourly, and when renewed.

        SourceError when it does not answer, PARTIAL when only some came: the same one for a minute. That all
        of them are gone is believed when it is said twice: an agent that starts has none for a while.
        """
        now, generation = self._clock.monotonic(), session.generation
        known = self._known.get(session)
        if known is None or known.generation != generation or now >= known.until:
            had_some = known is not None and bool(known.found) and isinstance(known.found, tuple)
            known = self._known[session] = await self._read(session, timeout_seconds, now, had_some=had_some)
        if isinstance(known.found, sdk.SourceError):
            raise sdk.SourceError(known.found.outcome, str(known.found))
        return known.found

    async def _read(self, session: Session, timeout_seconds: float, now: float, *, had_some: bool) -> _Known:
        generation = session.generation
        try:
            found = await read_entities(session, timeout_seconds, self._clock)
        except sdk.SourceError as error:
            return _Known(generation, now + _RETRY_SECONDS, error)
        if had_some and not found:
            doubt = sdk.SourceError(sdk.Outcome.PARTIAL, "no parts came, and there were some before")
            return _Known(generation, now + _RETRY_SECONDS, doubt)
        return _Known(generation, now + _KEPT_SECONDS, found)


async def read_entities(session: Session, timeout_seconds: float, clock: sdk.Clock) -> tuple[Entity, ...]:
    """Read all parts of a device; SourceError PARTIAL when only some came."""
    deadline = clock.monotonic() + timeout_seconds
    table = await session.table(_COLUMNS, timeout_seconds, often=False)
    if table.partial:
        raise sdk.SourceError(sdk.Outcome.PARTIAL, f"not all parts came: {table.partial}")
    if not table.index:
        return ()
    left = max(deadline - clock.monotonic(), 0.0)
    return tuple(islice(entities_of(table, await _ports(session, left)), _MOST))


async def _ports(session: Session, timeout_seconds: float) -> dict[int, int]:
    """Return the ifIndex of each part that is a port; half of them are better than none."""
    try:
        table = await session.table((_ALIAS,), timeout_seconds, often=False)
    except sdk.SourceError:
        return {}
    pairs = zip(table.index, table[_ALIAS], strict=True)
    return {
        row[0]: target[-1]
        for row, target in pairs
        if len(row) == 2 and target is not None and target[:-1] == _IF_INDEX
    }


def entities_of(table: Table, ports: Mapping[int, int]) -> Iterator[Entity]:
    """Yield the parts of a table in the order of their index; `ports` has the ifIndex of some."""
    texts = {name: table[wanted] for name, wanted in _TEXTS.items()}
    for at, row in enumerate(table.index):
        if len(row) != 1:
            continue
        told = {name: sdk.clean(column[at] or b"") for name, column in texts.items()}
        yield Entity(
            index=row[0],
            class_name=CLASSES.get(table[_CLASS][at] or 2, "unknown"),
            contained_in=table[_CONTAINED_IN][at] or 0,
            position=_or(table[_POSITION][at], -1),
            if_index=ports.get(row[0], 0),
            **told,
        )


def chassis(entities: Iterable[Entity]) -> Entity | None:
    """Return the part that stands for the device: its first chassis, or what is in no other part.

    One that tells a model or a serial number goes before one that does not. None: no part is known.
    """
    ranked = sorted(entities, key=lambda part: (_rank(part), part.index))
    return ranked[0] if ranked and _rank(ranked[0]) < _NO_DEVICE else None


def _rank(part: Entity) -> int:
    outermost = part.contained_in == 0
    named = bool(part.model or part.serial)
    ranks = (
        part.class_name == "chassis" and named,
        part.class_name == "stack" and named,
        outermost and named,
        part.class_name == "chassis",
        outermost,
    )
    return ranks.index(True) if True in ranks else _NO_DEVICE


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value
