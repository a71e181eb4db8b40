"""Moves the history into one sink: a cursor that advances only over what the sink has taken."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from random import Random

from netmon.clock import Clock
from netmon.delivery.beginning import beginning
from netmon.delivery.courier import Courier, Line, PumpState
from netmon.delivery.gate import Gate
from netmon.delivery.lanes import Lane, Lanes
from netmon.delivery.pacing import Patience
from netmon.delivery.sink import Sink
from netmon.errors import Parked, RetryLater, StoreError
from netmon.model import Stamp
from netmon.store.interface import Entry, History, Position

log = logging.getLogger(__name__)

_READ_RECORDS = 256
_ENCODE_WITHOUT_PAUSE = 32
"""Records encoded before other tasks may run: 3 ms for readings of 48 ports x 14 counters."""
_SAVE_SECONDS = 30.0
_ASK_AGAIN_SECONDS = 3600.0
"""How long a sink's word that it wants everything in order is believed."""


class Pump:
    """Delivers to one sink, alone: pumps share nothing, so a dead sink delays no other.

    `courier` counts what became of the lines; `dropped_total` counts records that were gone from the
    store before their turn came.
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
        self.dropped_total = 0
        self._history, self._clock = history, clock
        self.gate = Gate(sink.cursor, history, clock)
        self._patience = patience or Patience()
        self.courier = Courier(sink, clock, history.quarantine, self._patience, random or Random())
        self.courier.on_silence = self._doubt
        self._lanes = Lanes(self._patience.settle)
        self._newest: Position = 0
        self._more = asyncio.Event()
        self._catch_up_at = self._save_at = self._ask_at = 0.0

    @property
    def state(self) -> PumpState:
        """How delivery is doing."""
        held = self.gate.held_from is not None and self.courier.state is PumpState.OK
        return PumpState.HELD if held else self.courier.state

    @property
    def trouble(self) -> str:
        """What the sink said when it did not take data, or what data wait for; empty when all is well."""
        waits = f"{self.held_records} records wait for this machine's clock to be synchronised"
        return self.courier.trouble or (waits if self.held_records else "")

    @property
    def position(self) -> Position:
        """The sink has acknowledged everything up to here."""
        return self._lanes.all[0].place.position

    @property
    def lag_seconds(self) -> float:
        """Age of the oldest record that was read and is not the sink's yet; 0 when there is none."""
        return max(
            (self._age_seconds(lane.unsent) for lane in self._lanes.all if lane.unsent is not None),
            default=0.0,
        )

    @property
    def queued_records(self) -> int:
        """Records that the sink has not acknowledged, up to the newest position known."""
        return sum(max(0, (lane.end or self._newest) - lane.place.position) for lane in self._lanes.all)

    @property
    def held_records(self) -> int:
        """Records among those queued that wait for the clock to be synchronised."""
        held_from = self.gate.held_from
        return 0 if held_from is None else max(1, self._newest - held_from + 1)

    def committed(self, newest: Position) -> None:
        """Learn that records up to a position can be read now; otherwise the pump looks once a second."""
        self._newest = max(self._newest, newest)
        self._more.set()

    async def run(self) -> None:
        """Deliver until cancelled; then close the sink."""
        try:
            while not await self._guarded(self._start):
                pass
            while True:
                await self._guarded(self._round)
        finally:
            await self.sink.close()

    async def _start(self) -> None:
        own = await beginning(self._history, self.sink, self.courier)
        self._lanes = Lanes(self._patience.settle, own, await self._history.read_state(self._lanes_key))

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Do something; tell whether it went well, after a pause when it did not."""
        try:
            await work()
        except StoreError as error:
            await self.courier.hold(RetryLater(str(error)))
        except Exception as error:
            # The fence around one sink: a defect here must stop neither the daemon nor another sink.
            if self.state is not PumpState.PARKED:
                log.exception("%s broke; it is tried again", self.sink.name)
            await self.courier.hold(Parked(repr(error)))
        else:
            return True
        return False

    async def _round(self) -> None:
        """Send what is new, then a little of what was left behind."""
        self._more.clear()
        moved = await self._go_on(self._lanes.present)
        left = self._lanes.left
        if left is not None and self._clock.monotonic() >= self._catch_up_at:
            began, before = self._clock.monotonic(), self.courier.sent_total
            caught_up = await self._go_on(left)
            sent = self.courier.sent_total - before
            pause = sent / self._patience.catch_up_lines if caught_up else self._patience.poll
            self._catch_up_at, moved = began + pause, moved or caught_up
        await self._settle()
        if not moved:
            await self._idle()

    async def _go_on(self, lane: Lane) -> bool:
        """Deliver the lane's next records; tell whether there were any."""
        now = self._clock.monotonic()
        if lane.sent:
            lane.unsent = None
            if lane.place.doubtful:
                lane.place.reached(now)
            return False
        most = self.gate.at_once(lane.place.position, _READ_RECORDS)
        found = lane.within(await self._history.after(lane.place.position, most))
        entries = await self.gate.admit(found, self._newest)
        if found and not entries:
            lane.unsent = found[0].record.stamp
            return False
        if not entries:
            lane.unsent = None
            self.dropped_total += max(0, (lane.end or 0) - lane.place.position)
            lane.place.position = max(lane.place.position, lane.end or 0)
        elif not await self._turned(lane, entries):
            await self._take(lane, entries)
        if entries or lane.end:
            lane.place.reached(self._clock.monotonic())
        return bool(entries)

    async def _take(self, lane: Lane, entries: Sequence[Entry]) -> None:
        before, self._newest = lane.place.position, max(self._newest, entries[-1].position)
        await self._deliver_all(lane, entries)
        if before:
            # Positions are given without gaps: what is missing went by age, by size or by damage.
            self.dropped_total += lane.place.position - before - len(entries)

    async def _turned(self, lane: Lane, entries: Sequence[Entry]) -> bool:
        """Turn to the present when these are old and the sink takes them later; tell whether it did."""
        oldest, now = entries[0].record.stamp, self._clock.monotonic()
        behind = self._newest > entries[-1].position and self._age_seconds(oldest) > self._patience.turn
        if lane.end is not None or not behind or now < self._ask_at:
            return False
        if not await self.courier.insist(lambda: self.sink.welcomes(oldest.wall_ms)):
            self._ask_at = now + _ASK_AGAIN_SECONDS
            return False
        lane.unsent = oldest
        self._lanes.split(self._newest)
        await self._save()
        return True

    def _doubt(self) -> None:
        self._lanes.doubt()

    async def _settle(self) -> None:
        if self.sink.hung_up:
            self._doubt()
        now, safe = self._clock.monotonic(), self._lanes.safe
        ended = self._lanes.settle(now)
        if self._lanes.safe > safe:
            await self._history.advance(self.sink.cursor, self._lanes.safe)
        if ended or (self._lanes.past and now >= self._save_at):
            await self._save()

    async def _save(self) -> None:
        self._save_at = self._clock.monotonic() + _SAVE_SECONDS
        await self._history.write_state(self._lanes_key, self._lanes.dump())

    async def _deliver_all(self, lane: Lane, entries: Sequence[Entry]) -> None:
        encode = self.sink.encode if lane.end is None else self.sink.encode_past
        batch: list[Line] = []
        for number, entry in enumerate(entries):
            if not batch:
                lane.unsent = entry.record.stamp
            try:
                batch += [(entry, text) for text in encode(entry.record)]
            except (ValueError, ArithmeticError, TypeError) as error:
                await self.courier.give_up(entry, error)
            if number % _ENCODE_WITHOUT_PAUSE == _ENCODE_WITHOUT_PAUSE - 1:
                await asyncio.sleep(0)
            if len(batch) >= self.courier.size.lines:
                await self._deliver(lane, batch, entry.position)
                batch = []
        await self._deliver(lane, batch, entries[-1].position)

    async def _deliver(self, lane: Lane, batch: Sequence[Line], position: Position) -> None:
        await self.courier.deliver(batch)
        await self.courier.insist(lambda: self.sink.complete(position))
        lane.place.position = position

    async def _idle(self) -> None:
        wait = self._patience.poll
        if self._lanes.left is not None:
            wait = min(wait, max(0.0, self._catch_up_at - self._clock.monotonic()))
        try:
            async with asyncio.timeout(wait):
                await self._more.wait()
        except TimeoutError:
            return

    def _age_seconds(self, stamp: Stamp) -> float:
        if stamp.boot_id == self._clock.boot_id:
            return max(0.0, (self._clock.boottime_ns() - stamp.boottime_ns) / 1e9)
        return max(0.0, self._clock.wall_ns() / 1e9 - stamp.wall_ms / 1e3)

    @property
    def _lanes_key(self) -> str:
        return f"lanes {self.sink.cursor}"
