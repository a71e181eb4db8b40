"""One channel's queue at work: a cursor over the history that advances over what the channel has taken."""

from __future__ import annotations

import asyncio
import logging

from netmon.clock import Clock
from netmon.delivery.courier import PumpState
from netmon.errors import Parked, RetryLater, StoreError
from netmon.incidents.incident import Severity
from netmon.model import Stamp
from netmon.notices.announcement import Tellable
from netmon.notices.budget import Budget
from netmon.notices.channel import Channel
from netmon.notices.judgement import Confirmed, LaneSettings, age_seconds, is_news, verdict
from netmon.notices.lane_state import LaneState, Told, state_key
from netmon.notices.message import Message
from netmon.notices.postman import Fate, Postman
from netmon.notices.queue import Queue, Waiting
from netmon.notices.receipts import Receipts
from netmon.notices.record import Diary
from netmon.notices.wording import Place, message_of, summary
from netmon.store.interface import History, Position

log = logging.getLogger(__name__)

_IDLE_SECONDS = 5.0
_SAVE_SECONDS = 60.0
_ENDED_MS = 300_000
"""How long an end is told again where what goes on is: a receiver may have been away."""


class Lane:
    """Delivers to one channel, alone. `stands_in_for`: only what that lane did not bring over in time."""

    def __init__(
        self,
        channel: Channel,
        settings: LaneSettings,
        history: History,
        clock: Clock,
        diary: Diary,
        stands_in_for: Lane | None = None,
    ) -> None:
        self.channel, self.settings, self.place = channel, settings, Place("")
        self._history, self._clock, self._other = history, clock, stands_in_for
        self._queue = Queue(history)
        self.state = LaneState(Budget(settings.budget_per_day))
        self.postman = Postman(channel, clock, self._save)
        self.receipts = Receipts(channel, diary, settings.confirm_seconds)
        self._diary = diary
        self._more = asyncio.Event()
        self._refresh_at = self._save_at = 0.0
        self._unsaid: list[Waiting] = []
        self._head: Stamp | None = None
        self._dirty = self._started = False
        self._state_key = state_key(self.name)
        self.held_total = 0

    @property
    def name(self) -> str:
        """Its name in the store and in metrics."""
        other = f" for {self._other.channel.name}" if self._other is not None else ""
        return f"{self.channel.name}{other}"

    @property
    def lag_seconds(self) -> float:
        """For how long the message that is being sent has waited; 0 when none is."""
        return 0.0 if self._head is None else age_seconds(self._head, self._clock)

    def committed(self, newest: Position) -> None:
        """Learn that there is more to read."""
        self._queue.newest = max(self._queue.newest, newest)
        self._more.set()

    def confirmed(self, position: Position) -> Confirmed:
        """Tell whether a notice that this lane takes reached its reader."""
        if not self._started or position > self.state.position:
            return Confirmed.NOT_YET
        pending = next((one for one in self.state.pending if one.position == position), None)
        if pending is None:
            return Confirmed.YES
        return Confirmed.NEVER if pending.failed else Confirmed.NOT_YET

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            try:
                if not self._started:
                    await self._start()
                await self._round()
            except StoreError as error:
                await self.postman.hold(RetryLater(str(error)))
            except Exception as error:
                # The fence around one channel: a defect here must stop neither the daemon nor another one.
                if self.postman.state is not PumpState.PARKED:
                    log.exception("%s broke; it is tried again", self.name)
                await self.postman.hold(Parked(repr(error)))

    async def _start(self) -> None:
        text = await self._history.read_state(self._state_key)
        if not text:
            # A new channel begins with what comes: nobody wants last year's alerts.
            self.state.position = await self._history.commit()
            await self._save()
        else:
            try:
                self.state = LaneState.load(text, self.settings.budget_per_day)
            except ValueError as error:
                raise StoreError(f"{self.name}: {error}") from error
        self._queue.start(self.state.position)
        self._started = True

    async def _round(self) -> None:
        self._more.clear()
        waits = await self._go_on()
        if self._unsaid and (waits or not self._queue.behind):
            await self._synchronise()
        if not self._unsaid:
            self._head = None
        await self._routine()
        if not self._unsaid and (waits or not self._queue.behind):
            await self._idle()

    async def _go_on(self) -> bool:
        """Deal with what was read; tell whether the next notice must wait for another lane's confirmation."""
        while (waiting := await self._queue.next()) is not None:
            found = verdict(waiting, self, self._other, age_seconds(waiting.stamp, self._clock))
            if found is not Confirmed.YES and await self._is_taken_on(waiting):
                found = Confirmed.YES
            if found is Confirmed.NOT_YET:
                return True
            told = self.state.told.get(waiting.notice.key)
            if found is Confirmed.NEVER and is_news(waiting.notice, told, self.channel):
                self._head = self._head or waiting.stamp
                await self._tell(waiting)
            elif self.state.attempt == waiting.notice.id:
                self._learn(waiting)  # it may have arrived before a crash: then its end is told, too
            self._queue.take()
            self._pass(waiting.position)
        self._pass(self._queue.passed)
        return False

    async def _synchronise(self) -> None:
        """Bring a receiver of states up to the newest step of each thing, in one go.

        So what began and ended while it was away never looks as if it went on.
        """
        standing = await self._standing()
        fate = await self.postman.bring(lambda: self.channel.refresh(standing))
        if fate is None:
            return
        for waiting in self._unsaid:
            self._learn(waiting)  # again: an end is told for five minutes from now on
            self._note(waiting.position, message_of(waiting.notice, self.place, self._now_ms), fate)
        self._unsaid.clear()
        self._pass(self._queue.passed)
        await self._save()

    async def _is_taken_on(self, waiting: Waiting) -> bool:
        """Tell whether this channel need not step in, because somebody has taken the incident on."""
        steps_in = self._other is not None and (waiting.notice.firing or not self.knows(waiting.notice))
        return steps_in and await self._queue.taken_on(waiting)

    def knows(self, notice: Tellable) -> bool:
        """Tell whether the receiver was told of the notice's thing, and not yet of its end."""
        told = self.state.told.get(notice.key)
        return told is not None and not told.ended_ms

    async def _tell(self, waiting: Waiting) -> None:
        notice, now_ms = waiting.notice, self._now_ms
        if self.channel.refresh_seconds is not None:
            self._learn(waiting)
            self._unsaid.append(waiting)
            return
        message = message_of(notice, self.place, now_ms)
        free = not notice.firing or not self.channel.has_budget
        if not free and self.state.attempt != message.id and not self.state.budget.take(now_ms):
            self.state.budget.hold(message.title, now_ms, page=notice.severity is Severity.PAGE)
            self.held_total += 1
            return
        fate = await self.postman.deliver(message, self.state, lambda: self._is_taken_on(waiting))
        self._learn(waiting)
        if not fate.needless:
            self._note(waiting.position, message, fate)
        await self._save()

    def _learn(self, waiting: Waiting) -> None:
        notice = waiting.notice
        ended_ms = 0 if notice.firing else max(1, self._now_ms)
        self.state.told[notice.key] = Told(waiting.position, notice.severity, ended_ms)

    def _note(self, position: Position, message: Message, fate: Fate) -> None:
        self.state.done(position, message.id, fate.tickets, failed=bool(fate.refused))
        self._diary.told(self.channel.name, message, fate.refused)

    async def _routine(self) -> None:
        """Do what is due beside the queue."""
        now, now_ms = self._clock.monotonic(), self._now_ms
        if self.state.budget.due(now_ms):
            await self._sum_up(now_ms)
        self._dirty |= await self.receipts.look(self.state.pending, now)
        if self.channel.refresh_seconds is not None and now >= self._refresh_at and not self._unsaid:
            self._refresh_at = now + self.channel.refresh_seconds
            standing = await self._standing()
            if standing:
                await self.postman.bring(lambda: self.channel.refresh(standing))
        # What is not said yet must not be on the disk as told: a kill would make it so.
        if self._dirty and now >= self._save_at and not self._unsaid:
            await self._save()

    async def _sum_up(self, now_ms: int) -> None:
        budget = self.state.budget
        key = f"summary/{self.place.site}/{self.name}/{budget.held_since_ms}"
        message = summary(self.place, key, budget.held, budget.titles, now_ms)
        fate = await self.postman.deliver(message, self.state)
        self._diary.told(self.channel.name, message, fate.refused)
        budget.summed(now_ms)
        self.state.attempt = ""
        await self._save()

    async def _standing(self) -> list[Message]:
        """Return what goes on and what ended just now; forget what ended before, and was told."""
        now_ms = self._now_ms
        self.state.forget(now_ms - _ENDED_MS, {waiting.notice.key for waiting in self._unsaid})
        notices = [await self._queue.at(one.at) for one in self.state.told.values()]
        return [message_of(notice, self.place, now_ms) for notice in notices if notice is not None]

    def _pass(self, position: Position) -> None:
        if position > self.state.position and not self._unsaid:
            self.state.position, self._dirty = position, True

    async def _save(self) -> None:
        if self.channel.refresh_seconds is None:
            self.state.told = {key: one for key, one in self.state.told.items() if not one.ended_ms}
        await self._history.write_state(self._state_key, self.state.dump())
        self._dirty, self._save_at = False, self._clock.monotonic() + _SAVE_SECONDS

    async def _idle(self) -> None:
        try:
            async with asyncio.timeout(_IDLE_SECONDS):
                await self._more.wait()
        except TimeoutError:
            self._queue.newest += 1  # look by itself: nobody may have said so

    @property
    def _now_ms(self) -> int:
        return self._clock.wall_ns() // 1_000_000
