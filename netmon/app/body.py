"""The parts that live as long as the daemon, whatever the configuration says next."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypeVar

from netmon.app.catch_up import catch_up
from netmon.app.channels import Channels
from netmon.app.incident_desk import IncidentDesk
from netmon.app.jobs import Jobs
from netmon.app.mail import Mail
from netmon.app.planned_work import PlannedWork
from netmon.app.pulse import Pulse
from netmon.app.sealing import Sealing
from netmon.app.sinks import Sinks
from netmon.app.timekeeping import Timekeeping
from netmon.app.urgency import Urgency
from netmon.clock import Clock
from netmon.config.load import Loaded
from netmon.config.plan import circuits, probe_job
from netmon.config.schema import Configuration
from netmon.delivery.beginning import identify
from netmon.errors import StoreError
from netmon.hub import Hub
from netmon.incidents.inbox import Inbox
from netmon.latest import Latest
from netmon.ledger import MonthlyLedger
from netmon.metrics.exposition import Exposition
from netmon.metrics.own import OwnMetrics
from netmon.model import Record
from netmon.model.derived import INCIDENT
from netmon.resolver import CachingResolver
from netmon.schedule.calendar import Calendar
from netmon.schedule.ticker import Ticker
from netmon.sdk import Context
from netmon.shared import Loads, SharedThings, Slot
from netmon.store.disk_thread import DiskThread
from netmon.store.history import SqliteHistory, open_history
from netmon.store.interface import HistoryReader, Position
from netmon.store.reader import open_reader
from netmon.systemd import Notifier
from netmon.verdict.book import Book
from netmon.verdict.minutes import Minutes

log = logging.getLogger(__name__)

T = TypeVar("T")

_STOP_SECONDS = 2.0
"""Half of what a stop may take; the other half is for the history's last commit."""
_STUCK_SECONDS = 120.0
"""A disk that has not ended a commit for this long hangs; an SD card's own pauses last seconds."""


