"""Moves the history into one sink: a cursor that advances only over what the sink has taken."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from enum import StrEnum
from random import Random

from netmon.clock import Clock
from netmon.delivery.pacing import BatchSize, Patience
from netmon.delivery.place import Place
from netmon.delivery.sink import Sink
from netmon.errors import Parked, Rejected, RetryLater, StoreError, TooLarge, Unreachable
from netmon.model import Stamp
from netmon.store.interface import Entry, History, Position

log = logging.getLogger(__name__)

_READ_RECORDS = 256
_ENCODE_WITHOUT_PAUSE = 32
"""Records encoded before other tasks may run: 3 ms for readings of 48 ports x 14 counters."""
_SEARCHES = 30
"""Extra requests per batch to find the lines of a partial write; then only its reason is kept."""


class PumpState(StrEnum):
    """How a pump is doing."""

    OK = "ok"
    RETRYING = "retrying"
    PARKED = "parked"


_Line = tuple[Position, bytes]
"""A line and the record it belongs to; a bare tuple, as there is one for every line sent."""


class Pump:
    """Delivers to one sink, alone: pumps share nothing, so a dead sink delays no other.

    `sent_total` and `quarantined_total` count lines since the start, `retried_total` attempts, and
    `dropped_total` records that were gone from the store before their turn came.
    """

    def __init__(
        self,
        history: History,
        sink: Sink,
        clock: Clock,
        patience: Patience | None = None,
        random: Random | None = None,
    ) -> None:
        self.sink = sink
        self.state = PumpState.OK
        self.sent_total = self.retried_total = self.quarantined_total = self.dropped_total = 0
        self._history = history
        self._clock = clock
        self._patience = patience or Patience()
        self._random = random or Random()
        self._size = BatchSize(sink.batch_lines)
        self._newest: Position = 0
        self._unsent: Stamp | None = None
        self._words = ""
        self._failures = 0
        self._more = asyncio.Event()
        self._place = Place(self._patience.settle)

    @property
    def position(self) -> Position:
        """Where the sink stands: it has acknowledged everything up to here."""
        return self._place.position

    @property
    def lag_seconds(self) -> float:
        """Age of the oldest record that was read and is not the sink's yet; 0 when there is none."""
        if self._unsent is None:
            return 0.0
        if self._unsent.boot_id == self._clock.boot_id:
            return max(0.0, (self._clock.boottime_ns() - self._unsent.boottime_ns) / 1e9)
        return max(0.0, self._clock.wall_ns() / 1e9 - self._unsent.wall_ms / 1e3)

    @property
    def trouble(self) -> str:
        """What the sink, or the server behind it, said when it did not take data; empty when it does."""
        return self._words

    @property
    def queued_records(self) -> int:
        """Records between the cursor and the newest position known."""
        return max(0, self._newest - self.position)

    def committed(self, newest: Position) -> None:
        """Learn that records up to a position can be read now; otherwise the pump looks once a second."""
        self._newest = max(self._newest, newest)
        self._more.set()

    async def run(self) -> None:
        """Deliver until cancelled; then close the sink."""
        try:
            await self._start()
            while True:
                await self._guarded_round()
        finally:
            await self.sink.close()

    async def _start(self) -> None:
        while True:
            try:
                start = await self._history.cursor(self.sink.cursor)
            except StoreError as error:
                await self._hold(RetryLater(str(error)))
            else:
                self._place = Place(self._patience.settle, start)
                return

    async def _guarded_round(self) -> None:
        try:
            await self._round()
        except StoreError as error:
            await self._hold(RetryLater(str(error)))
        except Exception as error:
            # The fence around one sink: a defect here must stop neither the daemon nor another sink.
            if self.state is not PumpState.PARKED:
                log.exception("%s broke; it is tried again", self.sink.name)
            await self._hold(Parked(repr(error)))

    async def _round(self) -> None:
        self._more.clear()
        entries = await self._history.after(self.position, _READ_RECORDS)
        if not entries:
            self._unsent = None
            await self._settle()
            await self._idle()
            return
        before, self._newest = self.position, max(self._newest, entries[-1].position)
        await self._deliver_all(entries)
        if before:
            # Positions are given without gaps: what is missing went by age, by size or by damage.
            self.dropped_total += self.position - before - len(entries)
        self._place.reached(self._clock.monotonic())
        await self._settle()

    async def _settle(self) -> None:
        if self._place.settle(self._clock.monotonic()):
            await self._history.advance(self.sink.cursor, self._place.settled)

    async def _deliver_all(self, entries: Sequence[Entry]) -> None:
        batch: list[_Line] = []
        for number, (position, record) in enumerate((e.position, e.record) for e in entries):
            if not batch:
                self._unsent = record.stamp
            batch += [(position, text) for text in self.sink.encode(record)]
            if number % _ENCODE_WITHOUT_PAUSE == _ENCODE_WITHOUT_PAUSE - 1:
                await asyncio.sleep(0)
            if len(batch) >= self._size.lines:
                await self._deliver(batch)
                self._place.position, batch = position, []
        await self._deliver(batch)
        self._place.position = entries[-1].position

    async def _deliver(self, batch: Sequence[_Line]) -> None:
        """Bring every line to the sink or into quarantine; comes back only then."""
        pieces, searches = [batch], 0
        while pieces:
            piece = pieces.pop()
            if len(piece) > self._size.lines:
                pieces += [piece[self._size.lines :], piece[: self._size.lines]]
                continue
            try:
                await self._send(piece)
            except (RetryLater, Parked) as error:
                pieces.append(piece)
                await self._hold(error)
            except (TooLarge, Rejected) as error:
                self._turn(PumpState.OK, "")
                searches += 1
                enough = isinstance(error, Rejected) and error.partial and searches > _SEARCHES
                pieces += await self._set_apart(piece, error, enough=enough)

    async def _send(self, piece: Sequence[_Line]) -> None:
        if not piece:
            return
        began = self._clock.monotonic()
        await self.sink.send([text for _, text in piece])
        self._size.took(self._clock.monotonic() - began)
        self.sent_total += len(piece)
        self._turn(PumpState.OK, "")

    async def _set_apart(
        self, piece: Sequence[_Line], error: TooLarge | Rejected, *, enough: bool
    ) -> list[Sequence[_Line]]:
        """Return the halves to try next; none when the culprit is in quarantine."""
        if isinstance(error, TooLarge):
            self._size.too_large(len(piece))
        if len(piece) > 1 and not enough:
            half = len(piece) // 2
            return [piece[half:], piece[:half]]
        position, line = piece[-1]
        text = line.decode(errors="replace") if len(piece) == 1 else ""
        kept = "" if len(piece) == 1 else f"one or more of {len(piece)} lines, the others were kept: "
        await self._history.quarantine(self.sink.name, position, text, f"{kept}{error}")
        if not self.quarantined_total:
            log.error("%s will never take a line (%s); the store keeps it aside", self.sink.name, error)
        self.quarantined_total += 1
        return []

    async def _hold(self, error: RetryLater | Parked) -> None:
        """Wait as long as the failure asks for."""
        state = PumpState.PARKED if isinstance(error, Parked) else PumpState.RETRYING
        self._turn(state, str(error))
        if isinstance(error, Unreachable):
            self._place.doubt()
        pause = self._patience.pause_seconds(error, self._failures, self._random)
        self._failures += 1
        self.retried_total += 1
        self._size.shrink()
        await asyncio.sleep(pause)

    def _turn(self, state: PumpState, words: str) -> None:
        """Note a state; say so once when it is another one, or another reason to be parked."""
        changed = state is not self.state
        if changed:
            self._failures = 0
        if state is PumpState.OK:
            self._failures = 0
            if changed:
                log.info("%s takes data again", self.sink.name)
        elif changed or (state is PumpState.PARKED and words != self._words):
            level = logging.ERROR if state is PumpState.PARKED else logging.WARNING
            log.log(level, "%s: %s (%s); nothing is lost", self.sink.name, state, words)
        self.state, self._words = state, words

    async def _idle(self) -> None:
        try:
            async with asyncio.timeout(self._patience.poll):
                await self._more.wait()
        except TimeoutError:
            return
