"""What rules found, as sections of the document that `netmon poll --json` prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from collectors.rules.kinds import KINDS
from netmon import sdk

Entry = dict[str, sdk.Json]
Row = tuple[Mapping[str, str], Mapping[str, sdk.Value]]
"""Labels and texts of a row, and its values by metric name."""

_SHOWN_DIGITS: Final = 10


def sections(records: Sequence[sdk.Record]) -> dict[str, list[Entry]]:
    """Return sensors, states, processors, memory, storage and wireless, each only when there is some."""
    readings = {r.shape.measurement: r for r in records if isinstance(r, sdk.Reading)}
    facts = {r.kind: r.values for r in records if isinstance(r, sdk.Fact)}
    sensors, resources = facts.get("sensors", {}), facts.get("resources", {})
    found = {
        "sensors": list(_sensors(_entries(sensors, "sensors"), readings)),
        "states": list(_states(_entries(sensors, "states"), readings)),
        "processors": list(_processors(_entries(resources, "processor"), readings)),
        "memory": list(_amounts(_entries(resources, "memory"), readings, "memory")),
        "storage": list(_amounts(_entries(resources, "storage"), readings, "storage")),
        "wireless": list(_radios(readings)),
    }
    return {name: entries for name, entries in found.items() if entries}


def _entries(values: Mapping[str, sdk.Json], name: str) -> list[Mapping[str, sdk.Json]]:
    listed = values.get(name)
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        return []
    return [entry for entry in listed if isinstance(entry, Mapping)]


def _rows(readings: Mapping[str, sdk.Reading], measurement: str) -> Iterator[Row]:
    reading = readings.get(measurement)
    if reading is None:
        return
    for at, row in enumerate(reading.shape.rows):
        cells = zip(reading.shape.metrics, reading.columns, strict=True)
        yield dict(row.key + row.info + row.texts), {metric.name: column[at] for metric, column in cells}


def _by_label(readings: Mapping[str, sdk.Reading], measurement: str, label: str) -> dict[str, Row]:
    return {row[0][label]: row for row in _rows(readings, measurement)}


def _sensors(
    listed: Sequence[Mapping[str, sdk.Json]], readings: Mapping[str, sdk.Reading]
) -> Iterator[Entry]:
    known = {name: _by_label(readings, kind.measurement, "sensor") for name, kind in KINDS.items()}
    for entry in listed:
        kind = KINDS[str(entry["class"])]
        _, values = known[kind.name][_label(entry)]
        value = values[kind.metric.name]
        if value is not None:
            yield {**_told(entry), "value": _rounded(value * kind.shown)}


def _states(listed: Sequence[Mapping[str, sdk.Json]], readings: Mapping[str, sdk.Reading]) -> Iterator[Entry]:
    known = _by_label(readings, "sensor_state", "sensor")
    for entry in listed:
        labels, values = known[_label(entry)]
        value, words = values["netmon_sensor_state"], labels["netmon_sensor_state_info"]
        yield {"class": "state", **_told(entry), "value": value, "text": words}


def _processors(
    listed: Sequence[Mapping[str, sdk.Json]], readings: Mapping[str, sdk.Reading]
) -> Iterator[Entry]:
    known = _by_label(readings, "processor", "processor")
    for entry in listed:
        value = known[_label(entry)][1]["netmon_processor_load_ratio"]
        if value is not None:
            yield {**_told(entry), "percent": _rounded(value * 100)}


def _amounts(
    listed: Sequence[Mapping[str, sdk.Json]], readings: Mapping[str, sdk.Reading], name: str
) -> Iterator[Entry]:
    known = _by_label(readings, name, name)
    for entry in listed:
        values = known[_label(entry)][1]
        ratio = values[f"netmon_{name}_used_ratio"]
        found: Entry = {
            **_told(entry),
            "total": values[f"netmon_{name}_total_bytes"],
            "used": values[f"netmon_{name}_used_bytes"],
            "percent": None if ratio is None else _rounded(ratio * 100),
        }
        if name == "storage":
            found["index"] = int(str(entry["oid"]).rpartition(".")[2] or 0)
        yield {field: value for field, value in found.items() if value is not None}


def _radios(readings: Mapping[str, sdk.Reading]) -> Iterator[Entry]:
    for labels, values in _rows(readings, "wireless"):
        busy = values["netmon_wireless_channel_busy_ratio"]
        found: Entry = {
            "descr": labels["radio"],
            "clients": values["netmon_wireless_clients"],
            "channel": values["netmon_wireless_channel"],
            "busy_percent": None if busy is None else _rounded(busy * 100),
            "noise_dbm": values["netmon_wireless_noise_dbm"],
        }
        yield {field: value for field, value in found.items() if value is not None}


def _label(entry: Mapping[str, sdk.Json]) -> str:
    """Return what the series of an entry is called: two things of a device may have one name."""
    return str(entry.get("label", entry["descr"]))


def _told(entry: Mapping[str, sdk.Json]) -> Entry:
    return {name: value for name, value in entry.items() if name != "label"}


def _rounded(value: float) -> float:
    """Return a value without the digits that only binary fractions have."""
    return float(f"{value:.{_SHOWN_DIGITS}g}")
