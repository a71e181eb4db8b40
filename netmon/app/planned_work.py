"""Keep the windows of planned work: from the configuration, and from calendars that are read each hour."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol
from zoneinfo import ZoneInfo

from netmon.app.calendar_fetch import fetch
from netmon.app.incident_settings import single_windows
from netmon.clock import Clock
from netmon.config.incidents import MaintenanceSection
from netmon.config.schema import Configuration
from netmon.errors import NetmonError, StoreError
from netmon.incidents.incident import Thing
from netmon.incidents.planned import Planned, Window, as_text, from_text, state_key

log = logging.getLogger(__name__)

_DAY_MS = 86_400_000
_AHEAD_DAYS = 40
_MOST_PAST = 500
"""Windows of each calendar that are kept when they are long over: so stored days are played again."""


class Keeps(Protocol):
    """Keeps small texts over restarts."""

    async def read_state(self, key: str) -> str | None:
        """Return a text; None when there is none."""

    async def write_state(self, key: str, value: str) -> None:
        """Keep a text."""


class PlannedWork:
    """What is planned. A calendar that cannot be read leaves its last entries in force, for good."""

    def __init__(self, clock: Clock, keeps: Keeps, get: Callable[[str], Awaitable[str]] = fetch) -> None:
        self._clock, self._keeps, self._get = clock, keeps, get
        self._sections: Sequence[MaintenanceSection] = ()
        self._single: Sequence[Window] = ()
        self._circuits: tuple[str, ...] = ()
        self._zone = ZoneInfo("UTC")
        self._known: dict[str, list[Window]] = {}
        self._trouble: dict[str, str] = {}
        self._planned = Planned()
        self._changed = asyncio.Event()

    def reason(self, thing: Thing, wall_ms: int) -> str:
        """Return why trouble with a thing is expected at a moment; empty: it is not."""
        return self._planned.reason(thing, wall_ms)

    def expect(self, configuration: Configuration) -> None:
        """Follow another configuration."""
        self._sections = configuration.maintenance
        self._single = single_windows(configuration)
        self._circuits = tuple(circuit.id for circuit in configuration.circuits)
        self._zone = ZoneInfo(configuration.site.timezone)
        names = {section.name for section in self._sections}
        self._known = {name: found for name, found in self._known.items() if name in names}
        self._put_together()
        self._changed.set()

    async def run(self) -> None:
        """Read all calendars whenever the configuration is another one, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self.refresh()

    async def refresh(self) -> None:
        """Read all calendars."""
        for section in self._sections:
            if section.calendar is not None:
                await self._read(section, section.calendar)
        self._put_together()

    async def _read(self, section: MaintenanceSection, place: str) -> None:
        past = await self._recall(section.name)
        try:
            # Imported late: the library is an extra, for those who have calendars.
            from netmon.incidents.calendar_entries import Wanted, windows  # noqa: PLC0415
        except ImportError:
            self._fall_back(section.name, "icalendar is not installed; it is the extra netmon-edge[calendar]")
            return
        now_ms = self._clock.wall_ns() // 1_000_000
        wanted = Wanted(
            section.name,
            now_ms - _DAY_MS,
            now_ms + _AHEAD_DAYS * _DAY_MS,
            self._zone,
            section.matching,
            section.covers,
        )
        try:
            text = await self._get(place)
            # Megabytes, or a rule from long ago, take seconds.
            found = await asyncio.to_thread(windows, text, wanted)
        except NetmonError as error:
            self._fall_back(section.name, str(error))
            return
        if self._trouble.pop(section.name, ""):
            log.info("calendar %s is read again", section.name)
        over = [one for one in past if one.end_ms <= wanted.start_ms]
        self._known[section.name] = [*over[-_MOST_PAST:], *found]
        await self._keep(section.name)

    def _fall_back(self, name: str, why: str) -> None:
        if not self._trouble.get(name):
            log.warning("calendar %s cannot be read: %s", name, why)
        self._trouble[name] = why

    async def _recall(self, name: str) -> Sequence[Window]:
        """Return what the calendar said when it was read last, this start or an earlier one."""
        if name not in self._known:
            try:
                self._known[name] = from_text(await self._keeps.read_state(state_key(name)))
            except StoreError:
                return ()
        return self._known[name]

    async def _keep(self, name: str) -> None:
        try:
            await self._keeps.write_state(state_key(name), as_text(self._known[name]))
        except StoreError as error:
            log.debug("calendar %s: %s", name, error)

    def _put_together(self) -> None:
        since_ms = self._clock.wall_ns() // 1_000_000 - _DAY_MS
        read = [window for found in self._known.values() for window in found if window.end_ms > since_ms]
        self._planned = Planned([*self._single, *read], self._circuits)
