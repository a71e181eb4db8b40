"""Rows of `circuit_minute` and `site_minute` as strips: what the site derived, and nobody derives again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from netmon.evidence.strip import Kind, Told
from netmon.model import Fault, Reading, SlotState, Value
from netmon.model.derived import FAULT_NUMBERS

STATE_OF: Mapping[int, SlotState] = {1: SlotState.UP, 0: SlotState.DOWN, 2: SlotState.UNKNOWN}
"""The numbers of the field `netmon_circuit_state`."""
_FAULT_OF: Mapping[int, Fault] = {number: fault for fault, number in FAULT_NUMBERS.items()}
_MINUTE_MS = 60_000


def told_by(readings: Iterable[Reading], subject: str, prefix: str) -> Iterator[Told]:
    """Yield what rows told of one circuit or site; `prefix` is "netmon_circuit" or "netmon_site"."""
    for reading in readings:
        names = [metric.name for metric in reading.shape.metrics]
        for place, row in enumerate(reading.shape.rows):
            if row.key[-1][1] == subject:
                cells = {name: column[place] for name, column in zip(names, reading.columns, strict=True)}
                yield told(reading, kind_of(cells, prefix))


def told(reading: Reading, kind: Kind) -> Told:
    """Return what a row told of its minute; nothing is known by a clock that was not right."""
    timely = kind if reading.stamp.synced else Kind(SlotState.UNKNOWN, Fault.APPLIANCE)
    return Told(reading.stamp.wall_ms // _MINUTE_MS, timely)


def kind_of(cells: Mapping[str, Value], prefix: str) -> Kind:
    """Return what a row's cells say; what they do not say, or nobody knows, is unknown."""
    state = STATE_OF.get(_number(cells.get(f"{prefix}_state")), SlotState.UNKNOWN)
    fault = _FAULT_OF.get(_number(cells.get(f"{prefix}_fault")), Fault.UNKNOWN)
    degraded = {0: False, 1: True}.get(_number(cells.get(f"{prefix}_degraded")))
    return Kind(state, fault, degraded if state is SlotState.UP else None)


def _number(value: Value) -> int:
    return -1 if value is None else int(value)
