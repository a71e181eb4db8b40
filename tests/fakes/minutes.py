"""Minutes of circuits, as an appliance decides them, and what they come to when they are simply counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from netmon.model import Fault, Kind, Labels, Outcome, Reading, Record, Row, Shape, SlotState, Stamp
from netmon.model.derived import CIRCUIT_MINUTE, FAULT_NUMBERS, SITE_MINUTE
from netmon.verdict.told import METRICS, STATE_NUMBERS

MINUTE_MS = 60_000
CIRCUIT_VALUES = {
    "coverage_ratio": 1.0,
    "down_utilisation_ratio": 0.4,
    "up_utilisation_ratio": 0.2,
    "contracted_bytes_per_second": 12.5e6,
    "rtt_seconds": 0.012,
    "loss_ratio": 0.0,
}


@dataclass(frozen=True)
class Count:
    """Minutes by state."""

    up: int = 0
    down: int = 0
    unknown: int = 0

    def figures(self, minutes: int) -> dict[str, float]:
        """Return what a report says of a stretch of so many minutes."""
        known = self.up + self.down
        return {
            "availability": self.up / known,
            "coverage": known / minutes,
            "minutes down": self.down,
            "minutes unknown": self.unknown,
        }


def minute(
    key: Labels, start_ms: int, state: SlotState, fault: Fault = Fault.NONE, shapes: dict | None = None
) -> Reading:
    """Return the reading of one minute: of a circuit where the key names one, else of the site."""
    measurement = CIRCUIT_MINUTE if "circuit" in dict(key) else SITE_MINUTE
    metrics, shapes = METRICS[measurement], {} if shapes is None else shapes
    shape = shapes.get((key, fault))
    if shape is None:
        told = next(metric.name for metric in metrics if metric.kind is Kind.INFO)
        shape = shapes[key, fault] = Shape(measurement, metrics, (Row(key, texts=((told, str(fault)),)),))
    columns = tuple([_value(metric.name, state, fault)] for metric in metrics)
    middle_ms = start_ms + MINUTE_MS // 2
    return Reading(shape, Stamp("boot", middle_ms * 10**6, middle_ms, synced=True), columns, (Outcome.OK,))


def _value(name: str, state: SlotState, fault: Fault) -> float | int | None:
    what = name.split("_", 2)[2]
    if what == "state":
        return STATE_NUMBERS[state]
    if what == "degraded":
        return 0 if state is SlotState.UP else None
    if what.startswith("fault"):
        return 1 if what == "fault_info" else FAULT_NUMBERS[fault]
    return CIRCUIT_VALUES.get(what)


def counted(records: Iterable[Record], key: Labels) -> Count:
    """Count a circuit's minutes by state, as netmon reads them back."""
    found: dict[int, int] = dict.fromkeys(STATE_NUMBERS.values(), 0)
    for record in records:
        if isinstance(record, Reading):
            for number, row in enumerate(record.shape.rows):
                if row.key == key:
                    found[int(state_of(record, number))] += 1
    numbers: Sequence[int] = [
        found[STATE_NUMBERS[one]] for one in (SlotState.UP, SlotState.DOWN, SlotState.UNKNOWN)
    ]
    return Count(*numbers)


def state_of(reading: Reading, row: int) -> float:
    """Return the state's number of one row."""
    at = next(n for n, metric in enumerate(reading.shape.metrics) if metric.name.endswith("_state"))
    value = reading.columns[at][row]
    assert value is not None
    return value
