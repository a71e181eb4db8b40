"""Evidence as records: whole numbers of small units, so that each has one spelling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from netmon.evidence.minutes import kind_of
from netmon.evidence.seal.canonical import RecordJson
from netmon.evidence.speed_tests import speed_test
from netmon.model import Event, Json, Reading, Retention, Value
from netmon.model.derived import CIRCUIT_MINUTE, SITE_MINUTE

_MILLION = 1_000_000
_MINUTE_MS = 60_000
_CELLS: Mapping[tuple[str, str], str] = {
    ("coverage_ratio", ""): "coverage_ppm",
    ("down_utilisation_ratio", ""): "down_use_ppm",
    ("up_utilisation_ratio", ""): "up_use_ppm",
    ("rtt_seconds", "p50"): "rtt_p50_us",
    ("rtt_seconds", "p95"): "rtt_p95_us",
    ("loss_ratio", ""): "loss_ppm",
}
"""Fields of a minute by name, without prefix, and statistic."""
_PREFIXES = {CIRCUIT_MINUTE: "netmon_circuit", SITE_MINUTE: "netmon_site"}


def reading_records(reading: Reading) -> Iterator[RecordJson]:
    """Yield a record for each row of minutes; other readings have none (a test's event says more)."""
    prefix = _PREFIXES.get(reading.shape.measurement)
    if prefix is None:
        return
    for place, row in enumerate(reading.shape.rows):
        cells: dict[tuple[str, str], Value] = {
            (metric.name, dict(metric.labels).get("statistic", "")): column[place]
            for metric, column in zip(reading.shape.metrics, reading.columns, strict=True)
        }
        kind = kind_of({name: value for (name, _), value in cells.items()}, prefix)
        yield {
            "kind": reading.shape.measurement,
            **dict(row.key),
            "t": reading.stamp.wall_ms // _MINUTE_MS,
            "synced": reading.stamp.synced,
            "state": str(kind.state),
            "fault": str(kind.fault),
            "degraded": kind.degraded,
            **{
                told: millionths(cells[f"{prefix}_{name}", statistic])
                for (name, statistic), told in _CELLS.items()
                if (f"{prefix}_{name}", statistic) in cells
            },
            "v": 1,
        }


def event_record(event: Event) -> RecordJson | None:
    """Return the record of an event that is kept as evidence; None for others."""
    if event.retention is not Retention.EVIDENCE:
        return None
    return {
        "kind": event.kind,
        "key": dict(event.key),
        "t": event.stamp.wall_ms // _MINUTE_MS,
        "synced": event.stamp.synced,
        "text": event.text,
        # A test's curve is charted and judges nothing.
        "data": whole({name: value for name, value in event.data.items() if name != "curve"}),
        **_test(event),
        "v": 1,
    }


def millionths(value: Value) -> int | None:
    """Return seconds as microseconds, and shares as parts per million; half of one goes to the even one."""
    return None if value is None else round(Fraction(value) * _MILLION)


def whole(value: Json) -> Json:
    """Return a value with its fractions spelled as texts of six digits: the same for everybody."""
    if isinstance(value, float):
        return f"{value:.6f}"
    if isinstance(value, Mapping):
        return {str(name): whole(inner) for name, inner in value.items()}
    if isinstance(value, str) or value is None or isinstance(value, int):
        return value
    return [whole(inner) for inner in value]


def _test(event: Event) -> RecordJson:
    """Return what judges a test, in whole numbers; nothing for other events."""
    test = speed_test(event)
    if test is None:
        return {}
    cross = test.cross_bits_per_second
    return {
        "direction": test.direction,
        "method": test.method,
        "bits_per_second": {layer: round(rate) for layer, rate in test.bits_per_second.items()},
        "cross_bits_per_second": None if cross is None else round(cross),
        "spoiled": test.spoiled,
    }
