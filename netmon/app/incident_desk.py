"""The incident engine within the daemon: told of the configuration, and of what an earlier start left."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from netmon.app.incident_settings import policy, rules, scope, working_hours
from netmon.clock import Clock
from netmon.config.schema import Configuration
from netmon.errors import StoreError
from netmon.incidents.engine import Engine
from netmon.incidents.incident import Incident, Thing
from netmon.incidents.past import Past, read_past
from netmon.incidents.rules import Rules, remembered
from netmon.incidents.settings import EngineSettings
from netmon.model import Record, Stamp
from netmon.store.interface import HistoryReader
from netmon.verdict.view import Watch

log = logging.getLogger(__name__)

T = TypeVar("T")

_PIECE_SECONDS = 0.005
_MOST_WAITING = 20_000
"""Records that come before the history has answered; a large site has 200 a second."""


class Askable(Protocol):
    """The history, as far as it is asked."""

    async def query(self, question: Callable[[HistoryReader], T]) -> T:
        """Put a question to it; StoreError when it cannot be read."""


class IncidentDesk:
    """A subscriber. Until it knows what was before, records wait; `publish` gives records to the hub."""

    def __init__(
        self, publish: Callable[[Sequence[Record]], None], clock: Clock, planned: Callable[[Thing, int], str]
    ) -> None:
        self._publish, self._clock, self._planned = publish, clock, planned
        self._rules = Rules((), publish)
        self._engine = Engine(publish)
        self._waiting: deque[Sequence[Record]] | None = deque(maxlen=_MOST_WAITING)

    @property
    def incidents(self) -> list[Incident]:
        """The newest incident of each thing."""
        return self._engine.incidents

    def accept(self, records: Sequence[Record]) -> None:
        """Take records without waiting."""
        if self._waiting is not None:
            self._waiting.append(records)
        else:
            self._engine.accept(records)

    def expect(self, configuration: Configuration, watch: Watch) -> None:
        """Follow another configuration from now on; what is the same in it keeps its state."""
        wanted = tuple(rules(configuration))
        if wanted != self._rules.rules:
            fresh = Rules(wanted, self._publish)
            fresh.follow(self._rules)
            self._rules = fresh
        self._engine.expect(
            EngineSettings(
                scope(configuration, watch),
                policy(configuration.incidents),
                working_hours(configuration.site),
                self._planned,
                self._rules,
            )
        )

    async def resume(self, history: Askable) -> None:
        """Go on where an earlier start stood; where the history cannot be read, begin anew."""
        now = self._clock.stamp()
        try:
            past, rows = await history.query(lambda reader: (read_past(reader, now), remembered(reader)))
            self._rules.resume(rows)
            await self._replay(past, now)
        except StoreError as error:
            log.warning("open incidents of before cannot be read: %s", error)
        except Exception:  # what an earlier start left must not keep this one from measuring
            log.exception("open incidents of before cannot be understood")
        waiting, self._waiting = self._waiting or (), None
        for records in waiting:
            self._engine.accept(records)

    async def _replay(self, past: Past, now: Stamp) -> None:
        """Feed what was before, and let the loop turn meanwhile."""
        pause_at = self._clock.monotonic() + _PIECE_SECONDS
        for _ in self._engine.resuming(past, now):
            if self._clock.monotonic() >= pause_at:
                await asyncio.sleep(0)
                pause_at = self._clock.monotonic() + _PIECE_SECONDS
