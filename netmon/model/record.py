"""What travels from a source to the subscribers: readings, facts and events, each with its moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from netmon.model.metric import Labels, Metric
from netmon.model.outcome import Outcome
from netmon.model.shape import Retention, Shape

Value = int | float | None
"""One cell: None means *not known*, which is never zero."""

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]
"""What a fact or an event may carry."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """One moment, told by the clock that cannot be set and by the one that can.

    `boottime_ns` is CLOCK_BOOTTIME of the boot `boot_id`. `wall_ms` is UTC in milliseconds as
    believed when the stamp was taken; when `synced` is false the store settles it later from the
    boot's offset.
    """

    boot_id: str
    boottime_ns: int
    wall_ms: int
    synced: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """A table of numbers measured together: one column per metric of the shape, one cell per row.

    `outcomes` has one entry per row. `epochs` has one entry per row when the shape has counters
    (empty: all zero): a different epoch means that the row's counters started again, so no rate may
    be taken across the change.
    """

    shape: Shape
    stamp: Stamp
    columns: tuple[Sequence[Value], ...]
    outcomes: tuple[Outcome, ...]
    epochs: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        rows = len(self.shape.rows)
        if len(self.columns) != len(self.shape.metrics):
            raise ValueError(
                f"{self.shape.measurement}: {len(self.columns)} columns for {len(self.shape.metrics)} metrics"
            )
        if any(len(column) != rows for column in self.columns) or len(self.outcomes) != rows:
            raise ValueError(f"{self.shape.measurement}: a column does not have {rows} cells")
        if self.epochs and len(self.epochs) != rows:
            raise ValueError(f"{self.shape.measurement}: {len(self.epochs)} epochs for {rows} rows")

    def cell(self, row: int, metric: Metric) -> Value:
        """Return one value; None when it is not known."""
        return self.columns[self.shape.column(metric)][row]


@dataclass(frozen=True, slots=True)
class Fact:
    """Text or structure about a thing (sysDescr, an inventory row, a neighbour): stored when it changes."""

    kind: str
    key: Labels
    values: Mapping[str, Json]
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: a reboot, a trap, a path change, a bandwidth test, a note."""

    kind: str
    key: Labels
    text: str
    stamp: Stamp
    data: Mapping[str, Json] = field(default_factory=dict)
    retention: Retention = Retention.NORMAL


Record = Reading | Fact | Event
