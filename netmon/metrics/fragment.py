"""Prometheus' text for one shape: everything but the numbers is made once.

The lines are the same in text format 0.0.4 and in OpenMetrics; only the headers before them differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import isfinite
from typing import cast

from netmon.metrics.text_format import TextFormat
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
    first: Metric
    samples: tuple[_Samples, ...]

    def render(self, columns: Sequence[Sequence[Value]]) -> bytes:
        """Return the lines of one reading; empty when nothing is known."""
        texts = [samples.render(columns[samples.column]) for samples in self.samples]
        return "".join(texts).encode(errors="replace")


@dataclass(frozen=True, slots=True)
class Cut:
    """Which part of a shape to show: rows whose key has `wanted`, without some labels, with `more` ones."""

    wanted: Labels = ()
    without: AbstractSet[str] = frozenset()
    more: Labels = ()

    def rows(self, shape: Shape) -> tuple[int, ...]:
        """Return the places of the rows that are shown."""
        wanted = set(self.wanted)
        return tuple(at for at, row in enumerate(shape.rows) if wanted <= set(row.key))

    def labels(self, row: Row) -> Labels:
        """Return the labels that all series of a row have."""
        kept = (pair for pair in (*row.key, *row.info) if pair[0] not in self.without)
        return (*kept, *self.more)


WHOLE = Cut()


def families(shape: Shape, cut: Cut = WHOLE) -> tuple[Family, ...]:
    """Return what a shape exposes, in the order of its declarations."""
    histograms = {m.name.removesuffix("_bucket") for m in shape.metrics if m.kind is Kind.HISTOGRAM}
    lines = _Lines(shape, cut)
    grouped: dict[str, list[Metric]] = {}
    for metric in shape.metrics:
        grouped.setdefault(_family_name(metric.name, histograms), []).append(metric)
    return tuple(
        Family(name, metrics[0], tuple(lines.samples(metric) for metric in metrics))
        for name, metrics in grouped.items()
    )


def header(name: str, metric: Metric, form: TextFormat = TextFormat.PLAIN) -> bytes:
    """Return the HELP and TYPE lines of a family; in OpenMetrics it lacks the suffix of its samples."""
    kind, help_text = _TYPES[metric.kind], metric.help.replace("\\", "\\\\").replace("\n", "\\n")
    if form is TextFormat.OPEN:
        help_text = help_text.replace('"', '\\"')
        if metric.kind is Kind.COUNTER:
            # A name that OpenMetrics would not give a counter, such as a MIB object's, is of no known type.
            kind = "counter" if name.endswith("_total") else "unknown"
            name = name.removesuffix("_total")
    return f"# HELP {name} {help_text}\n# TYPE {name} {kind}\n".encode(errors="replace")


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


class _Lines:
    """Makes the samples of a shape; metrics with the same constant labels share the rests of their lines."""

    def __init__(self, shape: Shape, cut: Cut) -> None:
        self._shape, self._cut = shape, cut
        self._places = cut.rows(shape)
        self._rests: dict[Labels, Sequence[str]] = {}

    def samples(self, metric: Metric) -> _Samples:
        """Return one metric's samples."""
        if metric.kind is Kind.INFO:
            return self._told(metric)
        if metric.labels not in self._rests:
            self._rests[metric.labels] = [self._rest(at, *metric.labels) for at in self._places]
        all_rows = len(self._places) == len(self._shape.rows)
        places = None if all_rows else self._places
        return _Samples(
            metric.name, self._shape.column(metric), metric.number, places, self._rests[metric.labels]
        )

    def _told(self, metric: Metric) -> _Samples:
        """Return an info metric's samples: of the rows whose text is known, with it as a label."""
        texts = {at: dict(self._shape.rows[at].texts).get(metric.name) for at in self._places}
        known = {at: text for at, text in texts.items() if text is not None}
        rests = [self._rest(at, *metric.labels, (metric.text_label, text)) for at, text in known.items()]
        return _Samples(metric.name, self._shape.column(metric), metric.number, tuple(known), rests)

    def _rest(self, at: int, *labels: tuple[str, str]) -> str:
        # %s and not %d: it is as exact for whole numbers, and the shortest exact form for others.
        every = (*self._cut.labels(self._shape.rows[at]), *labels)
        return labelled("", every).replace("%", "%%") + " %s\n"
