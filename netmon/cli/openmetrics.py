"""Stored readings as OpenMetrics text with timestamps, as Prometheus takes for back-filling."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from netmon.cli.period import Period
from netmon.metrics.fragment import labelled
from netmon.model import Kind, Metric, Reading, Value
from netmon.series import series_labels
from netmon.store.interface import Query
from netmon.store.reader import SqliteReader


@dataclass(slots=True)
class _Series:
    times_ms: array[int] = field(default_factory=lambda: array("q"))
    values: list[int | float] = field(default_factory=list)


def openmetrics(reader: SqliteReader, period: Period, measurement: str = "") -> Iterator[str]:
    """Yield the lines of an OpenMetrics document, families in alphabetical order.

    The format wants a family, and in it a series, in one piece: what is held at a time is one family's
    samples of the period. Counters whose MIB name does not end in `_total` are of type unknown, since
    the format would rename them. Readings of a clock that was never synchronised are left out.
    """
    metrics: dict[str, Metric] = {}
    places: dict[str, set[str]] = {}
    for shape in reader.shapes(measurement):
        for metric in shape.metrics:
            metrics.setdefault(metric.name, metric)
            places.setdefault(metric.name, set()).add(shape.measurement)
    for name, metric in sorted(metrics.items()):
        family, kind = _family(metric, metrics.keys())
        yield f"# TYPE {family} {kind}"
        yield f"# HELP {family} {_escape(metric.help)}"
        for series, samples in sorted(_collect(reader, period, name, places[name]).items()):
            yield from _lines(series, samples)
    yield "# EOF"


def _family(metric: Metric, names: Collection[str]) -> tuple[str, str]:
    """Return family name and type; a name that another metric has is not shortened to it."""
    for kind, suffix in ((Kind.COUNTER, "_total"), (Kind.INFO, "_info")):
        short = metric.name.removesuffix(suffix)
        if metric.kind is kind and short != metric.name and short not in names:
            return short, kind.value
    if metric.kind in {Kind.COUNTER, Kind.HISTOGRAM}:
        return metric.name, "unknown"
    return metric.name, "gauge"


def _collect(reader: SqliteReader, period: Period, name: str, places: set[str]) -> dict[str, _Series]:
    found: dict[str, _Series] = {}
    for place in sorted(places):
        for reading in reader.range(Query(place, period.start_ms, period.end_ms)):
            if reading.stamp.synced:
                _take(reading, name, found)
    return found


def _take(reading: Reading, name: str, found: dict[str, _Series]) -> None:
    for metric, column in zip(reading.shape.metrics, reading.columns, strict=True):
        if metric.name != name:
            continue
        for row, value in zip(reading.shape.rows, column, strict=True):
            labels = series_labels(row, metric)
            if value is not None and labels is not None:
                series = found.setdefault(labelled(name, labels), _Series())
                series.times_ms.append(reading.stamp.wall_ms)
                series.values.append(value)


def _lines(series: str, samples: _Series) -> Iterator[str]:
    last_ms = None
    for time_ms, value in sorted(zip(samples.times_ms, samples.values, strict=True), key=lambda one: one[0]):
        # A clock that was set back gives moments twice; the format has one sample for each.
        if time_ms != last_ms:
            yield f"{series} {_number(value)} {time_ms // 1000}.{time_ms % 1000:03d}"
        last_ms = time_ms


def _number(value: Value) -> str:
    text = repr(value)
    return {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}.get(text, text)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
