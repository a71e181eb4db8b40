"""The ports of a device: ifTable and ifXTable as one table, one row per port (RFC 2863).

Counters and states are read with every poll; names, types and speeds every tenth, and at once when the
device restarted, the set of rows changed, or ifNumber or ifTableLastChange moved. A port is known by
its name, never by its ifIndex.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import chain
from typing import ClassVar, Final

from collectors.snmp import mib, usm_protocols
from collectors.snmp.answers import Table
from collectors.snmp.discontinuity import Counted, Epochs
from collectors.snmp.engine import SnmpEngine
from collectors.snmp.interface_fields import (
    DISCONTINUITY,
    FAST,
    HIGH_CAPACITY,
    INFOS,
    LOW_CAPACITY,
    SLOW,
    Field,
)
from collectors.snmp.ports import DESCRIBING, Ports, changes, ports_of
from collectors.snmp.report import EngineReport
from collectors.snmp.session import Session
from collectors.snmp.uptime import Uptime, restarted
from netmon import sdk

INTERFACE: Final = "interface"

_DESCRIBE_EVERY: Final = 10
_MARKS: Final = (mib.IF_NUMBER, mib.IF_TABLE_LAST_CHANGE)

_MOST_NAMES: Final = 20

log = logging.getLogger(__name__)

Column = Sequence[int | None]


def metrics_of(fields: Sequence[Field]) -> tuple[sdk.Metric, ...]:
    """Return the columns of a reading that has these fields beside what is always there."""
    return (*(field.metric for field in (*fields, *SLOW)), *INFOS)


class InterfacesCollector(sdk.Source[sdk.NoSettings]):
    """Reads all ports of one device."""

    metrics: ClassVar[dict[str, tuple[sdk.Metric, ...]]] = {INTERFACE: metrics_of((*FAST, *LOW_CAPACITY))}
    settings_type = sdk.NoSettings

    def __init__(self, assignment: sdk.Assignment, settings: sdk.NoSettings) -> None:
        super().__init__(assignment, settings)
        self._device = assignment.require_device()
        usm_protocols.check(self._device.credential)
        self._session: Session | None = None
        self._ports = Ports((), {})
        self._polls_until_described = 0
        self._fields: tuple[Field, ...] = FAST
        self._marks: tuple[int | None, ...] = ()
        self._uptime: Uptime | None = None
        self._epochs: Epochs | None = None
        self._shape: sdk.Shape | None = None
        self._partial = ""

    async def open(self, context: sdk.Context) -> None:
        """Take the device's session."""
        await super().open(context)
        self._session = (await context.shared.get(SnmpEngine)).session(self._device, context)

    async def read(self) -> Sequence[sdk.Record]:
        """Return one reading of all ports, and an event for each kind of change among them."""
        clock = self.context.clock
        deadline = clock.monotonic() + self.assignment.timeout_seconds
        stamp = clock.stamp()
        events: list[sdk.Event] = []
        described = self._polls_until_described == 0
        if described:
            events += await self._describe(deadline, stamp)
        table = await self._count(deadline)
        again = self._restarted(table, stamp)
        if again and self._epochs is not None:
            self._epochs.restart()
        if (self._moved(table) or again) and not described:
            events += await self._describe(deadline, stamp)
        self._polls_until_described -= 1
        self._note_partial(table.partial)
        reading, reset = self._reading(table, stamp)
        return [reading, *events, *reset, *self._noticed(stamp)]

    def _noticed(self, stamp: sdk.Stamp) -> list[sdk.Event]:
        key = (("site", self.context.site), ("device", self._device.name))
        return [] if self._session is None else self._session.events(key, stamp)

    async def _table(self, fields: Sequence[Field], deadline: float, *, describing: bool = False) -> Table:
        if self._session is None:
            raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, f"{self._device.name} was not opened")
        columns = [field.wanted for field in fields]
        left = deadline - self.context.clock.monotonic()
        table = await self._session.table((*columns, *(DESCRIBING if describing else ())), left, _MARKS)
        if table.wrong_types:
            report = await self.context.shared.get(EngineReport)
            report.note_wrong_types(self._device.name, table.wrong_types)
        return table

    async def _describe(self, deadline: float, stamp: sdk.Stamp) -> list[sdk.Event]:
        """Read what the ports are; return what changed since the last time."""
        table = await self._table(SLOW, deadline, describing=True)
        before = self._ports
        if table.partial and before.ports:
            return []  # half a table would make ports vanish; the next poll tries again
        self._polls_until_described = _DESCRIBE_EVERY
        self._ports = ports_of(table)
        if not before.ports:
            return []
        return [
            self._event(change.kind, change.words, change.names, stamp)
            for change in changes(before.ports, self._ports.ports)
        ]

    async def _count(self, deadline: float) -> Table:
        """Read counters and states; the 32-bit counters too where a port lacks a 64-bit one."""
        table = await self._table(self._fields, deadline)
        high = chain.from_iterable(table[field.wanted] for field in HIGH_CAPACITY)
        wanted = (*FAST, *LOW_CAPACITY) if None in high else FAST
        if self._fields is not FAST or wanted is FAST or table.partial:
            return table
        self._fields = wanted
        return await self._table(self._fields, deadline)

    def _restarted(self, table: Table, stamp: sdk.Stamp) -> bool:
        hundredths = table.uptime[0]
        if hundredths is None:
            return False
        before, self._uptime = self._uptime, Uptime(hundredths, stamp.boottime_ns / 1e9)
        return before is not None and restarted(before, self._uptime)

    def _moved(self, table: Table) -> bool:
        """Tell whether the ports may be others than those described last."""
        marks = tuple(table.scalars[mark] for mark in _MARKS)
        before, self._marks = self._marks, marks
        rows_differ = table.index != self._ports.index and not table.partial
        return rows_differ or before not in ((), marks)

    def _reading(self, table: Table, stamp: sdk.Stamp) -> tuple[sdk.Reading, list[sdk.Event]]:
        shape = self._shape = self._make_shape()
        columns = self._aligned(table)
        _prefer_high_capacity(columns, self._fields)
        epochs, fallen = self._note(columns, stamp)
        measured = [columns[field.metric.name] for field in self._fields]
        texts = [dict(row.texts) for row in shape.rows]
        infos = [[1 if info.name in text else None for text in texts] for info in INFOS]
        slow = [self._ports.slow[field.metric.name] for field in SLOW]
        outcomes = tuple(outcome_of(cells, table.partial) for cells in zip(*measured, strict=True))
        reading = sdk.Reading(shape, stamp, (*measured, *slow, *infos), outcomes, epochs)
        words = "counters fell without a restart"
        return reading, [self._event("counters_reset", words, fallen, stamp)] if fallen else []

    def _make_shape(self) -> sdk.Shape:
        """Return the shape of before for as long as rows and metrics are the same."""
        wan = self._device.wan
        rows = tuple(
            port.row(self.context.site, self._device.name, wan.get(port.key, ""))
            for port in self._ports.ports
        )
        metrics = metrics_of(self._fields)
        if self._shape is not None and self._shape.rows == rows and self._shape.metrics == metrics:
            return self._shape
        return sdk.Shape(INTERFACE, metrics, rows)

    def _aligned(self, table: Table) -> dict[str, Column]:
        """Return the table's columns in the order of the ports; None for a port it lacks."""
        columns = {field.metric.name: table[field.wanted] for field in self._fields}
        if table.index == self._ports.index:
            return columns
        place = {row: at for at, row in enumerate(table.index)}
        places = [place.get(row) for row in self._ports.index]
        return {
            name: [None if at is None else column[at] for at in places] for name, column in columns.items()
        }

    def _note(self, columns: dict[str, Column], stamp: sdk.Stamp) -> tuple[tuple[int, ...], Sequence[str]]:
        if self._epochs is None:
            self._epochs = Epochs(stamp.wall_ms)
        ports = self._ports.ports
        counts = zip(*(columns[field.metric.name] for field in HIGH_CAPACITY), strict=True)
        restarts = columns[DISCONTINUITY.metric.name]
        return self._epochs.note(
            {
                port.key: Counted(port.index, restart, count)
                for port, restart, count in zip(ports, restarts, counts, strict=True)
            }
        )

    def _note_partial(self, partial: str) -> None:
        """Log when the device begins or ceases to give half a table."""
        if partial and not self._partial:
            log.warning("%s: only a part of the interfaces came: %s", self._device.name, partial)
        elif self._partial and not partial:
            log.info("%s: all interfaces come again", self._device.name)
        self._partial = partial

    def _event(self, kind: str, words: str, names: Sequence[str], stamp: sdk.Stamp) -> sdk.Event:
        shown = ", ".join(names[:_MOST_NAMES]) + (" ..." if len(names) > _MOST_NAMES else "")
        key = (("site", self.context.site), ("device", self._device.name))
        data = {"interfaces": list(names)}
        return sdk.Event(kind, key, f"{self._device.name}: {shown} {words}", stamp, data)


def outcome_of(cells: Column, partial: str) -> sdk.Outcome:
    """Return a row's outcome: a cell that is missing from half a table may exist on the device."""
    known = len(cells) - cells.count(None)
    whole = known == len(cells) if partial else known > 0
    return sdk.Outcome.OK if whole else sdk.Outcome.PARTIAL


def _prefer_high_capacity(columns: dict[str, Column], fields: Sequence[Field]) -> None:
    """Drop the 32-bit counters of ports that have the 64-bit ones."""
    for field in fields:
        better = LOW_CAPACITY.get(field)
        if better is not None:
            pairs = zip(columns[field.metric.name], columns[better], strict=True)
            columns[field.metric.name] = [low if high is None else None for low, high in pairs]