class Body:
    """Clock, history, hub, ticker and everything else that is made once."""

    def __init__(self, clock: Clock, folder: Path, history: SqliteHistory, ticker: Ticker) -> None:
        self.clock, self.folder, self.history, self.ticker = clock, folder, history, ticker
        self.latest = Latest()
        self.exposition = Exposition(clock)
        self.loads = Loads(clock)
        self.book = Book(self.loads)
        self.planned = PlannedWork(clock, history)
        self.incidents = IncidentDesk(self._publish, clock, self.planned.reason)
        self._urgency = Urgency(history)
        self.hub = Hub((self.latest, self.exposition, self.book, history, self.incidents, self._urgency))
        self.minutes = Minutes(self.hub, clock, self.book, lambda name: ticker.run_now(probe_job(name)))
        self.own = OwnMetrics()
        self.jobs = Jobs(ticker, self.hub)
        self.shared = SharedThings(clock)
        self.resolver = CachingResolver(clock)
        self.slot = Slot()
        self.ledger = MonthlyLedger(clock, {})
        self.calendar = Calendar(clock)
        self.timekeeping = Timekeeping(self.hub, clock, self.calendar)
        self.sealing = Sealing(self.hub, clock, history, folder)
        self.pulse: Pulse | None = None
        self.oldest: datetime | None = None
        """Time of the oldest record when the daemon started; None: the history was empty."""
        self._sinks: Sinks | None = None
        self._channels: Channels | None = None
        self._reading = DiskThread()
        self._reader: HistoryReader | None = None
        self._retention: Callable[[], tuple[float, int, float]] | None = None

    @classmethod
    async def open(cls, stack: AsyncExitStack, folder: Path, clock: Clock, loaded: Loaded) -> Self:
        """Open the history and make the rest; the stack closes all, the history last."""
        commit_seconds = loaded.configuration.store.commit_every_seconds
        history = open_history(folder, clock, commit_seconds=commit_seconds)
        stack.push_async_callback(history.close)
        await identify(history, history.newest)
        ticker = await stack.enter_async_context(Ticker(clock))
        body = cls(clock, folder, history, ticker)
        body.timekeeping.site = loaded.configuration.site.id
        stack.push_async_callback(body.close)
        await body.ledger.load(history)
        oldest_ms = await body.query(lambda reader: reader.oldest_ms())
        body._urgency.remember(await body.query(lambda reader: reader.facts(INCIDENT)))
        body.oldest = None if oldest_ms is None else datetime.fromtimestamp(oldest_ms / 1000, UTC)
        return body

    @property
    def sinks(self) -> Sinks:
        """The sinks; there are none before `start()`."""
        if self._sinks is None:
            raise RuntimeError("the daemon has not started")
        return self._sinks

    @property
    def channels(self) -> Channels:
        """Who is told; there are none before `start()`."""
        if self._channels is None:
            raise RuntimeError("the daemon has not started")
        return self._channels

    def start(self, tasks: asyncio.TaskGroup, notifier: Notifier) -> None:
        """Start what runs beside the jobs."""
        self.pulse = Pulse(self.clock, notifier, self._stuck)
        self._sinks = Sinks(tasks, self.history, self.clock)
        self._channels = Channels(tasks, self.history, self.clock, self._publish)
        self.history.on_commit = self._committed
        tasks.create_task(self.history.run(), name="commit")
        tasks.create_task(self.pulse.run(), name="pulse")
        tasks.create_task(self.incidents.resume(self), name="incidents of before")
        tasks.create_task(catch_up(self), name="catch up")
        mail = Mail(Inbox(self.folder), self.clock, self._publish)
        tasks.create_task(mail.run(self, self.history), name="what people write")
        tasks.create_task(self.minutes.run(), name="minutes")
        tasks.create_task(self.planned.run(), name="planned work")
        self.calendar.add("planned work", "41 * * * *", self.planned.refresh, jitter_seconds=300)
        self.calendar.add("test of channels", "0 10 * * 1", self.channels.test, jitter_seconds=600)
        self.calendar.add("housekeeping", "17 * * * *", self._keep_house, jitter_seconds=120)
        self.calendar.add("sealing", "41 * * * *", self._seal, jitter_seconds=120)
        tasks.create_task(self.calendar.run(), name="calendar")
        tasks.create_task(self.timekeeping.watch.run(), name="clock")

    def context(self, configuration: Configuration) -> Context:
        """Return what sources may lean on under this configuration."""
        self.ledger.set_caps({c.id: c.cap_bytes for c in configuration.circuits if c.cap_bytes is not None})
        store, self.timekeeping.site = configuration.store, configuration.site.id
        self._retention = lambda: (store.keep_seconds, store.keep_bytes, store.evidence_keep_seconds)
        return Context(
            configuration.site.id,
            self.clock,
            self.resolver,
            self.latest,
            self.ledger,
            self.slot,
            self.shared,
            self.ticker.run_now,
            self.loads,
            circuits(configuration),
            timezone=configuration.site.timezone,
            state_folder=self.folder,
        )

    async def query(self, question: Callable[[HistoryReader], T]) -> T:
        """Put a question to the history on a thread of its own, so that no long one delays a commit."""
        return await self._reading.call(lambda: question(self._opened_reader()))

    async def stop(self) -> None:
        """Stop measuring, then deliver no more; what was measured is committed when the history closes."""
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self.jobs.end()
                self.minutes.finish()
                await self.sinks.end()
                await self.channels.end()
                await self._save_ledger()
        except TimeoutError:
            log.warning("not everything ended within %g s; it is left behind", _STOP_SECONDS)

    async def close(self) -> None:
        """Give back what is not the history's; a question under way is interrupted."""
        await self.shared.close()
        if self._reader is not None:
            self._reader.interrupt()
        await self._reading.close(0.5, self._reader.close if self._reader is not None else None)

    def _opened_reader(self) -> HistoryReader:
        if self._reader is None:
            self._reader = open_reader(self.folder)
        return self._reader

    def _publish(self, records: Sequence[Record]) -> None:
        self.hub.publish(records)

    def _committed(self, newest: Position) -> None:
        self.sinks.committed(newest)
        self.channels.committed(newest)

    def _stuck(self) -> str:
        return "the disk thread does not answer" if self.history.busy_seconds > _STUCK_SECONDS else ""

    async def _keep_house(self) -> None:
        """Forget what is too old, and keep what must survive."""
        self.latest.forget(self.clock.boottime_ns())
        await self._save_ledger()
        if self._retention is not None:
            try:
                deleted = await self.history.expire(*self._retention())
            except StoreError as error:
                log.warning("old records could not be deleted: %s", error)
            else:
                log.info("%d old records deleted", deleted)

    async def _seal(self) -> None:
        await self.sealing.seal(self.timekeeping.site)

    async def _save_ledger(self) -> None:
        try:
            await self.ledger.save(self.history)
        except StoreError as error:
            log.warning("the byte ledger could not be saved: %s", error)
