"""Tell of the minutes before this start: none is decided twice, none is left out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Protocol, TypeVar

from netmon.clock import Clock
from netmon.errors import StoreError
from netmon.hub import Hub
from netmon.model import Reading, Record
from netmon.model.derived import SITE_MINUTE
from netmon.store.interface import HistoryReader
from netmon.verdict.book import Book
from netmon.verdict.minutes import Minutes
from netmon.verdict.off_time import Gap, OffTime, gap_between
from netmon.verdict.slots import Slot, stamp_of

log = logging.getLogger(__name__)

T = TypeVar("T")

_LOOK_SECONDS = 1.0
_AT_ONCE = 60


class Keeper(Protocol):
    """Takes records for good, past the newest values: these are old ones."""

    def accept(self, records: Sequence[Record]) -> None:
        """Take records without waiting."""


class Daemonlike(Protocol):
    """What is needed of the daemon."""

    clock: Clock
    hub: Hub
    book: Book
    minutes: Minutes

    @property
    def history(self) -> Keeper:
        """The history."""

    async def query(self, question: Callable[[HistoryReader], T]) -> T:
        """Put a question to the history."""


async def catch_up(daemon: Daemonlike) -> None:
    """Continue after the last minute that was told; what lies between is unknown, and was our own fault."""
    first = daemon.minutes.grid.running
    try:
        last = await daemon.query(lambda reader: reader.last(SITE_MINUTE))
    except StoreError as error:
        log.warning("whether minutes are missing cannot be told: %s", error)
        return
    if last is None:
        return
    if last.stamp.boot_id == daemon.clock.boot_id:
        daemon.minutes.grid.begin_after(last.stamp.boottime_ns)
    gap = await _gap(daemon, last, first)
    if gap is not None and gap.minutes > 0:
        await _tell(daemon, gap)


async def _gap(daemon: Daemonlike, last: Reading, first: Slot) -> Gap | None:
    """Return the gap; after a boot that takes a clock that is set. None: nobody knew the time before it."""
    while True:
        now = stamp_of(first, daemon.clock.stamp())
        gap = gap_between(last.stamp, now)
        if gap is not None or not last.stamp.synced:
            return gap
        await asyncio.sleep(_LOOK_SECONDS)


async def _tell(daemon: Daemonlike, gap: Gap) -> None:
    """Write the gap into the history, a little at a time, and publish what is said of it."""
    off = OffTime(daemon.book.watch)
    daemon.hub.publish([off.event(gap, daemon.clock.stamp())])
    stamps = gap.stamps()
    while piece := list(islice(stamps, _AT_ONCE)):
        daemon.history.accept([reading for stamp in piece for reading in off.minute(stamp)])
        await asyncio.sleep(_LOOK_SECONDS)
