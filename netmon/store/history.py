"""The one writer: takes records at once, makes them durable in groups, forgets nothing if a disk refuses."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from netmon.clock import Clock
from netmon.errors import StoreError
from netmon.model import Record
from netmon.store.backlog import Backlog
from netmon.store.disk_thread import DiskThread
from netmon.store.folder import FolderLock
from netmon.store.history_file import HistoryFile
from netmon.store.interface import Entry, History, Position
from netmon.store.journal import Journal
from netmon.store.pace import Pace
from netmon.store.retention import Terms
from netmon.store.sealer import HOLD_SECONDS
from netmon.store.weight import weigh

log = logging.getLogger(__name__)

T = TypeVar("T")

_CLOSE_SECONDS = 4.0


def open_history(
    folder: Path,
    clock: Clock,
    *,
    commit_seconds: float = 5.0,
    pending_bytes: int = 16 * 2**20,
    max_pages: int = 0,
) -> SqliteHistory:
    """Return the history of a state folder, made or repaired when need be.

    StoreBusy when another daemon holds the folder, StoreFull or StoreError when it cannot be written.
    `commit_seconds` bounds what a power cut can take; `pending_bytes` bounds the memory of a refusing
    disk; `max_pages` is for tests of a full one.
    """
    lock = FolderLock(folder)
    try:
        journal = Journal(HistoryFile(folder, max_pages), pending_bytes)
    except BaseException:
        lock.release()
        raise
    return SqliteHistory(journal, lock, clock, commit_seconds, pending_bytes)


class SqliteHistory(History):
    """The history in SQLite. `run()` commits; counters are plain attributes for whoever exposes them."""

    def __init__(
        self, journal: Journal, lock: FolderLock, clock: Clock, commit_seconds: float, pending_bytes: int
    ) -> None:
        self.commits_total = 0
        self.refused_commits_total = 0
        self.dropped_unsent_total = 0
        self.expired_total = 0
        self.commit_seconds_last = 0.0
        self.on_commit: Callable[[Position], None] = lambda _newest: None
        """Told the newest position after each commit."""
        self.refusal = ""
        """Why the disk refuses at the moment; empty when it does not."""
        self.hold_seconds = HOLD_SECONDS
        """How long readings of a boot without a true time wait for one before they are sealed."""
        self._journal = journal
        self._lock = lock
        self._clock = clock
        self._committing_since: list[float] = []
        self._disk = DiskThread()
        self._fresh: Backlog[Record] = Backlog(pending_bytes)
        self._most_waiting_bytes = pending_bytes // 2
        self._pace = Pace(commit_seconds)
        self._cursors: dict[str, Position] = {}
        self._cleared_bytes, self._coming_bytes = journal.size_bytes, 0

    @property
    def newest(self) -> Position:
        """Position of the newest committed record."""
        return self._journal.newest

    @property
    def size_bytes(self) -> int:
        """Size of the file at the last commit, its write-ahead log included."""
        return self._journal.size_bytes

    @property
    def busy_seconds(self) -> float:
        """How long the oldest commit under way has been waiting for the disk; 0 when there is none."""
        since = self._committing_since
        return self._clock.monotonic() - since[0] if since else 0.0

    @property
    def pending_records(self) -> int:
        """Records that wait for a commit."""
        return len(self._fresh) + self._journal.pending_records

    @property
    def dropped_total(self) -> int:
        """Records that were lost because the disk refused, or hung, for too long."""
        return self._fresh.dropped_total + self._journal.dropped_total

    @property
    def unstorable_total(self) -> int:
        """Records that a plugin filled with what no column can hold."""
        return self._journal.unstorable_total

    @property
    def damaged_total(self) -> int:
        """Damaged records met and damaged files set aside since the start."""
        return self._journal.damaged_total

    def accept(self, records: Sequence[Record]) -> None:
        """Take records without waiting."""
        for record in records:
            size, precious = weigh(record)
            self._fresh.add(record, size, precious=precious)
        self._pace.came(much=self._fresh.size_bytes > self._most_waiting_bytes)

    def commit_every(self, seconds: float) -> None:
        """Commit this often from now on."""
        self._pace.every(seconds)

    def hurry(self, *, on: bool) -> None:
        """Commit what comes at once from now on, all that came together; `on` false: in groups again."""
        self._pace.hurry(on=on)

    async def run(self) -> None:
        """Commit every `commit_seconds` until cancelled; a refusing disk is tried again each time."""
        while True:
            await self._pace.wait()
            try:
                await self.commit()
            except StoreError as error:
                log.debug("commit: %s", error, exc_info=True)

    async def commit(self) -> Position:
        """Make everything accepted so far durable and return the newest position."""
        began = self._clock.monotonic()
        self._committing_since.append(began)
        try:
            newest = await self._disk.call(self._journal.commit, self._fresh.take, dict(self._cursors))
        except StoreError as error:
            self._refused(error)
            raise
        finally:
            self._committing_since.remove(began)
        self.commits_total += 1
        self.on_commit(newest)
        self.commit_seconds_last = self._clock.monotonic() - began
        if self.refusal:
            log.info("the history is written again; %d records were lost so far", self.dropped_total)
            self.refusal = ""
        return newest

    def _refused(self, error: StoreError) -> None:
        self.refused_commits_total += 1
        if not self.refusal:
            log.error("%s; new records wait in memory", error)
        self.refusal = str(error)

    async def close(self, deadline_seconds: float = _CLOSE_SECONDS) -> None:
        """Commit what waits and let go of the folder; give up what is not done by the deadline."""
        now = asyncio.get_running_loop().time
        deadline = now() + deadline_seconds
        try:
            async with asyncio.timeout_at(deadline):
                await self.commit()
        except (StoreError, TimeoutError) as error:
            if self.pending_records:
                why = str(error) or "the disk does not answer"
                log.error("%d records could not be written before the stop: %s", self.pending_records, why)  # noqa: TRY400 - a message for a person
        if not await self._disk.close(max(deadline - now(), 0), self._journal.close):
            log.warning("the history's file was left open")
        self._lock.release()

    async def after(self, position: Position, limit: int) -> Sequence[Entry]:
        """Return committed records after a position."""
        return await self._disk.call(self._journal.after, position, limit)

    async def cursor(self, name: str) -> Position:
        """Return where a sink stands; from now on expire() keeps what it still needs."""
        if name not in self._cursors:
            self._cursors[name] = await self._disk.call(self._journal.cursor, name)
        return self._cursors[name]

    async def advance(self, name: str, position: Position) -> None:
        """Move a sink's cursor; durable with the next commit, since sending again is harmless."""
        self._cursors[name] = position

    async def quarantine(self, name: str, position: Position, line: str, reason: str) -> None:
        """Set aside what a sink will never take."""
        await self._disk.call(self._journal.quarantine, name, position, line, reason)

    async def read_state(self, key: str) -> str | None:
        """Return a small value that survives restarts."""
        return await self._disk.call(self._journal.read_state, key)

    async def write_state(self, key: str, value: str) -> None:
        """Keep a small value durably."""
        await self._disk.call(self._journal.write_state, key, value)

    async def seal(self, *, everything: bool = False) -> None:
        """Seal the days that are over (`everything`: the present one, too); commits get in between."""
        hold = self.hold_seconds
        steps = await self._disk.call(lambda: self._journal.seal(everything=everything, hold_seconds=hold))
        await self._take(steps)

    async def _take(self, steps: Iterator[None]) -> None:
        while await self._disk.call(self._journal.step, steps):
            pass

    async def expire(self, keep_seconds: float, keep_bytes: int, evidence_seconds: float) -> int:
        """Seal what is over, delete by age and by size, look at some old files; commits get in between.

        StoreError when sealing failed, after the deletions: on a full disk they make the room it needs.
        """
        refused: StoreError | None = None
        # As much as came since the last time may come until the next one.
        self._coming_bytes = max(self.size_bytes - self._cleared_bytes, self._coming_bytes // 2)
        try:
            await self.seal()
        except StoreError as error:
            refused = error
        terms = replace(
            Terms.at(self._clock.stamp(), keep_seconds, keep_bytes, evidence_seconds),
            sent_to=min(self._cursors.values(), default=2**62),
            newest=self.newest,
            coming_bytes=self._coming_bytes,
        )
        steps, total = await self._disk.call(self._journal.expire, terms), 0
        while (done := await self._disk.call(self._journal.step, steps)) is not None:
            (deleted,) = done
            total += deleted.records
            self.dropped_unsent_total += deleted.unsent
        self.expired_total += total
        self._cleared_bytes = self.size_bytes
        if refused is not None:
            raise refused
        await self._take(await self._disk.call(self._journal.scrub))
        return total
