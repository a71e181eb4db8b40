"""Run one source once, and turn whatever happens into records."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from netmon.errors import NetmonError, SourceError
from netmon.hub import Hub
from netmon.model import Labels, Outcome, Reading, Record, Row, Shape, Stamp, Value
from netmon.model.derived import RUN, RUN_LAST_SUCCESS, RUN_METRICS, RUN_OUTCOME, RUN_SECONDS, RUN_UP
from netmon.sdk import Context, Source

log = logging.getLogger(__name__)

_ANSWERED = frozenset({Outcome.OK, Outcome.PARTIAL, Outcome.REJECTED, Outcome.DENIED})
"""Outcomes that prove that the target is there, whatever it said."""
_GRACE_SECONDS = 2.0
"""A source ends its own waits at its timeout; the fence comes later, so that it can still say what it has."""


class Runner:
    """Gives a source its context, a deadline, and the reading that every run yields."""

    def __init__(self, source_name: str, source: Source[Any], hub: Hub) -> None:
        self.source_name = source_name
        self.source = source
        self._hub = hub
        self._opened = False
        self._outcomes: dict[str, Outcome] = {}
        self._last_success: dict[str, float] = {}
        self._shape: Shape | None = None

    async def run(self, context: Context) -> None:
        """Measure once and publish. Only cancellation leaves this method as an exception."""
        stamp, began = context.clock.stamp(), context.clock.monotonic()
        records, failure, detail = await self._read(context)
        seconds = context.clock.monotonic() - began
        outcomes = self._per_target(records, failure)
        self._note(outcomes, detail)
        self._hub.publish([*records, self._reading(context, stamp, seconds, outcomes)])

    async def close(self) -> None:
        """Close the source; its mistakes are logged, not raised."""
        try:
            async with asyncio.timeout(_GRACE_SECONDS):
                await self.source.close()
        except (NetmonError, OSError, TimeoutError) as error:
            log.warning("%s: closing failed: %s", self.source.assignment.name, error)

    async def _read(self, context: Context) -> tuple[Sequence[Record], Outcome | None, str]:
        deadline_seconds = self.source.assignment.timeout_seconds + _GRACE_SECONDS
        try:
            if self.source.exclusive:
                async with context.exclusive.hold(self.source.assignment.name):
                    return await self._attempt(context, deadline_seconds), None, ""
            return await self._attempt(context, deadline_seconds), None, ""
        except TimeoutError:
            return (), Outcome.TIMEOUT, f"no end after {deadline_seconds:g} s"
        except SourceError as error:
            return (), Outcome(error.outcome), str(error)
        except Exception as error:
            log.exception("%s (%s) broke", self.source.assignment.name, self.source_name)
            return (), Outcome.BROKEN, repr(error)

    async def _attempt(self, context: Context, deadline_seconds: float) -> Sequence[Record]:
        async with asyncio.timeout(deadline_seconds):
            if not self._opened:
                await self.source.open(context)
                self._opened = True
            return await self.source.read()

    def _per_target(self, records: Sequence[Record], failure: Outcome | None) -> dict[str, Outcome]:
        """Return how the run ended for each target: the best outcome among the target's rows."""
        targets = self.source.assignment.targets
        if failure is not None:
            return dict.fromkeys(targets, failure)
        best: dict[str, Outcome] = {}
        for reading in records:
            if isinstance(reading, Reading):
                for row, outcome in zip(reading.shape.rows, reading.outcomes, strict=True):
                    name = _target_of(row, targets)
                    if name not in best or outcome is Outcome.OK:
                        best[name] = outcome
        return {target: best.get(target, Outcome.OK) for target in targets}

    def _reading(
        self, context: Context, stamp: Stamp, seconds: float, outcomes: dict[str, Outcome]
    ) -> Reading:
        for target, outcome in outcomes.items():
            if outcome in _ANSWERED:
                self._last_success[target] = stamp.wall_ms / 1000
        shape = self._shape_for(context.site, outcomes)
        columns: dict[object, list[Value]] = {
            RUN_UP: [int(outcome in _ANSWERED) for outcome in outcomes.values()],
            RUN_SECONDS: [seconds] * len(outcomes),
            RUN_LAST_SUCCESS: [self._last_success.get(target) for target in outcomes],
            RUN_OUTCOME: [1] * len(outcomes),
        }
        return Reading(
            shape, stamp, tuple(columns[metric] for metric in shape.metrics), tuple(outcomes.values())
        )

    def _shape_for(self, site: str, outcomes: dict[str, Outcome]) -> Shape:
        rows = tuple(
            Row(self._key(site, target), texts=((RUN_OUTCOME.name, str(outcome)),))
            for target, outcome in outcomes.items()
        )
        if self._shape is None or self._shape.rows != rows:
            self._shape = Shape(RUN, RUN_METRICS, rows)
        return self._shape

    def _key(self, site: str, target: str) -> Labels:
        return (
            ("site", site),
            ("source", self.source_name),
            ("name", self.source.assignment.name),
            ("target", target),
        )

    def _note(self, outcomes: dict[str, Outcome], detail: str) -> None:
        """Log changes only: a target that stays down is one line, not thousands."""
        for target, outcome in outcomes.items():
            last = self._outcomes.get(target)
            self._outcomes[target] = outcome
            if outcome is last:
                continue
            where = f"{self.source.assignment.name} ({self.source_name}) {target}"
            if outcome is not Outcome.OK:
                log.warning("%s: %s%s", where, outcome, f" ({detail})" if detail else "")
            elif last is not None:
                log.info("%s: answers again", where)


def _target_of(row: Row, targets: tuple[str, ...]) -> str:
    for label, text in row.key:
        if label in ("target", "device") and text in targets:
            return text
    return targets[0]
