"""What a device measures about itself: rows of its readings as documents, with what is old marked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from netmon import wording as human
from netmon.latest import LatestRow
from netmon.model import Value
from netmon.verdict.view import View, stale_seconds
from netmon.web.equipment import (
    AmountDocument,
    Health,
    LoadDocument,
    PoePortDocument,
    PoeSupplyDocument,
    RadioDocument,
    SensorDocument,
    StateDocument,
)

Rows = Mapping[str, Sequence[LatestRow]]
"""The latest rows of one device, by measurement."""

SENSORS: Mapping[str, tuple[str, float]] = {
    "temperature": ("°C", 1), "humidity": ("%", 100), "fanspeed": ("rpm", 1), "power": ("W", 1),
    "apparent_power": ("VA", 1), "power_factor": ("", 1), "energy": ("kWh", 1 / 3_600_000),
    "voltage": ("V", 1), "current": ("A", 1), "frequency": ("Hz", 1), "dbm": ("dBm", 1),
    "signal": ("dBm", 1), "snr": ("dB", 1), "load": ("%", 100), "charge": ("%", 100), "percent": ("%", 100),
    "runtime": ("s", 1), "airflow": ("m³/s", 1), "pressure": ("Pa", 1), "count": ("", 1),
}  # fmt: skip
"""Kinds of sensors: the unit that people read, and how many of it are one of the metric's own."""
MEASUREMENTS = (
    *(f"sensor_{kind}" for kind in SENSORS),
    *("sensor_state", "processor", "memory", "storage", "wireless", "poe", "poe_port"),
)

_EVERY_SECONDS = 60.0
"""How often such things are read, unless two readings show that it is more rarely."""
_RAREST_SECONDS = 3600.0
# netmon_sensor_health
_HEALTH: Mapping[int, Health] = {1: Health.OK, 2: Health.WARNING, 3: Health.CRITICAL}
_WORST_FIRST = (Health.CRITICAL, Health.WARNING, Health.UNKNOWN, Health.OK)
# POWER-ETHERNET-MIB (RFC 3621): pethMainPseOperStatus, pethPsePortDetectionStatus.
_SUPPLY: Mapping[int, str] = {1: "on", 2: "off", 3: "faulty"}
_DELIVERY: Mapping[int, str] = {
    1: "disabled", 2: "searching", 3: "delivering power", 4: "fault", 5: "test", 6: "other fault",
}  # fmt: skip

D = TypeVar("D")


def rows_of(view: View, device: str) -> Rows:
    """Return the latest rows of a device's equipment; call it on the event loop."""
    key = (("device", device),)
    return {name: tuple(view.latest.rows(name, key)) for name in MEASUREMENTS}


class DeviceReadings:
    """Makes documents of one device's rows, as old as they are at one moment."""

    def __init__(self, rows: Rows, boottime_ns: int, every_seconds: float) -> None:
        self._rows, self._now_ns, self._every_seconds = rows, boottime_ns, every_seconds

    def sensors(self) -> tuple[SensorDocument, ...]:
        """Return the sensors, kind by kind."""
        return tuple(
            self._sensor(kind, row) for kind in SENSORS for row in self._rows.get(f"sensor_{kind}", ())
        )

    def states(self) -> tuple[StateDocument, ...]:
        """Return the states, the worst first."""
        found = self._each("sensor_state", self._state)
        return tuple(sorted(found, key=lambda one: _WORST_FIRST.index(one.health)))

    def processors(self) -> tuple[LoadDocument, ...]:
        """Return the processors."""
        return self._each(
            "processor",
            lambda row: LoadDocument(
                row.label("processor"), row.value("netmon_processor_load_ratio"), self._stale(row)
            ),
        )

    def amounts(self, kind: str) -> tuple[AmountDocument, ...]:
        """Return what there is of `memory` or `storage`."""
        return self._each(
            kind,
            lambda row: AmountDocument(
                row.label(kind),
                row.value(f"netmon_{kind}_total_bytes"),
                row.value(f"netmon_{kind}_used_bytes"),
                row.value(f"netmon_{kind}_used_ratio"),
                self._stale(row),
            ),
        )

    def radios(self) -> tuple[RadioDocument, ...]:
        """Return radios and wireless networks."""
        return self._each(
            "wireless",
            lambda row: RadioDocument(
                row.label("radio"),
                whole(row.value("netmon_wireless_clients")),
                whole(row.value("netmon_wireless_channel")),
                row.value("netmon_wireless_channel_busy_ratio"),
                row.value("netmon_wireless_noise_dbm"),
                self._stale(row),
            ),
        )

    def supplies(self) -> tuple[PoeSupplyDocument, ...]:
        """Return the supplies of power over Ethernet."""
        return self._each(
            "poe",
            lambda row: PoeSupplyDocument(
                row.label("group"),
                _word(_SUPPLY, row.value("netmon_poe_state")),
                row.value("netmon_poe_budget_watts"),
                row.value("netmon_poe_consumption_watts"),
                self._stale(row),
            ),
        )

    def poe_ports(self) -> Mapping[str, PoePortDocument]:
        """Return power over Ethernet by the name of the port."""
        found = self._each(
            "poe_port",
            lambda row: PoePortDocument(
                row.label("ifName"),
                _word(_DELIVERY, row.value("netmon_poe_port_state")),
                whole(row.value("netmon_poe_port_class")),
                row.value("netmon_poe_port_allocated_watts"),
                row.value("netmon_poe_port_consumption_watts"),
                self._stale(row),
            ),
        )
        return {one.port: one for one in found}

    def _sensor(self, kind: str, row: LatestRow) -> SensorDocument:
        metric = row.reading.shape.metrics[0].name
        value = row.value(metric)
        return SensorDocument(kind, row.label("sensor"), metric, value, shown(kind, value), self._stale(row))

    def _state(self, row: LatestRow) -> StateDocument:
        value, health = whole(row.value("netmon_sensor_state")), whole(row.value("netmon_sensor_health"))
        words = row.label("netmon_sensor_state_info") or human.UNKNOWN
        known = _HEALTH.get(health or 0, Health.UNKNOWN)
        return StateDocument(row.label("sensor"), value, words, known, self._stale(row))

    def _each(self, measurement: str, document: Callable[[LatestRow], D]) -> tuple[D, ...]:
        rows: Iterable[LatestRow] = self._rows.get(measurement, ())
        return tuple(document(row) for row in rows)

    def _stale(self, row: LatestRow) -> bool:
        """Tell whether a row is older than three of its own intervals, as far as they are known."""
        read_ns, interval = row.reading.stamp.boottime_ns, 0.0
        if row.before is not None:
            interval = min((read_ns - row.before.reading.stamp.boottime_ns) / 1e9, _RAREST_SECONDS)
        expected = max(_EVERY_SECONDS, self._every_seconds, interval)
        return (self._now_ns - read_ns) / 1e9 > stale_seconds(expected)


def shown(kind: str, value: Value) -> str:
    """Return a sensor's value with its unit, as people read it."""
    unit, factor = SENSORS[kind]
    if value is None:
        return human.UNKNOWN
    if kind == "runtime":
        return human.span(value)
    return f"{human.number(value * factor)} {unit}".rstrip()


def whole(value: Value) -> int | None:
    """Return a value as an integer."""
    return None if value is None else round(value)


def _word(words: Mapping[int, str], value: Value) -> str:
    return words.get(whole(value) or 0, human.UNKNOWN)
