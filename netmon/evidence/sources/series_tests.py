"""Speed tests from series: what remote-write tells of the last test of each direction.

An event says more: rates in all layers, reasons, tests that were refused. What a series does not say makes a
test invalid, or doubtful, which is never a failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from netmon.evidence.sources.gathered import Sample
from netmon.model import Event, Json, Labels, Retention, Stamp, Value
from netmon.model.derived import BANDWIDTH_TEST

_PREFIX = "netmon_bandwidth"
RATE = f"{_PREFIX}_bytes_per_second"
_OTHERS, _CLAIMABLE = f"{_PREFIX}_cross_traffic_most_bytes_per_second", f"{_PREFIX}_claimable"
_LIMITED, _VERDICT = f"{_PREFIX}_limited_by_info", f"{_PREFIX}_verdict_info"
_TRIPS = f"{_PREFIX}_rtt_seconds"
NAMES = (RATE, _OTHERS, _CLAIMABLE, _LIMITED, _VERDICT, _TRIPS)
"""The metrics that tests are made of."""
_TEXT_LABELS = {_LIMITED: "limited_by", _VERDICT: "verdict"}
_TRIP_LABELS = ("state", "statistic")
_BITS = 8
_ERROR_RATIO = 0.02
"""What every method was found to be within."""
_TRAINS = "trains"
"""A method whose rates may be what a token bucket lets through at first."""
_LINE = "circuit"
"""What limits a test that may be laid to the line."""
_NOT_SAID = "this database does not say why"


@dataclass(frozen=True, slots=True)
class SeriesOf:
    """One series: its name, its labels, and moments with values."""

    name: str
    labels: Mapping[str, str]
    samples: Iterable[Sample]


def events_of(series: Iterable[SeriesOf]) -> Iterator[Event]:
    """Yield what events would say of the tests that series tell of; samples are of the moments of tests."""
    found: dict[tuple[Labels, int], dict[str, Value | str]] = {}
    for one in series:
        text = _TEXT_LABELS.get(one.name, "")
        own = (text, *_TRIP_LABELS) if one.name == _TRIPS else (text,)
        key = tuple(sorted((name, value) for name, value in one.labels.items() if name not in own))
        place = " ".join((one.name, *(one.labels.get(name, "") for name in own[1:])))
        for wall_ms, value in one.samples:
            found.setdefault((key, wall_ms), {})[place] = one.labels.get(text, "") if text else value
    for (key, wall_ms), told in found.items():
        yield _event(dict(key), wall_ms, told)


def _event(labels: Mapping[str, str], wall_ms: int, told: Mapping[str, Value | str]) -> Event:
    layer, verdict, method = labels.get("layer", ""), told.get(_VERDICT, ""), labels.get("method", "")
    limit = told.get(_LIMITED) or "unknown"
    data: dict[str, Json] = {
        "direction": labels.get("direction", ""),
        "method": method,
        "bits_per_second": {layer: _bits(told.get(RATE))},
        "cross_bits_per_second": {layer: _bits(told.get(_OTHERS))},
        "limited_by": limit,
        "limited_by_reason": _NOT_SAID,
        "verdict": verdict or "invalid",
        "verdict_reason": _NOT_SAID,
        "doubt": None if limit == _LINE else f"what limited it is {limit}",
        "peak": method == _TRAINS,
        "error_ratio": _ERROR_RATIO,
        "claimable": told.get(_CLAIMABLE) == 1,
        "idle_latency": _latency(told, "idle"),
        "loaded_latency": _latency(told, "loaded"),
    }
    stamp = Stamp("", 0, wall_ms, labels.get("clock") != "unsynced")
    return Event(BANDWIDTH_TEST, tuple(labels.items()), "", stamp, data, Retention.EVIDENCE)


def _latency(told: Mapping[str, Value | str], state: str) -> Json:
    return {f"{name}_seconds": told.get(f"{_TRIPS} {state} {name}") for name in ("p50", "p95")}


def _bits(value: Value | str) -> int | None:
    return None if value is None or isinstance(value, str) else round(value * _BITS)
