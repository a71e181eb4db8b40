"""What a UPS says about the mains."""

from __future__ import annotations

from netmon.model import Reading

_RUNTIME, _RUNTIME_METRIC = "sensor_runtime", "netmon_sensor_runtime_seconds"
_STATE, _STATE_TEXT = "sensor_state", "netmon_sensor_state_info"
_ON_BATTERY, _SOURCE = "time on battery", "output source"  # UPS-MIB upsSecondsOnBattery, upsOutputSource


def on_battery(reading: Reading) -> bool | None:
    """Tell whether a reading says that a UPS runs on its battery; None: it does not speak of that."""
    shape = reading.shape
    if shape.measurement == _RUNTIME:
        seconds = next(
            (at for at, metric in enumerate(shape.metrics) if metric.name == _RUNTIME_METRIC), None
        )
        for at, row in enumerate(shape.rows):
            if seconds is not None and dict(row.key).get("sensor", "").lower() == _ON_BATTERY:
                value = reading.columns[seconds][at]
                return None if value is None else value > 0
    if shape.measurement == _STATE:
        for row in shape.rows:
            if dict(row.key).get("sensor", "").lower() == _SOURCE:
                return dict(row.texts).get(_STATE_TEXT) == "battery"
    return None
