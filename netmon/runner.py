"""Run one source once, and turn whatever happens into records."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

from netmon.errors import NetmonError, SourceError
from netmon.hub import Hub
from netmon.model import Labels, Outcome, Reading, Record, Row, Shape, Stamp, Value
from netmon.model.derived import RUN, RUN_LAST_SUCCESS, RUN_METRICS, RUN_OUTCOME, RUN_SECONDS, RUN_UP
from netmon.sdk import Context, Source

log = logging.getLogger(__name__)

_ANSWERED = frozenset({Outcome.OK, Outcome.PARTIAL, Outcome.REJECTED, Outcome.DENIED})
"""Outcomes that prove that the target is there, whatever it said."""
_RANK = {
    outcome: place
    for place, outcome in enumerate(
        (Outcome.OK, Outcome.PARTIAL, Outcome.REJECTED, Outcome.DENIED, *sorted(set(Outcome) - _ANSWERED))
    )
}
"""Best first: what proves an answer goes before what does not."""
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
        """Measure once and publish, when the source is due. Only cancellation leaves as an exception."""
        if not self.source.due():
            return
        stamp, began = context.clock.stamp(), context.clock.monotonic()
        records, outcomes, detail = await self._read(context)
        seconds = context.clock.monotonic() - began
        self._note(outcomes, detail)
        self._hub.publish([*records, self._reading(context, stamp, seconds, outcomes)])

    async def close(self) -> None:
        """Close the source; its mistakes are logged, not raised."""
        try:
            async with asyncio.timeout(_GRACE_SECONDS):
                await self.source.close()
        except (NetmonError, OSError, TimeoutError) as error:
            log.warning("%s: closing failed: %s", self.source.assignment.name, error)

    async def _read(self, context: Context) -> tuple[Sequence[Record], dict[str, Outcome], str]:
        """Be the fence around plugins: whatever happens inside becomes an outcome and words."""
        targets = self.source.assignment.targets
        try:
            async with self._slot(context):
                records = await self._attempt(context)
            return records, best_outcomes(records, targets), ""
        except TimeoutError:
            outcome, detail = Outcome.TIMEOUT, f"no end after {self._deadline_seconds:g} s"
        except SourceError as error:
            outcome, detail = _outcome_of(error), str(error)
        except NetmonError as error:
            outcome, detail = Outcome.UNSUPPORTED, str(error)
        except Exception as error:
            outcome, detail = Outcome.BROKEN, repr(error)
            if Outcome.BROKEN not in self._outcomes.values():  # once, not at every run
                log.exception("%s (%s) broke", self.source.assignment.name, self.source_name)
        return (), dict.fromkeys(targets, outcome), detail

    def _slot(self, context: Context) -> AbstractAsyncContextManager[None]:
        return context.exclusive.hold(self.source.assignment.name) if self.source.exclusive else nullcontext()

    @property
    def _deadline_seconds(self) -> float:
        return self.source.assignment.timeout_seconds + _GRACE_SECONDS

    async def _attempt(self, context: Context) -> Sequence[Record]:
        async with asyncio.timeout(self._deadline_seconds):
            if not self._opened:
                await self.source.open(context)
                self._opened = True
            return await self.source.read()

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


def best_outcomes(records: Sequence[Record], targets: Sequence[str]) -> dict[str, Outcome]:
    """Return how a run ended for each target: the best outcome among its rows.

    A target without rows, where others have some, was left out: PARTIAL. Where nobody has rows (a source
    of facts and events), the run itself is the outcome: OK.
    """
    best: dict[str, Outcome] = {}
    for reading in records:
        if isinstance(reading, Reading):
            for row, outcome in zip(reading.shape.rows, reading.outcomes, strict=True):
                name = _target_of(row, targets)
                best[name] = min(outcome, best.get(name, outcome), key=_RANK.__getitem__)
    return {target: best.get(target, Outcome.PARTIAL if best else Outcome.OK) for target in targets}


def _target_of(row: Row, targets: Sequence[str]) -> str:
    for label, text in row.key:
        if label in ("target", "device") and text in targets:
            return text
    return targets[0]


def _outcome_of(error: SourceError) -> Outcome:
    try:
        return Outcome(error.outcome)
    except ValueError:
        return Outcome.BROKEN
