"""Prometheus text format 0.0.4 for one shape: everything but the numbers is made once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import cast

from netmon.model import Kind, Labels, Metric, Number, Row, Shape, Value

_TYPES = {
    Kind.GAUGE: "gauge",
    Kind.COUNTER: "counter",
    Kind.STATE: "gauge",
    Kind.INFO: "gauge",
    Kind.HISTOGRAM: "histogram",
}


@dataclass(frozen=True, slots=True)
class _Samples:
    """One metric over the rows that have a series (None: all), as a %-template with a line for each."""

    column: int
    number: Number
    rows: tuple[int, ...] | None
    template: str

    def render(self, column: Sequence[Value]) -> str:
        """Return a line per known cell."""
        cells = column if self.rows is None else [column[row] for row in self.rows]
        kinds = set(map(type, cells))
        if self.number is Number.INTEGER and kinds == {int}:
            return self.template % tuple(cells)
        if kinds == {float} and isfinite(sum(cast("Sequence[float]", cells))):
            return self.template % tuple(cells)
        return "".join(self._lines(cells))

    def _lines(self, cells: Sequence[Value]) -> Iterator[str]:
        for line, value in zip(self.template.split("\n"), cells, strict=False):
            if value is not None and isfinite(value):
                yield line % (value if self.number is Number.INTEGER else float(value)) + "\n"


@dataclass(frozen=True, slots=True)
class Family:
    """The samples of one metric name that a shape yields."""

    name: str
    header: bytes
    samples: tuple[_Samples, ...]

    def render(self, columns: Sequence[Sequence[Value]]) -> bytes:
        """Return the lines of one reading; empty when nothing is known."""
        texts = [samples.render(columns[samples.column]) for samples in self.samples]
        return "".join(texts).encode(errors="replace")


def families(shape: Shape) -> tuple[Family, ...]:
    """Return what a shape exposes, in the order of its declarations."""
    histograms = {m.name.removesuffix("_bucket") for m in shape.metrics if m.kind is Kind.HISTOGRAM}
    grouped: dict[str, list[Metric]] = {}
    for metric in shape.metrics:
        grouped.setdefault(_family_name(metric.name, histograms), []).append(metric)
    return tuple(
        Family(name, header(name, metrics[0]), tuple(_samples(shape, metric) for metric in metrics))
        for name, metrics in grouped.items()
    )


def header(name: str, metric: Metric) -> bytes:
    """Return the HELP and TYPE lines of a family."""
    help_text = metric.help.replace("\\", "\\\\").replace("\n", "\\n")
    return f"# HELP {name} {help_text}\n# TYPE {name} {_TYPES[metric.kind]}\n".encode(errors="replace")


def labelled(name: str, labels: Labels) -> str:
    """Return a series: name and escaped labels; a later label replaces an earlier one of its name."""
    pairs = ",".join(f'{label}="{_escape(text)}"' for label, text in dict(labels).items())
    return f"{name}{{{pairs}}}" if pairs else name


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _family_name(name: str, histograms: set[str]) -> str:
    """Return the family of a sample: a histogram's buckets, sum and count are one."""
    for suffix in ("_bucket", "_sum", "_count"):
        if name.endswith(suffix) and name.removesuffix(suffix) in histograms:
            return name.removesuffix(suffix)
    return name


def _samples(shape: Shape, metric: Metric) -> _Samples:
    starts = [_start(row, metric) for row in shape.rows]
    form = "%d" if metric.number is Number.INTEGER else "%r"
    template = "".join(f"{start.replace('%', '%%')} {form}\n" for start in starts if start)
    rows = None if all(starts) else tuple(at for at, start in enumerate(starts) if start)
    return _Samples(shape.column(metric), metric.number, rows, template)


def _start(row: Row, metric: Metric) -> str:
    """Return name and labels of one series; empty for an info metric whose text is not known."""
    labels = (*row.key, *row.info, *metric.labels)
    if metric.kind is Kind.INFO:
        texts = dict(row.texts)
        if metric.name not in texts:
            return ""
        labels = (*labels, (metric.text_label, texts[metric.name]))
    return labelled(metric.name, labels)
