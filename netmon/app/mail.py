"""Take what people left in the inbox into the history, each once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from netmon.clock import Clock
from netmon.errors import StoreError
from netmon.incidents.inbox import Inbox, Letter
from netmon.incidents.record import RECORD
from netmon.model import Event, Record, Retention
from netmon.store.interface import HistoryReader, Position

log = logging.getLogger(__name__)

T = TypeVar("T")

_LOOK_SECONDS = 1.0
_DAY_MS = 86_400_000


class Commits(Protocol):
    """The history, as far as it is written."""

    async def commit(self) -> Position:
        """Make everything so far durable."""


class Asks(Protocol):
    """The history, as far as it is asked."""

    async def query(self, question: Callable[[HistoryReader], T]) -> T:
        """Put a question to it."""


class Mail:
    """Looks into the inbox each second."""

    def __init__(self, inbox: Inbox, clock: Clock, publish: Callable[[Sequence[Record]], None]) -> None:
        self._inbox, self._clock, self._publish = inbox, clock, publish
        self._known: set[str] | None = None
        self._complaint = ""

    async def run(self, asks: Asks, history: Commits) -> None:
        """Look until cancelled."""
        while True:
            await self.look(asks, history)
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self, asks: Asks, history: Commits) -> None:
        """Take what lies there; a file goes when its record is durable, so that a crash loses none."""
        found = await asyncio.to_thread(lambda: list(self._inbox.letters()))
        if not found:
            return
        try:
            known = await self._taken_before(asks)
            for _, letter in found:
                self._take(letter, known)
            await history.commit()
        except StoreError as error:
            log.warning("what was written about incidents waits: %s", error)
            return
        try:
            await asyncio.to_thread(_remove, [path for path, _ in found])
        except OSError as error:
            # It is in the history, and is not taken again.
            self._complain(f"files in the inbox cannot be removed: {error}")

    def _complain(self, words: str) -> None:
        if words != self._complaint:
            log.warning("%s", words)
        self._complaint = words

    def _take(self, letter: Letter | None, known: set[str]) -> None:
        if letter is None or letter.kind != RECORD:
            log.warning("a file in the inbox was no record; it is removed")
        elif letter.id not in known:
            known.add(letter.id)
            data = {**letter.data, "id": letter.id}
            stamp = self._clock.stamp()
            self._publish([Event(letter.kind, letter.key, letter.text, stamp, data, Retention.EVIDENCE)])

    async def _taken_before(self, asks: Asks) -> set[str]:
        """Return the ids that an earlier start has taken: it may have ended before it removed their files."""
        if self._known is None:
            now_ms = self._clock.wall_ns() // 1_000_000
            start_ms, end_ms = now_ms - _DAY_MS, now_ms + _DAY_MS
            events = await asks.query(lambda reader: list(reader.events(start_ms, end_ms, RECORD)))
            self._known = {str(one.data.get("id")) for one in events}
        return self._known


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
