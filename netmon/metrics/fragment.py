"""Prometheus text format 0.0.4 for one shape: everything but the numbers is made once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import cast

from netmon.model import Kind, Labels, Metric, Number, Shape, Value

_TYPES = {
    Kind.GAUGE: "gauge",
    Kind.COUNTER: "counter",
    Kind.STATE: "gauge",
    Kind.INFO: "gauge",
    Kind.HISTOGRAM: "histogram",
}


@dataclass(frozen=True, slots=True)
class _Samples:
    """One metric over the rows that have a series (None: all), as the rest of each line after its name.

    All metrics of a shape with the same constant labels share these rests: with a copy per metric,
    50 switches of 48 ports took 7 MB more.
    """

    name: str
    column: int
    number: Number
    rows: tuple[int, ...] | None
    rests: Sequence[str]

    def render(self, column: Sequence[Value]) -> str:
        """Return a line per known cell."""
        cells = column if self.rows is None else [column[row] for row in self.rows]
        template = self.name + self.name.join(self.rests)
        kinds = set(map(type, cells))
        if self.number is Number.INTEGER and kinds == {int}:
            return template % tuple(cells)
        if kinds == {float} and isfinite(sum(cast("Sequence[float]", cells))):
            return template % tuple(cells)
        return "".join(self._lines(template, cells))

    def _lines(self, template: str, cells: Sequence[Value]) -> Iterator[str]:
        for line, value in zip(template.split("\n"), cells, strict=False):
            if value is not None and isfinite(value):
                yield line % (int(value) if self.number is Number.INTEGER else float(value)) + "\n"


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
    rests: dict[Labels, Sequence[str]] = {}
    grouped: dict[str, list[Metric]] = {}
    for metric in shape.metrics:
        grouped.setdefault(_family_name(metric.name, histograms), []).append(metric)
    return tuple(
        Family(name, header(name, metrics[0]), tuple(_samples(shape, metric, rests) for metric in metrics))
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


def _samples(shape: Shape, metric: Metric, rests: dict[Labels, Sequence[str]]) -> _Samples:
    if metric.kind is Kind.INFO:
        return _told(shape, metric)
    if metric.labels not in rests:
        rests[metric.labels] = [_rest((*row.key, *row.info, *metric.labels)) for row in shape.rows]
    return _Samples(metric.name, shape.column(metric), metric.number, None, rests[metric.labels])


def _told(shape: Shape, metric: Metric) -> _Samples:
    """Return an info metric's samples: of the rows whose text is known, with it as a label."""
    texts = [dict(row.texts).get(metric.name) for row in shape.rows]
    rows = tuple(at for at, text in enumerate(texts) if text is not None)
    rests = [
        _rest((*row.key, *row.info, *metric.labels, (metric.text_label, text)))
        for row, text in zip(shape.rows, texts, strict=True)
        if text is not None
    ]
    return _Samples(metric.name, shape.column(metric), metric.number, rows, rests)


def _rest(labels: Labels) -> str:
    # %s and not %d: it is as exact for whole numbers, and the shortest exact form for others.
    return labelled("", labels).replace("%", "%%") + " %s\n"
