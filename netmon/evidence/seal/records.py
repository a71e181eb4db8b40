"""Evidence as records: whole numbers of small units, so that each has one spelling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from netmon.evidence.minutes import kind_of
from netmon.evidence.seal.canonical import RecordJson
from netmon.evidence.seal.roots import ROOT_EVENT
from netmon.evidence.speed_tests import speed_test
from netmon.model import Event, Json, Reading, Retention, Value
from netmon.model.derived import CIRCUIT_MINUTE, SITE_MINUTE, TEST_TRACES

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
Cells = Mapping[tuple[str, str], Value]
"""A row's values by field and statistic."""
_PREFIXES = {CIRCUIT_MINUTE: "netmon_circuit", SITE_MINUTE: "netmon_site"}


def reading_records(reading: Reading) -> Iterator[RecordJson]:
    """Yield a record for each row of minutes; other readings have none (a test's event says more)."""
    if reading.shape.measurement not in _PREFIXES:
        return
    for place, row in enumerate(reading.shape.rows):
        cells: Cells = {
            (metric.name, dict(metric.labels).get("statistic", "")): column[place]
            for metric, column in zip(reading.shape.metrics, reading.columns, strict=True)
        }
        stamp = reading.stamp
        yield minute_record(
            reading.shape.measurement, dict(row.key), cells, stamp.wall_ms, synced=stamp.synced
        )


def minute_record(
    measurement: str, key: Mapping[str, str], cells: Cells, wall_ms: int, *, synced: bool
) -> RecordJson:
    """Return the record of one row of minutes; what is not known, or left out, is null."""
    prefix = _PREFIXES[measurement]
    kind = kind_of({name: value for (name, _), value in cells.items()}, prefix)
    return {
        "kind": measurement,
        **key,
        "t": wall_ms // _MINUTE_MS,
        "synced": synced,
        "state": str(kind.state),
        "fault": str(kind.fault),
        "degraded": kind.degraded,
        **{
            told: millionths(cells.get((f"{prefix}_{name}", statistic)))
            for (name, statistic), told in _CELLS.items()
        },
        "v": 1,
    }


def event_record(event: Event) -> RecordJson | None:
    """Return the record of an event that is kept as evidence; None for others, and for a root itself."""
    if event.retention is not Retention.EVIDENCE or event.kind == ROOT_EVENT:
        return None
    return {
        "kind": event.kind,
        "key": {name: text for name, text in event.key if text},
        "t": event.stamp.wall_ms // _MINUTE_MS,
        "synced": event.stamp.synced,
        "text": event.text,
        "data": whole({name: value for name, value in event.data.items() if name not in TEST_TRACES}),
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
    return {
        "direction": test.direction,
        "method": test.method,
        "bits_per_second": _rounded(test.bits_per_second),
        "cross_bits_per_second": _rounded(test.others),
        "spoiled": test.spoiled,
        "doubt": test.doubt,
        "error_ppm": test.error_ppm,
        "claimable": test.claimable,
    }


def _rounded(rates: Mapping[str, float]) -> RecordJson:
    return {layer: round(rate) for layer, rate in rates.items()}
