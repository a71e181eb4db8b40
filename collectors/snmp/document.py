"""One poll as one JSON document: what a device said, in plain names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from collectors.rules.document import sections
from collectors.snmp.document_facts import fact_sections, power_sensors
from collectors.snmp.interface_fields import PHYS_ADDRESS, TYPE
from collectors.snmp.ports import SHARED_NAMES
from netmon import sdk

ADMIN: Final = {1: "up", 2: "down", 3: "testing"}
OPER: Final = {**ADMIN, 4: "unknown", 5: "dormant", 6: "notPresent", 7: "lowerLayerDown"}

_NUMBERS: Final = {
    "speed_bps": ("ifSpeed",),
    "mtu": ("ifMtu",),
    "in_octets": ("ifHCInOctets", "ifInOctets"),
    "out_octets": ("ifHCOutOctets", "ifOutOctets"),
    "in_ucast_pkts": ("ifHCInUcastPkts", "ifInUcastPkts"),
    "out_ucast_pkts": ("ifHCOutUcastPkts", "ifOutUcastPkts"),
    "in_multicast_pkts": ("ifHCInMulticastPkts", "ifInMulticastPkts"),
    "out_multicast_pkts": ("ifHCOutMulticastPkts", "ifOutMulticastPkts"),
    "in_broadcast_pkts": ("ifHCInBroadcastPkts", "ifInBroadcastPkts"),
    "out_broadcast_pkts": ("ifHCOutBroadcastPkts", "ifOutBroadcastPkts"),
    "in_nucast_pkts": ("ifInNUcastPkts",),
    "out_nucast_pkts": ("ifOutNUcastPkts",),
    "in_errors": ("ifInErrors",),
    "out_errors": ("ifOutErrors",),
    "in_discards": ("ifInDiscards",),
    "out_discards": ("ifOutDiscards",),
    "in_unknown_protos": ("ifInUnknownProtos",),
}
"""Names in the document, and the metrics that they come from: the first that is known."""

Entry = dict[str, sdk.Json]


def document(records: Sequence[sdk.Record]) -> dict[str, sdk.Json]:
    """Return the sections that the records fill; what the device did not say is left out."""
    found: dict[str, sdk.Json] = {}
    shared = next((r.values for r in records if isinstance(r, sdk.Fact) and r.kind == SHARED_NAMES), {})
    for record in records:
        match record:
            case sdk.Fact(kind="system"):
                found["system"] = {name: value for name, value in record.values.items() if value is not None}
            case sdk.Reading() if record.shape.measurement == "interface":
                found["interfaces"] = list(interfaces(record, shared))
            case _:
                pass
    found |= {**sections(records), **fact_sections(records)}
    sensors, supplies = found.get("sensors", ()), power_sensors(records)
    if supplies and isinstance(sensors, Sequence):
        found["sensors"] = [*sensors, *supplies]
    return found


def interfaces(reading: sdk.Reading, shared: Mapping[str, sdk.Json]) -> Iterator[Entry]:
    """Yield the ports of a reading; `shared` are names of the device's own that are no identity."""
    for at, row in enumerate(reading.shape.rows):
        cells = {metric.name: column[at] for metric, column in _columns(reading)}
        labels, texts = dict(row.key + row.info), dict(row.texts)
        entry: Entry = {
            "index": int(labels["ifIndex"]),
            "name": shared.get(labels["ifIndex"]) or labels["ifName"],
            "descr": labels["ifDescr"],
            "alias": labels["ifAlias"],
            "type_name": texts.get(TYPE.name),
            "mac": texts.get(PHYS_ADDRESS.name),
            "admin": ADMIN.get(_whole(cells["ifAdminStatus"])),
            "oper": OPER.get(_whole(cells["ifOperStatus"])),
            **{name: _first(cells, sources) for name, sources in _NUMBERS.items()},
        }
        yield {name: value for name, value in entry.items() if value is not None}


def _columns(reading: sdk.Reading) -> Iterator[tuple[sdk.Metric, Sequence[sdk.Value]]]:
    return zip(reading.shape.metrics, reading.columns, strict=True)


def _first(cells: Mapping[str, sdk.Value], names: Sequence[str]) -> sdk.Value:
    return next((value for name in names if (value := cells.get(name)) is not None), None)


def _whole(value: sdk.Value) -> int:
    return 0 if value is None else int(value)
