"""What a reading looks like, apart from its values: made once, kept from poll to poll."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from netmon.model.metric import Labels, Metric


class Retention(StrEnum):
    """How long the store keeps something."""

    NORMAL = "normal"
    EVIDENCE = "evidence"
    """Kept for the evidence period, whatever the disk budget thins out."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is measured.

    `key` is its identity (site, device, ifName) and becomes InfluxDB tags. `info` is shown on every
    series of the row by Prometheus (ifIndex, ifAlias, ifDescr) and never becomes a tag. `texts` are
    the values of the shape's INFO metrics, by metric name; a missing one is *not known*.
    """

    key: Labels
    info: Labels = ()
    texts: Labels = ()


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Shape:
    """A measurement's name, its declared metrics (columns) and its rows.

    Compared by identity: a source keeps its shape for as long as rows and texts stay the same, so
    that line-protocol prefixes, exposition fragments and series ids are derived once per shape.
    """

    measurement: str
    metrics: tuple[Metric, ...]
    rows: tuple[Row, ...]
    retention: Retention = Retention.NORMAL
    _index: dict[Metric, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        index = {metric: at for at, metric in enumerate(self.metrics)}
        if len(index) != len(self.metrics):
            raise ValueError(f"{self.measurement}: the same metric is declared twice")
        keys = {row.key for row in self.rows}
        if len(keys) != len(self.rows):
            raise ValueError(f"{self.measurement}: two rows have the same key")
        object.__setattr__(self, "_index", index)

    def column(self, metric: Metric) -> int:
        """Return the position of a metric's column; KeyError when the shape does not declare it."""
        return self._index[metric]
