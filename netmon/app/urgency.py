"""What cannot wait for the next group: while something is wrong, any record may be the last one."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Protocol

from netmon.model import Event, Fact, Reading, Record
from netmon.model.derived import CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS, INCIDENT

log = logging.getLogger(__name__)

_STATE = CIRCUIT_MINUTE_METRICS[0].name
_DOWN = 0


class Hurried(Protocol):
    """Makes records durable in groups, or at once."""

    def hurry(self, *, on: bool) -> None:
        """Do it at once from now on, or no more."""


class Urgency:
    """Has the history commit at once while an incident is open, or the newest minute of a circuit is down."""

    def __init__(self, history: Hurried) -> None:
        self._history = history
        self._open: set[str] = set()
        self._down = self._on = False

    def accept(self, records: Sequence[Record]) -> None:
        """Look for steps of incidents and for minutes of circuits."""
        for record in records:
            if isinstance(record, Reading):
                if record.shape.measurement == CIRCUIT_MINUTE:
                    self._down = _DOWN in _states(record)
            elif record.kind == INCIDENT:
                self._step(record)
        self._turn()

    def remember(self, facts: Iterable[Fact]) -> None:
        """Learn which incidents were open before the start."""
        self.accept(list(facts))

    def _step(self, record: Event | Fact) -> None:
        said = record.data if isinstance(record, Event) else record.values
        name = said.get("id")
        if not isinstance(name, str):
            return
        # Steps that come after the end (a ticket, an exclusion) open nothing again: they tell the end, too.
        if said.get("ended") is None and said.get("step") != "closed":
            self._open.add(name)
        else:
            self._open.discard(name)

    def _turn(self) -> None:
        on = self._down or bool(self._open)
        if on is not self._on:
            self._on = on
            log.info(
                "records are made durable %s", "at once: something is wrong" if on else "in groups again"
            )
            self._history.hurry(on=on)


def _states(minute: Reading) -> Sequence[object]:
    names = [metric.name for metric in minute.shape.metrics]
    return minute.columns[names.index(_STATE)] if _STATE in names else ()
