"""Which terms hold on which day: the past is judged by the contract of its day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from netmon.errors import Mistake
from netmon.evidence.inputs.table import Line, Table, read_table
from netmon.evidence.inputs.terms import Terms


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days, both included, on which the same terms hold; None: no contract is known for them."""

    first: date
    last: date
    terms: Terms | None


class ContractBook:
    """The terms of all circuits, in order of their first days."""

    def __init__(self, rows: Iterable[Terms]) -> None:
        self._rows: dict[str, list[Terms]] = {}
        for row in sorted(rows, key=lambda row: (row.circuit, row.starts)):
            self._rows.setdefault(row.circuit, []).append(row)

    @property
    def circuits(self) -> tuple[str, ...]:
        """All circuits that have terms."""
        return tuple(self._rows)

    def of_site(self, site: str) -> tuple[str, ...]:
        """Return the circuits that any terms name for a site."""
        return tuple(name for name, rows in self._rows.items() if any(row.site == site for row in rows))

    def at(self, site: str, circuit: str) -> ContractBook:
        """Return the terms without those of a circuit that name another site; other circuits keep theirs."""
        return ContractBook(
            row
            for rows in self._rows.values()
            for row in rows
            if row.circuit != circuit or row.site is None or row.site == site
        )

    def on(self, circuit: str, day: date) -> Terms | None:
        """Return the terms of a day: the row that began last, unless it has ended; None: not known."""
        begun = [row for row in self._rows.get(circuit, ()) if row.starts <= day]
        return begun[-1] if begun and begun[-1].holds(day) else None

    def stretches(self, circuit: str, first: date, last: date) -> Iterator[Stretch]:
        """Yield the days from first to last, cut where the terms change."""
        edges = {first}
        for row in self._rows.get(circuit, ()):
            edges.add(row.starts)
            if row.ends is not None:
                edges.add(row.ends + timedelta(days=1))
        inside = sorted(edge for edge in edges if first <= edge <= last)
        for begin, after in pairwise([*inside, last + timedelta(days=1)]):
            yield Stretch(begin, after - timedelta(days=1), self.on(circuit, begin))


def read_contracts(file: str, text: str) -> Table[Terms]:
    """Check a contracts file, rows against each other included."""
    table = read_table(file, text, Terms)
    return Table(file, table.lines, (*table.mistakes, *_clashes(file, table.lines)))


def _clashes(file: str, lines: Iterable[Line[Terms]]) -> Iterator[Mistake]:
    ordered = sorted(lines, key=lambda line: (line.row.circuit, line.row.starts))
    for earlier, later in pairwise(ordered):
        if earlier.row.circuit != later.row.circuit:
            continue
        where = f'line {later.number}, column "from"'
        if earlier.row.starts == later.row.starts:
            problem = f"{later.row.circuit} has other terms from the same day on line {earlier.number}"
            yield Mistake(file, where, problem, "a change of terms begins on a day of its own")
        elif earlier.row.ends is not None and earlier.row.ends >= later.row.starts:
            problem = f"{later.row.circuit} still has the terms of line {earlier.number} on that day"
            yield Mistake(file, where, problem, "end those the day before, or leave their `to` empty")
