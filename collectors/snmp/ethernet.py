"""Errors of Ethernet ports by kind, and duplex (EtherLike-MIB, RFC 3635): read with every tenth poll."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from collectors.snmp import mib
from collectors.snmp.answers import Table
from collectors.snmp.interface_fields import Field
from collectors.snmp.ports import Names, swapped
from collectors.snmp.session import Session
from collectors.snmp.syntax import COUNTER_32, WHOLE, column
from netmon import sdk

ETHERNET: Final = "ethernet"

_EVERY: Final = 10
_AFTER_FAILURE: Final = 120
_ENTRY: Final = "1.3.6.1.2.1.10.7.2.1"
_COUNTERS: Final = (
    ("dot3StatsAlignmentErrors", 2, "Frames received that failed the frame check, not whole octets."),
    ("dot3StatsFCSErrors", 3, "Frames received that failed the frame check."),
    ("dot3StatsLateCollisions", 8, "Collisions later than may be: duplex mismatch, or too long a cable."),
    ("dot3StatsExcessiveCollisions", 9, "Frames not sent because of too many collisions."),
    ("dot3StatsInternalMacTransmitErrors", 10, "Frames not sent because of errors inside the device."),
    ("dot3StatsCarrierSenseErrors", 11, "Times that the carrier was lost or never there while sending."),
    ("dot3StatsFrameTooLongs", 13, "Frames received that were longer than allowed."),
    ("dot3StatsInternalMacReceiveErrors", 16, "Frames lost on receipt because of errors inside the device."),
    ("dot3StatsSymbolErrors", 18, "Times that invalid symbols were received while a carrier was there."),
)  # fmt: skip
_FIELDS: Final = (
    *(
        Field(column(name, f"{_ENTRY}.{number}", COUNTER_32), sdk.counter(name, words, wrap_bits=32))
        for name, number, words in _COUNTERS
    ),
    Field(
        column("dot3StatsDuplexStatus", f"{_ENTRY}.19", WHOLE),
        sdk.state("dot3StatsDuplexStatus", "Duplex of the port: 1 unknown, 2 half, 3 full."),
    ),
)
_COLUMNS: Final = tuple(field.wanted for field in _FIELDS)
ETHERNET_METRICS: Final = tuple(field.metric for field in _FIELDS)


class EthernetErrors:
    """Those of one device's ports, whose names, order and epochs are those of its `interface` reading."""

    def __init__(self) -> None:
        self._polls_until_read = 0
        self._shape: sdk.Shape | None = None

    async def readings(
        self, session: Session, ports: sdk.Reading, names: Names, stamp: sdk.Stamp, timeout_seconds: float
    ) -> list[sdk.Reading]:
        """Return a reading when it is time; nothing where a device has no such table, or gives half of it.

        `ports` was read just before, and `stamp` is now. The names of rows are read once more: of a device
        that deals its ifIndexes out anew in between nothing is taken. One that fails is spared for an hour
        of the usual polls.
        """
        self._polls_until_read -= 1
        if self._polls_until_read > 0:
            return []
        self._polls_until_read = _EVERY
        try:
            table = await session.table((*_COLUMNS, mib.IF_NAME), timeout_seconds, often=False)
        except sdk.SourceError:
            self._polls_until_read = _AFTER_FAILURE
            return []
        found = list(_aligned(table, ports))
        if table.partial or not found or swapped(names, (table.index, tuple(table[mib.IF_NAME]))):
            return []
        return [self._reading(table, ports, found, stamp)]

    def _reading(
        self, table: Table, ports: sdk.Reading, found: list[tuple[int, int]], stamp: sdk.Stamp
    ) -> sdk.Reading:
        rows = tuple(sdk.Row(row.key, row.info) for row in (ports.shape.rows[at] for at, _ in found))
        if self._shape is None or self._shape.rows != rows:
            self._shape = sdk.Shape(ETHERNET, ETHERNET_METRICS, rows)
        return sdk.Reading(
            self._shape,
            stamp,
            tuple([table[wanted][place] for _, place in found] for wanted in _COLUMNS),
            (sdk.Outcome.OK,) * len(rows),
            tuple(ports.epochs[at] for at, _ in found) if ports.epochs else (),
        )


def _aligned(table: Table, ports: sdk.Reading) -> Iterator[tuple[int, int]]:
    """Yield each port that the table has values of: its row in the reading, and its row in the table."""
    places = {str(index[0]): place for place, index in enumerate(table.index) if len(index) == 1}
    for at, row in enumerate(ports.shape.rows):
        place = places.get(dict(row.info).get("ifIndex", ""))
        if place is not None and any(table[wanted][place] is not None for wanted in _COLUMNS):
            yield at, place
