"""The types that everything leans on; standard library only."""

from netmon.model.metric import Kind, Labels, Metric, Number, counter, gauge, info, integer, state
from netmon.model.outcome import Fault, Outcome, SlotState
from netmon.model.record import Event, Fact, Json, Reading, Record, Stamp, Value
from netmon.model.shape import Retention, Row, Shape

__all__ = [
    "Event",
    "Fact",
    "Fault",
    "Json",
    "Kind",
    "Labels",
    "Metric",
    "Number",
    "Outcome",
    "Reading",
    "Record",
    "Retention",
    "Row",
    "Shape",
    "SlotState",
    "Stamp",
    "Value",
    "counter",
    "gauge",
    "info",
    "integer",
    "state",
]
