"""Minutes as records: readings, and facts and events where something changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from netmon.model import (
    Event,
    Fact,
    Json,
    Labels,
    Metric,
    Outcome,
    Reading,
    Retention,
    Row,
    Shape,
    SlotState,
    Stamp,
    Value,
)
from netmon.model.derived import (
    CIRCUIT_MINUTE,
    CIRCUIT_MINUTE_METRICS,
    OUTSIDE_MINUTE,
    OUTSIDE_MINUTE_METRICS,
    SITE_MINUTE,
    SITE_MINUTE_METRICS,
)
from netmon.verdict.faults import Judgement

STATE_NUMBERS: Mapping[SlotState, int] = {SlotState.UP: 1, SlotState.DOWN: 0, SlotState.UNKNOWN: 2}
METRICS: Mapping[str, tuple[Metric, ...]] = {
    CIRCUIT_MINUTE: CIRCUIT_MINUTE_METRICS,
    SITE_MINUTE: SITE_MINUTE_METRICS,
    OUTSIDE_MINUTE: OUTSIDE_MINUTE_METRICS,
}
CHANGE = "state_change"


@dataclass(frozen=True, slots=True)
class MinuteRow:
    """One row of a measurement of minutes: its key, its texts by metric name, its cells."""

    key: Labels
    texts: Mapping[str, str]
    cells: Sequence[Value]


class Shapes:
    """Keeps the shape of each measurement for as long as its rows and texts stay the same."""

    def __init__(self) -> None:
        self._kept: dict[str, Shape] = {}

    def reading(self, measurement: str, rows: Sequence[MinuteRow], stamp: Stamp) -> Reading:
        """Return rows as a reading, kept as evidence."""
        wanted = tuple(Row(row.key, texts=tuple(row.texts.items())) for row in rows)
        shape = self._kept.get(measurement)
        if shape is None or shape.rows != wanted:
            shape = Shape(measurement, METRICS[measurement], wanted, Retention.EVIDENCE)
            self._kept[measurement] = shape
        columns = tuple(zip(*(row.cells for row in rows), strict=True))
        return Reading(shape, stamp, columns, (Outcome.OK,) * len(rows))


class Changes:
    """Remembers how each thing stood, and tells when it stands otherwise."""

    def __init__(self) -> None:
        self._last: dict[Labels, tuple[Judgement, int]] = {}

    def told(self, kind: str, key: Labels, now: Judgement, stamp: Stamp) -> Iterator[Fact | Event]:
        """Yield a fact, and an event, when a thing changed; one that begins well is no event."""
        last = self._last.get(key)
        for fact in self.fact(kind, key, now, stamp):
            yield fact
            if last is not None or now.state is not SlotState.UP or now.degraded:
                yield _event(key, last, now, stamp)

    def fact(self, kind: str, key: Labels, now: Judgement, stamp: Stamp) -> Iterator[Fact]:
        """Yield a fact when a thing changed."""
        last = self._last.get(key)
        if last is None or _essence(last[0]) != _essence(now):
            self._last[key] = now, stamp.boottime_ns
            yield Fact(kind, key, _values(now), stamp)


def _event(key: Labels, last: tuple[Judgement, int] | None, now: Judgement, stamp: Stamp) -> Event:
    data = _values(now)
    if last is not None:
        minutes = round((stamp.boottime_ns - last[1]) / 60e9)
        data |= {"before": str(last[0].state), "before_fault": str(last[0].fault), "lasted_minutes": minutes}
    poor = ", degraded" if now.degraded else ""
    text = f"{key[-1][1]} is {now.state}{poor}: {now.sentence}"
    return Event(CHANGE, key, text, stamp, data, Retention.EVIDENCE)


def _essence(judgement: Judgement) -> tuple[object, ...]:
    others = tuple(other.fault for other in judgement.beside)
    return judgement.state, judgement.fault, judgement.degraded, judgement.sentence, others


def _values(judgement: Judgement) -> dict[str, Json]:
    return {
        "state": str(judgement.state),
        "fault": str(judgement.fault),
        "degraded": judgement.degraded,
        "sentence": judgement.sentence,
        "facts": list(judgement.facts),
        "beside": [
            {"fault": str(other.fault), "sentence": other.sentence, "facts": list(other.facts)}
            for other in judgement.beside
        ],
    }
