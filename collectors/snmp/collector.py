"""The base of collectors that ask a device: its session, its key, and how often they are due."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Final

from collectors.snmp import usm_protocols
from collectors.snmp.answers import Table
from collectors.snmp.engine import SnmpEngine
from collectors.snmp.report import EngineReport
from collectors.snmp.session import Objects, Session
from netmon import sdk

_SPREAD: Final = 0.05
"""Share of the period by which it varies: fifty devices' slow tables do not fall on one tick."""
_RARE_SECONDS: Final = 300.0
"""Longest period of a table that is worth a plan: remembering one costs tens of kilobytes."""
_LACKING_SECONDS: Final = 3600.0
_FIRST_RETRY_SECONDS: Final = 60.0


class SnmpCollector(sdk.Source[sdk.S]):
    """Reads something of one device, every `period_seconds` and at once when the device was renewed.

    A subclass gives `collect()`. One that fails is tried again at the next tick, then ever more rarely.
    """

    period_seconds: ClassVar[float] = 0.0
    """Time between two reads; 0: with every tick."""

    def __init__(self, assignment: sdk.Assignment, settings: sdk.S) -> None:
        super().__init__(assignment, settings)
        self._device = assignment.require_device()
        usm_protocols.check(self._device.credential)
        self._session: Session | None = None
        self._deadline = 0.0
        self._due_at = float("-inf")
        self._generation = -1
        self._failures = 0
        self._began_dark = False
        self._lacking = False

    async def open(self, context: sdk.Context) -> None:
        """Take the device's session."""
        await super().open(context)
        self._session = (await context.shared.get(SnmpEngine)).session(self._device, context)

    def due(self) -> bool:
        """Tell whether the period ends nearer to this tick than to the next, or the device was renewed.

        Also when it answers again after a silence that was no fault of this collector's questions.
        """
        if self._session is None or self.period_seconds <= 0:
            return True
        if self._session.generation != self._generation:
            return True
        if self._failures and self._began_dark and not self._session.dark:
            return True
        return self.context.clock.monotonic() >= self._due_at - self.assignment.every_seconds / 2

    async def read(self) -> Sequence[sdk.Record]:
        """Return what collect() finds within the timeout."""
        self._generation, self._began_dark = self.session.generation, self.session.dark
        now = self.context.clock.monotonic()
        self._deadline = now + self.assignment.timeout_seconds
        self._due_at = now + self._retry_seconds()
        self._failures += 1  # taken back below, when there was none
        self._lacking = False
        records = await self.collect()
        self._failures = 0
        period = max(self.period_seconds, _LACKING_SECONDS) if self._lacking else self.period_seconds
        self._due_at = now + period * (1 + self.context.random.uniform(-_SPREAD, _SPREAD))
        return records

    def lacking(self) -> None:
        """Say, from within collect(), that the device has nothing of the kind: it is spared for an hour."""
        self._lacking = True

    @abstractmethod
    async def collect(self) -> Sequence[sdk.Record]:
        """Read now. SourceError says that it is to be tried again soon: PARTIAL where half of it came."""

    @property
    def session(self) -> Session:
        """The device's session; SourceError before open()."""
        if self._session is None:
            raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, f"{self._device.name} was not opened")
        return self._session

    @property
    def device(self) -> sdk.Device:
        """The device that is asked."""
        return self._device

    @property
    def key(self) -> sdk.Labels:
        """Site and device, with which the key of every row, fact and event begins."""
        return (("site", self.context.site), ("device", self._device.name))

    @property
    def left_seconds(self) -> float:
        """What is left of this read's timeout; never below zero."""
        return max(self._deadline - self.context.clock.monotonic(), 0.0)

    async def table(self, columns: Objects, scalars: Objects = ()) -> Table:
        """Return columns of a table, which may be partial or empty; types that are wrong are counted."""
        often = self.period_seconds < _RARE_SECONDS
        table = await self.session.table(columns, self.left_seconds, scalars, often=often)
        if table.wrong_types:
            report = await self.context.shared.get(EngineReport)
            report.note_wrong_types(self._device.name, table.wrong_types)
        return table

    async def whole_table(self, columns: Objects, scalars: Objects = ()) -> Table:
        """Return columns of a table; SourceError PARTIAL when only a part of it came."""
        table = await self.table(columns, scalars)
        if table.partial:
            raise sdk.SourceError(sdk.Outcome.PARTIAL, f"{self._device.name}: {table.partial}")
        return table

    def event(self, kind: str, words: str, data: dict[str, sdk.Json]) -> sdk.Event:
        """Return an event of the device that happened now; its name goes before the words."""
        stamp = self.context.clock.stamp()
        return sdk.Event(kind, self.key, f"{self._device.name}: {words}", stamp, data)

    def _retry_seconds(self) -> float:
        if self._failures == 0:
            return 0.0
        return min(_FIRST_RETRY_SECONDS * 2.0 ** min(self._failures - 1, 16), self.period_seconds)
