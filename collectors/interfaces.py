"""The ports of a device: ifTable and ifXTable as one table, one row per port (RFC 2863).

Counters, states and ifName are read with every poll; types, speeds and other texts every tenth, and at
once when the device restarted, a row's name or the set of rows changed, or ifNumber or ifTableLastChange
moved. A port is known by its name, never by its ifIndex, and counters are kept only where the poll that
brought them proves whose they are.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import chain
from typing import ClassVar, Final

from collectors.snmp import mib
from collectors.snmp.answers import Table
from collectors.snmp.collector import SnmpCollector
from collectors.snmp.discontinuity import Columns, Epochs
from collectors.snmp.ethernet import ETHERNET, ETHERNET_METRICS, EthernetErrors
from collectors.snmp.interface_fields import (
    DISCONTINUITY,
    FAST,
    HIGH_CAPACITY,
    LOW_CAPACITY,
    SLOW,
    Field,
)
from collectors.snmp.known_ports import KnownPorts
from collectors.snmp.port_shape import INTERFACE, Place, PortShape, metrics_of, outcomes_of, port_shape
from collectors.snmp.ports import DESCRIBING, SHARED_NAMES, Names, Ports, changes, ports_of, swapped
from collectors.snmp.uptime import Uptime, restarted
from netmon import sdk

_DESCRIBE_EVERY: Final = 10
_MARKS: Final = (mib.IF_NUMBER, mib.IF_TABLE_LAST_CHANGE)

_MOST_NAMES: Final = 20

log = logging.getLogger(__name__)

Column = Sequence[int | None]


class InterfacesCollector(SnmpCollector[sdk.NoSettings]):
    """Reads all ports of one device."""

    metrics: ClassVar[dict[str, tuple[sdk.Metric, ...]]] = {
        INTERFACE: metrics_of((*FAST, *LOW_CAPACITY)),
        ETHERNET: ETHERNET_METRICS,
    }
    settings_type = sdk.NoSettings

    def __init__(self, assignment: sdk.Assignment, settings: sdk.NoSettings) -> None:
        super().__init__(assignment, settings)
        self._ports = Ports((), {})
        self._polls_until_described = 0
        self._fields: tuple[Field, ...] = FAST
        self._marks: tuple[int | None, ...] = ()
        self._uptime: Uptime | None = None
        self._epochs: Epochs | None = None
        self._look: PortShape | None = None
        self._partial = ""
        self._named_by = mib.IF_NAME
        """What proves with every poll which port a row is: ifDescr where the device has no ifName."""
        self._names: Names = ((), ())
        self._told_shared = False
        self._ethernet = EthernetErrors()

    async def collect(self) -> Sequence[sdk.Record]:
        """Return one reading of all ports, and an event for each kind of change among them."""
        events: list[sdk.Event] = []
        described = self._polls_until_described <= 0
        if described:
            events += await self._describe()
        stamp = self.context.clock.stamp()  # of the counters: describing first takes a while
        table = await self._count()
        again = self._restarted(table, stamp)
        if again and self._epochs is not None:
            self._epochs.restart()
        if (self._moved(table) or again) and not described:
            events += await self._describe()
        if self._others(table):
            detail = f"{self.device.name}: ports changed places while they were read"
            raise sdk.SourceError(sdk.Outcome.PARTIAL, detail)
        self._polls_until_described -= 1
        self._note_partial(table.partial)
        reading, reset = self._reading(table, stamp)
        if reset:  # a card that was swapped for one of the same kind shows in nothing else here
            self.session.renewed()
        noticed = self.session.events(self.key, stamp)
        ethernet = await self._ethernet.readings(
            self.session, reading, self._names, self.context.clock.stamp(), self.left_seconds
        )
        return [reading, *ethernet, *self._shared(stamp), *events, *reset, *noticed]

    def _shared(self, stamp: sdk.Stamp) -> list[sdk.Fact]:
        """Return the fact about names that several ports have, once there are any."""
        names = self._ports.shared_names
        if not names and not self._told_shared:
            return []
        self._told_shared = True
        return [sdk.Fact(SHARED_NAMES, self.key, names, stamp)]

    async def _fields_of(self, fields: Sequence[Field], *, describing: bool = False) -> Table:
        texts = DESCRIBING if describing else (self._named_by,)
        return await self.table((*(field.wanted for field in fields), *texts), _MARKS)

    async def _describe(self) -> list[sdk.Event]:
        """Read what the ports are; return what changed since the last time."""
        stamp = self.context.clock.stamp()
        table = await self._fields_of(SLOW, describing=True)
        before = self._ports
        if table.partial and before.ports:
            self._polls_until_described = 0
            return []  # half a table would make ports vanish; the next poll tries again
        self._polls_until_described = _DESCRIBE_EVERY
        self._ports = self._unchanged(ports_of(table))
        self._named_by = mib.IF_NAME if any(table[mib.IF_NAME]) else mib.IF_DESCR
        self._names = self._names_in(table)
        found = () if not before.ports else changes(before.ports, self._ports.ports)
        events = [self._event(change.kind, change.words, change.names, stamp) for change in found]
        await self._tell_others(table, changed=bool(events))
        return events

    async def _tell_others(self, table: Table, *, changed: bool) -> None:
        """Let the device's other collectors know its ports, and that what they know of it is old."""
        if changed:
            self.session.renewed()
        if not table.partial:
            (await self.context.shared.get(KnownPorts)).note(self.session, self._ports.ports)

    def _unchanged(self, ports: Ports) -> Ports:
        """Return the ports of before when they are the same, so that all that was derived from them stays."""
        return self._ports if ports == self._ports else ports

    async def _count(self) -> Table:
        """Read counters and states; the 32-bit counters too where a port lacks a 64-bit one."""
        table = await self._fields_of(self._fields)
        high = chain.from_iterable(table[field.wanted] for field in HIGH_CAPACITY)
        wanted = (*FAST, *LOW_CAPACITY) if None in high else FAST
        if self._fields is not FAST or wanted is FAST or table.partial:
            return table
        self._fields = wanted
        return await self._fields_of(self._fields)

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
        return rows_differ or before not in ((), marks) or self._others(table)

    def _names_in(self, table: Table) -> Names:
        return table.index, tuple(table[self._named_by])

    def _others(self, table: Table) -> bool:
        """Tell whether a row has another name than the port that was described under its ifIndex."""
        if self._named_by.name not in table.columns:
            return True  # counted by ifDescr, described by ifName since, or the other way round
        names = self._names_in(table)
        return names != self._names and swapped(self._names, names)

    def _reading(self, table: Table, stamp: sdk.Stamp) -> tuple[sdk.Reading, list[sdk.Event]]:
        look = self._look = self._made_look()
        columns = self._aligned(table, look)
        _prefer_high_capacity(columns, self._fields)
        epochs, fallen = self._note(columns, look, stamp)
        measured = [columns[field.metric.name] for field in self._fields]
        outcomes = outcomes_of(measured, table.partial, look)
        reading = sdk.Reading(look.shape, stamp, (*measured, *look.steady), outcomes, epochs)
        words = "counters fell without a restart"
        return reading, [self._event("counters_reset", words, fallen, stamp)] if fallen else []

    def _made_look(self) -> PortShape:
        look = self._look
        if look is not None and look.ports is self._ports and look.fields is self._fields:
            return look
        place = Place(self.context.site, self.device.name, self.device.wan)
        return port_shape(self._ports, self._fields, place, look)

    def _aligned(self, table: Table, look: PortShape) -> dict[str, Column]:
        """Return the table's columns in the order of the ports; None for a port it lacks."""
        columns = {field.metric.name: table[field.wanted] for field in self._fields}
        if table.index == look.index:
            return columns
        place = {row: at for at, row in enumerate(table.index)}
        places = [place.get(row) for row in look.index]
        return {
            name: [None if at is None else column[at] for at in places] for name, column in columns.items()
        }

    def _note(
        self, columns: dict[str, Column], look: PortShape, stamp: sdk.Stamp
    ) -> tuple[tuple[int, ...], Sequence[str]]:
        if self._epochs is None:
            self._epochs = Epochs(stamp.wall_ms)
        counts = tuple(columns[field.metric.name] for field in HIGH_CAPACITY)
        restarts = columns[DISCONTINUITY.metric.name]
        return self._epochs.note_columns(Columns(look.keys, look.indexes, restarts, counts))

    def _note_partial(self, partial: str) -> None:
        """Log when the device begins or ceases to give half a table."""
        if partial and not self._partial:
            log.warning("%s: only a part of the interfaces came: %s", self.device.name, partial)
        elif self._partial and not partial:
            log.info("%s: all interfaces come again", self.device.name)
        self._partial = partial

    def _event(self, kind: str, words: str, names: Sequence[str], stamp: sdk.Stamp) -> sdk.Event:
        shown = ", ".join(names[:_MOST_NAMES]) + (" ..." if len(names) > _MOST_NAMES else "")
        data = {"interfaces": list(names)}
        return sdk.Event(kind, self.key, f"{self.device.name}: {shown} {words}", stamp, data)


def _prefer_high_capacity(columns: dict[str, Column], fields: Sequence[Field]) -> None:
    """Drop the 32-bit counters of ports that have the 64-bit ones."""
    for field in fields:
        better = LOW_CAPACITY.get(field)
        if better is not None:
            pairs = zip(columns[field.metric.name], columns[better], strict=True)
            columns[field.metric.name] = [low if high is None else None for low, high in pairs]
