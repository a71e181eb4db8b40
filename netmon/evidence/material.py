"""All that the history knows of one circuit in some days, read in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from netmon.evidence.calendar import Days
from netmon.evidence.curve import Curve, larger, plot
from netmon.evidence.minutes import kind_of, told
from netmon.evidence.speed_tests import SpeedTest, speed_test
from netmon.evidence.strip import Strip, Told, lay
from netmon.model import Event, Reading, Shape, Value
from netmon.model.derived import BANDWIDTH_TEST, CIRCUIT_MINUTE
from netmon.store.interface import HistoryReader, Query

_MINUTE_MS = 60_000
_PREFIX = "netmon_circuit"
_CURVES: Mapping[str, tuple[str, str]] = {
    "down_use": (f"{_PREFIX}_down_utilisation_ratio", ""),
    "up_use": (f"{_PREFIX}_up_utilisation_ratio", ""),
    "rtt_p50": (f"{_PREFIX}_rtt_seconds", "p50"),
    "rtt_p95": (f"{_PREFIX}_rtt_seconds", "p95"),
    "loss": (f"{_PREFIX}_loss_ratio", ""),
}
_STATES = tuple(f"{_PREFIX}_{name}" for name in ("state", "fault", "degraded"))


@dataclass(frozen=True, slots=True)
class Material:
    """What was measured of a circuit. Uses are shares of what was contracted, round trips in seconds.

    `synced` is the share of rows whose clock was right; None without rows.
    """

    circuit: str
    days: Days
    strip: Strip
    down_use: Curve
    up_use: Curve
    rtt_p50: Curve
    rtt_p95: Curve
    loss: Curve
    tests: tuple[SpeedTest, ...]
    synced: Fraction | None

    @property
    def use(self) -> Curve:
        """The fuller direction."""
        return larger(self.down_use, self.up_use)


def read_material(reader: HistoryReader, circuit: str, days: Days) -> Material:
    """Read a circuit's minutes and tests from a history."""
    start_ms, end_ms = days.start_minute * _MINUTE_MS, days.end_minute * _MINUTE_MS
    query = Query(CIRCUIT_MINUTE, start_ms, end_ms, (("circuit", circuit),))
    return material(reader.range(query), reader.events(start_ms, end_ms, BANDWIDTH_TEST), circuit, days)


def material(readings: Iterable[Reading], events: Iterable[Event], circuit: str, days: Days) -> Material:
    """Lay readings and events out by minute, whatever their order."""
    columns = _Columns(circuit)
    for reading in readings:
        columns.take(reading)
    # A test that is told twice is one: by its words, as its rates are a table.
    tests = {
        repr(test): test
        for event in events
        if dict(event.key).get("circuit") == circuit and (test := speed_test(event)) is not None
    }
    first, last = days.start_minute, days.end_minute
    curves = {name: plot(columns.values[name], first, last) for name in _CURVES}
    return Material(
        circuit,
        days,
        lay(columns.told, first, last),
        **curves,
        tests=tuple(tests[words] for words in sorted(tests)),
        synced=Fraction(columns.synced, len(columns.told)) if columns.told else None,
    )


@dataclass(slots=True)
class _Columns:
    circuit: str
    told: list[Told] = field(default_factory=list)
    values: dict[str, list[tuple[int, float]]] = field(default_factory=lambda: {name: [] for name in _CURVES})
    synced: int = 0
    _shape: Shape | None = None
    _row: int | None = None
    _places: dict[tuple[str, str], int] = field(default_factory=dict)

    def take(self, reading: Reading) -> None:
        """Keep the row of the circuit."""
        if reading.shape is not self._shape:
            self._look(reading.shape)
        if self._row is None:
            return
        minute = reading.stamp.wall_ms // _MINUTE_MS
        states = {name: self._cell(reading, (name, "")) for name in _STATES}
        self.told.append(told(reading, kind_of(states, _PREFIX)))
        self.synced += reading.stamp.synced
        for name, wanted in _CURVES.items():
            value = self._cell(reading, wanted)
            if value is not None:
                self.values[name].append((minute, float(value)))

    def _look(self, shape: Shape) -> None:
        """Find the circuit's row and the columns, once for each shape."""
        self._shape = shape
        rows = (place for place, row in enumerate(shape.rows) if dict(row.key).get("circuit") == self.circuit)
        self._row = next(rows, None)
        self._places = {
            (metric.name, dict(metric.labels).get("statistic", "")): place
            for place, metric in enumerate(shape.metrics)
        }

    def _cell(self, reading: Reading, wanted: tuple[str, str]) -> Value:
        place = self._places.get(wanted)
        return None if place is None or self._row is None else reading.columns[place][self._row]
