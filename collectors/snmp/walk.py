"""One sweep over the columns of a table: cursors, guards, and the cells that came.

A hostile or broken agent must not make it run for ever: each column's instances must increase and
stay inside the column, and rows and octets have caps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from collectors.snmp import ber
from collectors.snmp.answers import Table, Values
from collectors.snmp.ber import BerError, Oid
from collectors.snmp.message import Varbind
from collectors.snmp.syntax import MibObject

MAX_ROWS: Final = 10_000
MAX_OCTETS: Final = 8 << 20


class WalkBroken(BerError):  # noqa: N818 - it names what happened to the walk
    """The agent's answers cannot be followed any further; what came before is good."""


@dataclass(slots=True, eq=False)
class Cursor:
    """One column: how far it was read, and the cells found, by the encoded index of their row."""

    wanted: MibObject[object]
    cells: dict[bytes, object] = field(default_factory=dict)
    last: bytes = b""
    done: bool = False

    @property
    def name(self) -> bytes:
        """Return the name whose successor is asked for next."""
        return self.wanted.encoded + self.last


class Walk:
    """The state of one sweep."""

    def __init__(self, columns: Iterable[MibObject[object]]) -> None:
        self.cursors = tuple(map(Cursor, columns))
        self.octets = 0
        self.varbinds = 0
        self.wrong_types = 0
        self._arcs: dict[bytes, Oid] = {b"": ()}

    @property
    def found(self) -> bool:
        """Tell whether any cell has come."""
        return any(cursor.cells for cursor in self.cursors)

    def ahead(self, width: int) -> list[Cursor]:
        """Return the first columns, at most `width`, that have not come to their end."""
        return [cursor for cursor in self.cursors if not cursor.done][:width]

    def octets_per_varbind(self) -> int:
        """Return what a varbind of this table took so far; a guess before the first."""
        return self.octets // self.varbinds if self.varbinds else 24

    def rows(self) -> int:
        """Return how many rows were found so far."""
        return len(self._arcs) - 1

    def take(
        self, datagram: bytes, varbinds: Sequence[Varbind], asked: Sequence[Cursor]
    ) -> Sequence[tuple[MibObject[object], bytes] | None]:
        """Take the repeaters of one reply, row after row; WalkBroken when no agent may answer so.

        Returns the object and the row of each varbind, None where it is no cell. Each varbind
        advances its column, ends it or breaks the walk, so that the sweep ends.
        """
        if not varbinds:
            raise WalkBroken("a reply without any variable")
        self.octets += len(datagram)
        self.varbinds += len(varbinds)
        width = len(asked)
        places: list[tuple[MibObject[object], bytes] | None] = []
        for at, varbind in enumerate(varbinds):
            cursor = asked[at % width]
            # GETBULK goes on behind a column's end; that is the next column's matter
            came = not cursor.done and self._step(cursor, varbind, datagram)
            places.append((cursor.wanted, cursor.last) if came else None)
        if len(self._arcs) > MAX_ROWS:
            raise WalkBroken(f"more than {MAX_ROWS} rows")
        if self.octets > MAX_OCTETS:
            raise WalkBroken(f"more than {MAX_OCTETS} octets")
        return places

    def _step(self, cursor: Cursor, varbind: Varbind, datagram: bytes) -> bool:
        """Take one varbind; False when it ends its column."""
        name, tag, start, stop = varbind
        prefix = cursor.wanted.encoded
        if not name.startswith(prefix):
            self._leave(cursor, varbind)
            return False
        row = name[len(prefix) :]
        arcs = self._arcs.get(row)
        if arcs is None:
            arcs = self._arcs[row] = ber.decode_arcs(row)
        if arcs <= self._arcs[cursor.last]:
            if tag < ber.NO_SUCH_OBJECT:
                raise WalkBroken(f"{cursor.wanted.name}: names do not increase")
            cursor.done = True  # endOfMibView, or an agent that has no such column and says so
            return False
        cursor.last = row
        cursor.cells[row] = self._value(cursor.wanted, tag, datagram[start:stop])
        return True

    @staticmethod
    def _leave(cursor: Cursor, varbind: Varbind) -> None:
        """End a column at a name behind it; a name before it is a reply with swapped or foreign names."""
        if varbind.tag < ber.NO_SUCH_OBJECT and ber.decode_oid(varbind.name) <= cursor.wanted.oid:
            raise WalkBroken(f"{cursor.wanted.name}: another variable than the one asked for")
        cursor.done = True

    def _value(self, wanted: MibObject[object], tag: int, content: bytes) -> object:
        """Return a cell; noSuchObject, noSuchInstance and endOfMibView inside a table are *not known*."""
        value = wanted.read(tag, content)
        self.wrong_types += value is None and tag < ber.NO_SUCH_OBJECT
        return value

    def order(self) -> list[bytes]:
        """Return the encoded indexes of all rows, in ascending order."""
        rows: dict[bytes, None] = {}
        for cursor in self.cursors:
            rows.update(dict.fromkeys(cursor.cells))
        return sorted(rows, key=self._arcs.__getitem__)

    def table(self, scalars: Values, uptime: tuple[int | None, int | None], partial: str) -> Table:
        """Return what was found as columns over the rows of all of them, in ascending order."""
        order = self.order()
        return Table(
            index=tuple(self._arcs[row] for row in order),
            scalars=scalars,
            uptime=uptime,
            partial=partial,
            wrong_types=self.wrong_types,
            columns={cursor.wanted.name: [cursor.cells.get(row) for row in order] for cursor in self.cursors},
        )
