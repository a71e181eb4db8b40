"""Seals what was measured, hour by hour, and tells the signed roots: sinks take them to the centre."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from netmon.clock import Clock
from netmon.errors import NetmonError
from netmon.hub import Hub
from netmon.model import Event, Stamp
from netmon.store.disk_thread import DiskThread
from netmon.store.interface import History
from netmon.store.reader import open_reader

log = logging.getLogger(__name__)

FOLDER = "evidence"
_TOLD = "evidence_told_hour"
_MOST_TOLD = 500
"""Roots told at a time; the others come with the next hour."""


class Sealing:
    """One job of the calendar. Roots that were signed and not told, as after a crash, are told next time."""

    def __init__(self, hub: Hub, clock: Clock, history: History, state: Path) -> None:
        self._hub, self._clock, self._history, self._state = hub, clock, history, state
        self._failing = ""
        self._told_day: int | None = None

    async def seal(self, site: str) -> None:
        """Seal the hours that are over; not by a clock that may still be set."""
        if not self._clock.synchronised():
            return
        thread = DiskThread()  # its own: whoever asks the history for a page does not wait for this
        try:
            told = int(await self._history.read_state(_TOLD) or -1)
            events = await thread.call(self._sealed, site, told)
            days = await thread.call(self._days, site)
        except (NetmonError, OSError, ImportError) as error:
            self._failed(str(error))
            return
        finally:
            await thread.close(0)
        if self._failing:
            log.info("evidence is sealed again")
        self._failing = ""
        if days is not None:
            self._hub.publish([days])
        if events:
            self._hub.publish(list(events))
            await self._history.write_state(_TOLD, str(events[-1].data["hour"]))

    def _sealed(self, site: str, told: int) -> Sequence[Event]:
        # Imported here, once an hour, on the thread: the library that signs is not on every machine.
        from netmon.evidence.seal.feed import seal_history  # noqa: PLC0415
        from netmon.evidence.seal.folder import SealFolder  # noqa: PLC0415
        from netmon.evidence.seal.roots import root_event  # noqa: PLC0415

        folder = SealFolder(self._state / FOLDER)
        with closing(open_reader(self._state)) as reader:
            seal_history(reader, folder, site, self._clock.wall_ns() // 1_000_000)
        roots = folder.roots(after_hour=told)[:_MOST_TOLD]
        # A moment for each: a database keeps one event of a kind and a site at a time.
        moments = (_before(self._clock.stamp(), behind) for behind in range(len(roots), 0, -1))
        public = folder.signer.public
        return [root_event(one, moment, public) for one, moment in zip(roots, moments, strict=True)]

    def _days(self, site: str) -> Event | None:
        """Return the event of the days that are over since the last one, once; None: none is."""
        from netmon.evidence.seal.days import day_event, first_wanted, told_day, whole_days  # noqa: PLC0415
        from netmon.evidence.seal.folder import SealFolder  # noqa: PLC0415

        now_ms = self._clock.wall_ns() // 1_000_000
        if self._told_day is None:
            with closing(open_reader(self._state)) as reader:
                self._told_day = told_day(reader, site, now_ms)
        first = first_wanted(self._told_day, now_ms)
        days = whole_days(SealFolder(self._state / FOLDER).roots(after_hour=first * 24 - 1), first)
        if not days:
            return None
        self._told_day = days[-1].day
        return day_event(site, days, self._clock.stamp())

    def _failed(self, words: str) -> None:
        if words != self._failing:
            log.warning("evidence is not sealed: %s", words)
        self._failing = words


def _before(stamp: Stamp, milliseconds: int) -> Stamp:
    earlier_ns = stamp.boottime_ns - 1_000_000 * milliseconds
    return replace(stamp, boottime_ns=earlier_ns, wall_ms=stamp.wall_ms - milliseconds)
