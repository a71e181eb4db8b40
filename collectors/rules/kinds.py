"""What a sensor can measure, and how its value is called, kept and shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from netmon import sdk


@dataclass(frozen=True, slots=True)
class SensorKind:
    """One kind of sensor. Values are kept in the metric's SI unit and shown as `shown` times that."""

    name: str
    metric: sdk.Metric
    unit: str
    shown: float = 1.0

    @property
    def measurement(self) -> str:
        """Name of the reading that has the sensors of this kind."""
        return f"sensor_{self.name}"


def _kind(name: str, suffix: str, help_text: str, unit: str, shown: float = 1.0) -> SensorKind:
    return SensorKind(name, sdk.gauge(f"netmon_sensor_{suffix}", help_text), unit, shown)


_ALL: Final = (
    _kind("temperature", "temperature_celsius", "Temperature that a device measures.", "C"),
    _kind("voltage", "voltage_volts", "Voltage that a device measures.", "V"),
    _kind("current", "current_amperes", "Electric current that a device measures.", "A"),
    _kind("power", "power_watts", "Active power that a device measures.", "W"),
    _kind("apparent_power", "apparent_power_voltamperes", "Apparent power that a device measures.", "VA"),
    _kind("power_factor", "power_factor_ratio", "Active power as a share of apparent power.", ""),
    SensorKind(
        "energy",
        sdk.counter("netmon_sensor_energy_joules_total", "Energy that passed a meter since it was reset."),
        "kWh",
        1 / 3_600_000,
    ),
    _kind("fanspeed", "fan_speed_rpm", "Fan speed in revolutions per minute.", "rpm"),
    _kind("humidity", "humidity_ratio", "Relative humidity.", "%", 100),
    _kind("frequency", "frequency_hertz", "Frequency that a device measures.", "Hz"),
    _kind("dbm", "power_dbm", "Optical or radio power, in decibels over one milliwatt.", "dBm"),
    _kind("signal", "signal_dbm", "Strength of a radio signal that a device receives.", "dBm"),
    _kind("snr", "signal_to_noise_decibels", "Signal to noise ratio.", "dB"),
    _kind("load", "load_ratio", "Share of what it can carry that a device carries.", "%", 100),
    _kind("charge", "charge_ratio", "Charge of a battery or level of a supply, as a share.", "%", 100),
    _kind("percent", "level_ratio", "Level that a device tells as a percentage.", "%", 100),
    _kind("runtime", "runtime_seconds", "Time that a device says it can go on, or has run.", "s"),
    _kind("airflow", "airflow_cubic_meters_per_second", "Flow of air.", "m3/s"),
    _kind("pressure", "pressure_pascals", "Pressure that a device measures.", "Pa"),
    _kind("count", "quantity", "Number of things that a device counts now.", ""),
)  # fmt: skip

KINDS: Final = {kind.name: kind for kind in _ALL}
