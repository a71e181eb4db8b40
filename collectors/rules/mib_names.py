"""Values under the names that MIBs give them, as dashboards made for snmp_exporter ask for them.

netmon's own metrics say the same in SI units and for every vendor; these are for who has such a dashboard.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from collectors.rules.collector import Found
from collectors.rules.objects import number, text
from collectors.rules.shapes import Shapes
from collectors.snmp import ber
from netmon import sdk


@dataclass(frozen=True, slots=True)
class MibTable:
    """A table of a MIB, by its entry; `metrics` and `texts` (labels) go by the rules' names for columns."""

    measurement: str
    entry: str
    index: str
    metrics: Mapping[str, sdk.Metric]
    texts: Mapping[str, str]
    fixed: sdk.Labels = ()


HR_PROCESSORS: Final = MibTable(
    "hr_processor",
    "1.3.6.1.2.1.25.3.3.1",
    "hrDeviceIndex",
    {"load": sdk.integer("hrProcessorLoad", "How busy a processor was in the last minute, in per cent.")},
    {"device": "hrDeviceDescr"},
    (("hrDeviceType", "1.3.6.1.2.1.25.3.1.3"),),  # hrDeviceProcessor
)
HR_STORAGES: Final = MibTable(
    "hr_storage",
    "1.3.6.1.2.1.25.2.3.1",
    "hrStorageIndex",
    {
        "unit": sdk.integer("hrStorageAllocationUnits", "Octets of one unit of this storage."),
        "size": sdk.integer("hrStorageSize", "Size of a storage in units of its own."),
        "used": sdk.integer("hrStorageUsed", "Used part of a storage in units of its own."),
    },
    {"descr": "hrStorageDescr", "type": "hrStorageType"},
)
CISCO_SENSORS: Final = MibTable(
    "ent_sensor",
    "1.3.6.1.4.1.9.9.91.1.1.1.1",
    "entPhysicalIndex",
    {
        "value": sdk.integer("entSensorValue", "Value of a sensor; scale and precision say of what."),
        "precision": sdk.integer("entSensorPrecision", "Decimal places of entSensorValue."),
    },
    {"name": "entPhysicalName", "type": "entSensorType", "scale": "entSensorScale"},
)


def metrics_of(*tables: MibTable) -> dict[str, tuple[sdk.Metric, ...]]:
    """Return what readings of these tables have, by measurement."""
    return {table.measurement: tuple(table.metrics.values()) for table in tables}


def mib_readings(
    tables: Iterable[MibTable], found: Iterable[Found], key: sdk.Labels, shapes: Shapes, stamp: sdk.Stamp
) -> list[sdk.Reading]:
    """Return a reading for each of the tables that the device has."""
    by_entry = {one.table.entry: one for one in found if one.rows}
    return [
        _reading(table, by_entry[table.entry], key, shapes, stamp)
        for table in tables
        if table.entry in by_entry
    ]


def _reading(table: MibTable, found: Found, key: sdk.Labels, shapes: Shapes, stamp: sdk.Stamp) -> sdk.Reading:
    rows = [
        sdk.Row(
            (*key, (table.index, ber.dotted(row.index))),
            (*((label, text(row.cells.get(column))) for column, label in table.texts.items()), *table.fixed),
        )
        for row in found.rows
    ]
    values = [[number(row.cells.get(column)) for row in found.rows] for column in table.metrics]
    columns = tuple([None if value is None else int(value) for value in column] for column in values)
    shape = shapes.of(table.measurement, rows)
    return sdk.Reading(shape, stamp, columns, (sdk.Outcome.OK,) * len(rows))
