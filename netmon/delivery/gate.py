"""Keeps back what was measured before anybody knew the time, until it is known or nobody can wait longer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from netmon.clock import Clock
from netmon.delivery.unsettled import Unsettled
from netmon.model import Stamp
from netmon.store.interface import Entry, History, Position

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HoldLimits:
    """How long records wait for a clock that was never synchronised in this boot, and how many may."""

    seconds: float = 259_200.0
    records: int = 2_000_000


def unsettled_key(sink: str) -> str:
    """Return under which name the history keeps what a sink was sent before the time was known."""
    return f"unsettled {sink}"


class Gate:
    """Stands between the history and one sink.

    Once the clock is synchronised, the history tells true times for the whole boot, and what waited
    goes on with them. When a limit is reached first, this boot's records go on as they are, marked, and
    a sink that was sent a record unsettled never sees it with another time. What an earlier boot left
    unsettled cannot be settled any more: it does not wait.
    """

    def __init__(self, name: str, history: History, clock: Clock) -> None:
        self.limits = HoldLimits()
        self.held_from: Position | None = None
        """The first record that waits; None: none does."""
        self._name, self._history, self._clock = name, history, clock
        self._key = unsettled_key(name)
        self._unsettled: Unsettled | None = None

    def at_once(self, position: Position, most: int) -> int:
        """Return how many records to read after a position: one, to look, where they wait."""
        return 1 if self.held_from is not None and position + 1 >= self.held_from else most

    async def admit(self, entries: Sequence[Entry], newest: Position) -> Sequence[Entry]:
        """Return those at the front that may be sent now, with the times that they are sent with."""
        if self._unsettled is None:
            self._unsettled = await self._recall()
        admitted: list[Entry] = []
        for entry in entries:
            former = self._unsettled.as_sent(entry)
            if former is None and self._hopeful(entry.record.stamp):
                if not self._given_up(entry, newest):
                    break
                before = admitted[-1].position if admitted else entry.position - 1
                self._unsettled.add(entry, before)
            admitted.append(former or entry)
        news = self._unsettled.news()
        if news is not None:
            await self._history.write_state(self._key, news)
            self._unsettled.saved()
        self._note(entries, admitted)
        return admitted

    async def _recall(self) -> Unsettled:
        try:
            return Unsettled(await self._history.read_state(self._key))
        except (ValueError, TypeError) as error:
            log.warning("%s: what was sent unsettled before is not known (%s)", self._name, error)
            return Unsettled()

    def _hopeful(self, stamp: Stamp) -> bool:
        return not stamp.synced and stamp.boot_id == self._clock.boot_id

    def _given_up(self, entry: Entry, newest: Position) -> bool:
        """Tell whether records of this boot wait no longer."""
        assert self._unsettled is not None  # noqa: S101 - read by admit()
        stamp, limits = entry.record.stamp, self.limits
        if self._unsettled.knows(stamp.boot_id):
            return True
        age_seconds = (self._clock.boottime_ns() - stamp.boottime_ns) / 1e9
        if age_seconds < limits.seconds and newest - entry.position < limits.records:
            return False
        log.warning("%s: the clock was never synchronised; records are sent as they are, marked", self._name)
        return True

    def _note(self, entries: Sequence[Entry], admitted: Sequence[Entry]) -> None:
        """Remember from where on records wait, and say so when that begins or ends."""
        if len(admitted) < len(entries):
            if self.held_from is None:
                log.warning(
                    "%s: records wait for this machine's clock to be synchronised, %.3g h at most",
                    self._name, self.limits.seconds / 3600,
                )  # fmt: skip
            first = entries[len(admitted)].position
            self.held_from = first if self.held_from is None else min(self.held_from, first)
        elif admitted and self.held_from is not None and admitted[-1].position >= self.held_from:
            log.info("%s: records no longer wait for the clock", self._name)
            self.held_from = None
