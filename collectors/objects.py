"""Objects that a user names by OID or MIB name, each as a metric of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, Self

from collectors.mibs.definition import Definition, chosen, digest, read_definitions
from collectors.rules.objects import number, text, wanted
from collectors.rules.shapes import Shapes
from collectors.snmp import ber
from collectors.snmp.answers import Table
from collectors.snmp.collector import SnmpCollector
from netmon import sdk

OBJECT: Final = "object"


class ObjectsSettings(sdk.Settings):
    """`define` has objects, `files` what `netmon mib` wrote, `read` the names to read (none: all).

    Settings that were checked after a file changed are not equal to those before.
    """

    define: tuple[Definition, ...] = ()
    files: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    _digests: tuple[str, ...] = ()

    def model_post_init(self, _context: object, /) -> None:
        """Note what is in the files now."""
        self._digests = tuple(map(digest, self.files))


class Kinds:
    """What kind of metric each name is: of all devices, as a name has one: `shared.get(Kinds)`."""

    def __init__(self) -> None:
        self._claims: dict[str, Mapping[str, sdk.Kind]] = {}

    @classmethod
    async def open(cls, clock: sdk.Clock) -> Self:
        """Make it, empty."""
        del clock
        return cls()

    async def close(self) -> None:
        """Forget everything."""
        self._claims.clear()

    def claim(self, device: str, kinds: Mapping[str, sdk.Kind]) -> None:
        """Take the names for a device; SourceError when another one has one of them as another kind."""
        for other, claimed in self._claims.items():
            for name in sorted(kinds.keys() & claimed.keys()):
                if other != device and kinds[name] != claimed[name]:
                    words = f"{name} is a {claimed[name]} at {other}, and a {kinds[name]} here"
                    raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, f"{device}: object {words}: rename one")
        self._claims[device] = kinds

    def release(self, device: str) -> None:
        """Give up a device's names."""
        self._claims.pop(device, None)


class ObjectsCollector(SnmpCollector[ObjectsSettings]):
    """Reads each table of the objects at once; their metrics have the names that the user gave."""

    settings_type = ObjectsSettings
    metrics: ClassVar[dict[str, tuple[sdk.Metric, ...]]] = {
        OBJECT: (sdk.integer("netmon_objects", "How many objects of the user's choice the device gave."),)
    }

    def __init__(self, assignment: sdk.Assignment, settings: ObjectsSettings) -> None:
        super().__init__(assignment, settings)
        known = [*settings.define, *(one for path in settings.files for one in read_definitions(path))]
        picked = chosen(known, settings.read) if settings.read else known
        names = [definition.name for definition in picked]
        if len(set(names)) != len(names):
            raise sdk.UsageError(f"object {max(names, key=names.count)!r} is defined twice")
        self._tables: dict[str, list[Definition]] = {}
        for definition in picked:
            self._tables.setdefault(definition.table, []).append(definition)
        own = {
            _measurement(table): tuple(definition.metric() for definition in objects)
            for table, objects in self._tables.items()
        }
        self._declared = {**self.metrics, **own}
        self._shapes = Shapes(self._declared)
        self._own = {metric.name: metric.kind for metrics in own.values() for metric in metrics}
        self._kinds: Kinds | None = None

    @property
    def declared(self) -> Mapping[str, tuple[sdk.Metric, ...]]:
        """The metrics of the objects, and their number."""
        return self._declared

    async def open(self, context: sdk.Context) -> None:
        """Take the session and the names; SourceError when another device's objects contradict."""
        await super().open(context)
        kinds = await context.shared.get(Kinds)
        kinds.claim(self.device.name, self._own)
        self._kinds = kinds

    async def close(self) -> None:
        """Give up the names."""
        if self._kinds is not None:
            self._kinds.release(self.device.name)
            self._kinds = None
        await super().close()

    async def collect(self) -> Sequence[sdk.Record]:
        """Return one reading per table, and how many objects came."""
        stamp = self.context.clock.stamp()
        readings = [
            reading
            for table, objects in self._tables.items()
            if (reading := await self._read(table, objects, stamp)) is not None
        ]
        count = sum(cell is not None for reading in readings for column in reading.columns for cell in column)
        shape = self._shapes.of(OBJECT, [sdk.Row(self.key)])
        return [*readings, sdk.Reading(shape, stamp, ((count,),), (sdk.Outcome.OK,))]

    async def _read(self, table: str, objects: Sequence[Definition], stamp: sdk.Stamp) -> sdk.Reading | None:
        """Return the reading of one table; None when the device has nothing of it."""
        labels = {one.label for one in objects} - {""}
        places = {**{one.name: one.oid for one in objects}, **{f"label {oid}": oid for oid in labels}}
        columns = tuple(
            wanted(name, ber.oid(oid if table else oid.removesuffix(".0")), number=False)
            for name, oid in places.items()
        )
        found = await self.table(columns)
        rows = [at for at, index in enumerate(found.index) if table or index == (0,)]
        if not rows:
            return None
        keys = (_key(found, at, labels, scalar=not table) for at in rows)
        shape = self._shapes.of(_measurement(table), [sdk.Row((*self.key, *key)) for key in keys])
        cells = tuple([_value(one, found, at) for at in rows] for one in objects)
        return sdk.Reading(shape, stamp, cells, (sdk.Outcome.OK,) * len(rows))


def _measurement(table: str) -> str:
    return f"{OBJECT}_{table.replace('.', '_')}" if table else f"{OBJECT}_scalar"


def _key(found: Table, at: int, labels: set[str], *, scalar: bool) -> sdk.Labels:
    """Return what tells a row from the others: its index, and its text where the user named a column."""
    if scalar:
        return ()
    words = (text(_cell(found, f"label {oid}", at)) for oid in sorted(labels))
    label = " ".join(filter(None, words))
    return (("index", ber.dotted(found.index[at])), *((("label", label),) if label else ()))


def _value(one: Definition, found: Table, at: int) -> sdk.Value:
    value = number(_cell(found, one.name, at))
    if value is None:
        return None
    return value * one.scale if one.kind == "gauge" else int(value)


def _cell(found: Table, name: str, at: int) -> int | float | bytes | tuple[int, ...] | None:
    cell = found.columns[name][at]
    return cell if isinstance(cell, int | float | bytes | tuple) else None
