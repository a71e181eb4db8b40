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

    async def rows(self, session: Session, timeout_seconds: float, now: float) -> list[RuleRow]:
        """Return the rows; SourceError when the device does not answer. `now` is monotonic."""
        if self._index is None or now >= self._describe_at:
            return await self._described(session, timeout_seconds, now)
        table = await session.table(self._asked(self._moving), timeout_seconds)
        if table.index != self._index or table.wrong_types:
            return await self._described(session, timeout_seconds, now)
        return self._rows(table, self._moving)

    async def _described(self, session: Session, timeout_seconds: float, now: float) -> list[RuleRow]:
        self._numbers, self._index = frozenset(), None
        names = list(self.rule.columns)
        table = await session.table(self._asked(names), timeout_seconds)
        joined = {
            name: await self._joined(session, timeout_seconds, join) for name, join in self.rule.join.items()
        }
        steady = [name for name in names if name not in self._moving]
        self._steady = {}
        for row in self._rows(table, names):
            cells = {name: row.cells[name] for name in steady if name in row.cells}
            for name, join in self.rule.join.items():
                found = joined[name].get(_join_index(join, row))
                if found is not None:
                    cells[name] = found
            self._steady[row.index] = cells
        self._numbers = frozenset(name for name in self._moving if _all_numbers(table.columns[name]))
        if not table.partial:
            self._index, self._describe_at = table.index, now + _DESCRIBE_SECONDS
        return self._rows(table, names)

    async def _joined(self, session: Session, timeout_seconds: float, join: Join) -> dict[Oid, Cell]:
        column = wanted("joined", ber.oid(join.oid), number=False)
        table = await session.table((column,), timeout_seconds)
        cells = zip(table.index, table[column], strict=True)
        return {index: cell for index, cell in cells if cell is not None}

    def _asked(self, names: Sequence[str]) -> tuple[MibObject[Cell], ...]:
        return tuple(wanted(name, self.places[name], number=name in self._numbers) for name in names)

    def _rows(self, table: Table, names: Sequence[str]) -> list[RuleRow]:
        return [row for row in self._made(table, names) if not self.rule.scalars or row.index == _SCALAR]

    def _made(self, table: Table, names: Sequence[str]) -> Iterator[RuleRow]:
        columns = [table.columns[name] for name in names]
        for at, index in enumerate(table.index):
            cells = dict(self._steady.get(index, ()))
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
