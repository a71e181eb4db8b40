"""Read the tables that rules speak of, as cheaply as they allow.

A table is described once: all columns, and what they join. From then on only the columns that move are
read, until rows come or go or an hour has passed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from collectors.rules.model import Join, TableRule
from collectors.rules.objects import Cell, wanted
from collectors.snmp import ber
from collectors.snmp.answers import Table
from collectors.snmp.ber import Oid
from collectors.snmp.session import Session
from collectors.snmp.syntax import MibObject
from netmon import sdk

_DESCRIBE_SECONDS: Final = 3600.0
_SCALAR: Final = (0,)


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One row: its index, and its cells by the rule's names for columns; absent ones are missing."""

    index: Oid
    cells: Mapping[str, Cell]
    places: Mapping[str, Oid]

    def oid(self, column: str) -> str:
        """Return the identifier of one cell's object, with its instance."""
        return ber.dotted((*self.places[column], *self.index)) if column in self.places else ""


@dataclass(frozen=True, slots=True)
class _Joined:
    """A column of another table, by its index."""

    name: str
    join: Join
    cells: Mapping[Oid, Cell]
    partial: str

    def of(self, row: RuleRow) -> Cell | None:
        return self.cells.get(_join_index(self.join, row))


class TableReader:
    """One table of one device. `moving` are the columns to read each time."""

    def __init__(self, rule: TableRule, moving: Collection[str]) -> None:
        self.rule = rule
        self.places = {name: column_oid(rule, place) for name, place in rule.columns.items()}
        self._moving = [name for name in rule.columns if name in moving]
        self._numbers: frozenset[str] = frozenset()
        self._steady: dict[Oid, dict[str, Cell]] = {}
        self._index: tuple[Oid, ...] | None = None
        self._describe_at = 0.0
        self.partial = ""
        """Why rows may be missing from the last read; empty: all came."""

    @property
    def had_rows(self) -> bool:
        """Tell whether the last read that came through gave any rows."""
        return bool(self._steady)

    async def rows(self, session: Session, timeout_seconds: float, clock: sdk.Clock) -> list[RuleRow]:
        """Return the rows; SourceError when the device does not answer."""
        deadline = clock.monotonic() + timeout_seconds
        if self._index is not None and clock.monotonic() < self._describe_at:
            table = await session.table(self._asked(self._moving), timeout_seconds)
            self.partial = table.partial
            if table.partial or (table.index == self._index and not table.wrong_types):
                return self._rows(table, self._moving)
        return await self._described(session, deadline, clock)

    async def _described(self, session: Session, deadline: float, clock: sdk.Clock) -> list[RuleRow]:
        """Read all columns and what they join; a text that did not come now is that of before."""
        self._numbers, self._index = frozenset(), None
        names = list(self.rule.columns)
        left = max(deadline - clock.monotonic(), 0.0)
        table = await session.table(self._asked(names), left, often=False)
        joined = [
            await self._joined(session, max(deadline - clock.monotonic(), 0.0), name)
            for name in self.rule.join
        ]
        self.partial = next(filter(None, (table.partial, *(one.partial for one in joined))), "")
        before, self._steady = self._steady, {}
        for row in self._made(table, names, {}):
            kept = before.get(row.index, {}) if self.partial else {}
            steady = {
                name: row.cells[name] for name in names if name in row.cells and name not in self._moving
            }
            found = kept | steady | {one.name: cell for one in joined if (cell := one.of(row)) is not None}
            if all(one.name in found or not one.partial for one in joined):
                self._steady[row.index] = found
        self._numbers = frozenset(name for name in self._moving if _all_numbers(table.columns[name]))
        if not self.partial:
            self._index, self._describe_at = table.index, clock.monotonic() + _DESCRIBE_SECONDS
        return self._rows(table, names)

    async def _joined(self, session: Session, timeout_seconds: float, name: str) -> _Joined:
        join = self.rule.join[name]
        column = wanted("joined", ber.oid(join.oid), number=False)
        table = await session.table((column,), timeout_seconds, often=False)
        cells = zip(table.index, table[column], strict=True)
        return _Joined(name, join, {index: cell for index, cell in cells if cell is not None}, table.partial)

    def _asked(self, names: Sequence[str]) -> tuple[MibObject[Cell], ...]:
        return tuple(wanted(name, self.places[name], number=name in self._numbers) for name in names)

    def _rows(self, table: Table, names: Sequence[str]) -> list[RuleRow]:
        """Return the rows whose texts are known."""
        return [row for row in self._made(table, names, self._steady) if row.index in self._steady]

    def _made(
        self, table: Table, names: Sequence[str], steady: Mapping[Oid, Mapping[str, Cell]]
    ) -> Iterator[RuleRow]:
        columns = [table.columns[name] for name in names]
        for at, index in enumerate(table.index):
            if self.rule.scalars and index != _SCALAR:
                continue
            cells = dict(steady.get(index, ()))
            for name, column in zip(names, columns, strict=True):
                cell = column[at]
                if isinstance(cell, int | float | bytes | tuple):
                    cells[name] = cell
            yield RuleRow(index, cells, self.places)


def column_oid(rule: TableRule, place: int | str) -> Oid:
    """Return the identifier of a column, without its instance."""
    return (*ber.oid(rule.entry), place) if isinstance(place, int) else ber.oid(place)


def _all_numbers(column: Sequence[object]) -> bool:
    return all(cell is None or isinstance(cell, int) for cell in column) and any(
        cell is not None for cell in column
    )


def _join_index(join: Join, row: RuleRow) -> Oid:
    if join.by:
        cell = row.cells.get(join.by)
        if isinstance(cell, tuple):
            return cell
        return (cell,) if isinstance(cell, int) else ()
    if not join.index:
        return _SCALAR
    return tuple(row.index[at - 1] for at in join.index if at <= len(row.index))
