"""How busy a device's processors are, and how full its memory and disks: by rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from collectors.rules.amounts import Memory, Processor, memory, processor
from collectors.rules.collector import RuleCollector, meant
from collectors.rules.labels import Labels, naming
from collectors.rules.mib_names import HR_PROCESSORS, HR_STORAGES, metrics_of, mib_readings
from collectors.rules.shapes import Shapes
from netmon import sdk

PROCESSOR: Final = "processor"
MEMORY: Final = "memory"
STORAGE: Final = "storage"
RESOURCES: Final = "resources"
"""Kind of the fact that lists where processors, memory and disks are told."""

_MIB_TABLES: Final = (HR_PROCESSORS, HR_STORAGES)

LOAD: Final = sdk.gauge("netmon_processor_load_ratio", "How busy a processor of a device is, 0 to 1.")
_AMOUNTS: Final = {
    name: (
        sdk.integer(f"netmon_{name}_total_bytes", f"Size of {what}."),
        sdk.integer(f"netmon_{name}_used_bytes", f"Used part of {what}."),
        sdk.gauge(f"netmon_{name}_used_ratio", f"Share that is used of {what}, 0 to 1."),
    )
    for name, what in ((MEMORY, "a device's memory"), (STORAGE, "a device's disk or file system"))
}


class ResourcesCollector(RuleCollector):
    """Reads HOST-RESOURCES-MIB, UCD-SNMP-MIB and vendors' own processors and memory."""

    sections = ("processor", "memory")
    metrics: ClassVar[dict[str, tuple[sdk.Metric, ...]]] = {
        PROCESSOR: (LOAD,),
        **_AMOUNTS,
        **metrics_of(*_MIB_TABLES),
    }

    def __init__(self, assignment: sdk.Assignment, settings: sdk.NoSettings) -> None:
        super().__init__(assignment, settings)
        self._shapes = Shapes(self.metrics)
        self._labels = Labels()

    async def collect(self) -> Sequence[sdk.Record]:
        """Return the readings, and the fact that lists what there is."""
        stamp = self.context.clock.stamp()
        tables = await self.found()
        processors = self._labels.of(PROCESSOR, meant(tables, lambda table: table.processor, processor))
        memories = list(meant(tables, lambda table: table.memory, memory))
        by_kind = {
            kind: self._labels.of(kind, [one for one in memories if one.kind == kind])
            for kind in (MEMORY, STORAGE)
        }
        readings = [self._amounts(kind, found, stamp) for kind, found in by_kind.items() if found]
        if processors:
            readings.append(self._loads(processors, stamp))
        readings += mib_readings(_MIB_TABLES, tables, self.key, self._shapes, stamp)
        if not self.news:
            return readings
        listed: dict[str, sdk.Json] = {PROCESSOR: _listed(processors)}
        listed |= {kind: _listed(found) for kind, found in by_kind.items()}
        return [*readings, sdk.Fact(RESOURCES, self.key, listed, stamp)]

    def _loads(self, found: Sequence[tuple[str, Processor]], stamp: sdk.Stamp) -> sdk.Reading:
        shape = self._shapes.of(PROCESSOR, self._rows(PROCESSOR, found))
        return sdk.Reading(shape, stamp, ([one.ratio for _, one in found],), (sdk.Outcome.OK,) * len(found))

    def _amounts(self, kind: str, found: Sequence[tuple[str, Memory]], stamp: sdk.Stamp) -> sdk.Reading:
        columns = (
            [one.total_bytes for _, one in found],
            [one.used_bytes for _, one in found],
            [one.ratio for _, one in found],
        )
        shape = self._shapes.of(kind, self._rows(kind, found))
        return sdk.Reading(shape, stamp, columns, (sdk.Outcome.OK,) * len(found))

    def _rows(self, label: str, found: Sequence[tuple[str, object]]) -> tuple[sdk.Row, ...]:
        return tuple(sdk.Row((*self.key, (label, name))) for name, _ in found)


def _listed(found: Sequence[tuple[str, Processor | Memory]]) -> list[dict[str, sdk.Json]]:
    return [{**naming(label, one), "oid": one.oid} for label, one in found]
