"""The declaration of one field: everything that names, types and explains a number."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

Labels = tuple[tuple[str, str], ...]
"""Label names and values in a fixed order."""

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


class Kind(StrEnum):
    """What a number means over time."""

    GAUGE = "gauge"
    COUNTER = "counter"
    """Only grows, until its row's discontinuity epoch changes or it wraps at `wrap_bits`."""
    STATE = "state"
    """A small integer from a closed set (ifOperStatus, netmon_up)."""
    INFO = "info"
    """Always 1; the row's text of the same name is its value. Text never becomes a field."""
    HISTOGRAM = "histogram"
    """A cumulative count per upper bound; the bound is the constant label `le`."""


class Number(StrEnum):
    """Type of a field's values; it never changes, because InfluxDB would refuse the new one."""

    INTEGER = "integer"
    FLOAT = "float"


@dataclass(frozen=True, slots=True)
class Metric:
    """One declared field. The name is exposed by Prometheus and written to InfluxDB verbatim.

    `labels` are constant ones (`phase="rtt"`); metrics of one name may differ in them only.
    `wrap_bits` is 32 or 64 and matters for counters. `label` is the label name an INFO metric shows
    its text under; empty: the metric's own name.
    """

    name: str
    help: str
    kind: Kind = Kind.GAUGE
    number: Number = Number.FLOAT
    labels: Labels = ()
    wrap_bits: int = 64
    label: str = ""
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Name and constant labels tell metrics apart; hashing help texts at every cell costs milliseconds.
        object.__setattr__(self, "_hash", hash((self.name, self.labels)))
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"metric name {self.name!r} is not a Prometheus name")
        if self.wrap_bits not in (32, 64):
            raise ValueError(f"{self.name}: counters wrap at 32 or 64 bits, not {self.wrap_bits}")

    def __hash__(self) -> int:
        return self._hash

    @property
    def text_label(self) -> str:
        """Name of the label that carries an INFO metric's text."""
        return self.label or self.name


def gauge(name: str, help_text: str, **labels: str) -> Metric:
    """Declare a floating-point gauge."""
    return Metric(name, help_text, labels=tuple(labels.items()))


def integer(name: str, help_text: str, **labels: str) -> Metric:
    """Declare a gauge of whole numbers."""
    return Metric(name, help_text, Kind.GAUGE, Number.INTEGER, tuple(labels.items()))


def counter(name: str, help_text: str, wrap_bits: int = 64, **labels: str) -> Metric:
    """Declare a counter of whole numbers."""
    return Metric(name, help_text, Kind.COUNTER, Number.INTEGER, tuple(labels.items()), wrap_bits)


def state(name: str, help_text: str, **labels: str) -> Metric:
    """Declare a small integer from a closed set; the help text lists the set."""
    return Metric(name, help_text, Kind.STATE, Number.INTEGER, tuple(labels.items()))


def info(name: str, help_text: str, label: str = "") -> Metric:
    """Declare an info metric: 1, with the row's text under `label` (the metric's name when empty)."""
    return Metric(name, help_text, Kind.INFO, Number.INTEGER, label=label)
