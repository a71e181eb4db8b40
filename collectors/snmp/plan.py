"""A table as it was last read: which requests, which replies, and where in these each cell is.

A sweep that went well is kept as a plan. The next poll sends the same requests, and as long as the
replies differ in numbers only, no name and no value is looked at one by one.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from collectors.snmp import mib
from collectors.snmp.answers import Table, Values
from collectors.snmp.ber import Oid
from collectors.snmp.message import Header, Request, Varbind, decode_varbinds
from collectors.snmp.syntax import MibObject
from collectors.snmp.template import Template, Wanted

Objects = Sequence[MibObject[object]]
Place = tuple[MibObject[object], bytes]
"""An object and the encoded index of its row; b"" for a scalar."""

_MOST_STEPS: Final = 1000
"""Longer tables are swept: their templates would take too much memory."""


class Taken(NamedTuple):
    """One reply of a sweep, and where its varbinds went; None for one that was of no use."""

    request: Request
    body: bytes
    header: Header
    varbinds: Sequence[Varbind]
    places: Sequence[Place | None]


class PlanStep:
    """One request, and the reply that it had last."""

    __slots__ = ("leading", "leads", "request", "template", "wanted")

    def __init__(self, taken: Taken, known: dict[Wanted, Wanted]) -> None:
        """Keep what is asked and learn; steps that want the same share it, by way of `known`."""
        self.request = taken.request
        wanted = tuple(place and place[0] for place in taken.places)
        self.wanted: Wanted = known.setdefault(wanted, wanted)
        self.leads = sum(place is not None and not place[1] for place in taken.places)
        self._learn(taken.body, taken.header, taken.varbinds)

    def _learn(self, body: bytes, header: Header, varbinds: Sequence[Varbind]) -> None:
        self.template = Template(body, header, varbinds, self.wanted)
        # Scalars come before the cells. Their numbers are kept apart, so that those of cells are regular.
        self.leading = sum(at < self.leads for at in self.template.moving)

    def relearn(self, body: bytes, header: Header) -> bool:
        """Learn from a reply whose numbers or texts changed their size; False when more than that changed."""
        varbinds = decode_varbinds(body, header, self.request.most)
        if not self.template.fits(header, varbinds, self.wanted):
            return False
        try:
            self._learn(body, header, varbinds)
        except ValueError:
            return False
        return True


class Plan:
    """All requests of one table of one device."""

    def __init__(
        self, steps: Sequence[Taken], columns: Objects, index: tuple[Oid, ...], rows: Sequence[bytes]
    ) -> None:
        """Learn a whole sweep over `rows`, the encoded indexes in order; ValueError when it cannot be."""
        if len(steps) > _MOST_STEPS:
            raise ValueError("too many requests")
        known: dict[Wanted, Wanted] = {}
        self.steps = tuple(PlanStep(taken, known) for taken in steps)
        self._index = index
        at = {(place[0].name, place[1]): n for n, place in enumerate(_places(steps)) if place is not None}
        self._absent = sum(len(taken.places) for taken in steps)
        self._cells = {
            wanted.name: array("I", (at.get((wanted.name, row), self._absent) for row in rows))
            for wanted in columns
        }
        self._scalars = {name: number for (name, row), number in at.items() if not row}
        self._uptimes = [n for n, place in enumerate(_places(steps)) if place and place[0] is mib.SYS_UP_TIME]
        self.rearrange()

    def rearrange(self) -> None:
        """Find out again where everything is, after a template was learned anew."""
        leading: list[int] = []
        moving: list[int] = []
        still: list[int] = []
        values: list[object] = []
        first = 0
        for step in self.steps:
            numbers = step.template.moving
            leading += [first + at for at in numbers[: step.leading]]
            moving += [first + at for at in numbers[step.leading :]]
            still += [first + at for at in sorted({*range(len(step.wanted))} - {*numbers}) if step.wanted[at]]
            values += step.template.still
            first += len(step.wanted)
        # Behind all numbers come the values that stay, and at the very end the one that is absent.
        position = {number: at for at, number in enumerate((*moving, *leading, *still, self._absent))}
        self._still = (*values, None)
        self._columns = {name: _getter([position[n] for n in cells]) for name, cells in self._cells.items()}
        self._leading = {name: position[number] for name, number in self._scalars.items()}
        self._ticks = [position[number] for number in self._uptimes]
        self._wrong_types = sum(step.template.wrong_types for step in self.steps)

    def table(self, numbers: Sequence[int], leading: Sequence[int]) -> Table:
        """Return the table whose numbers came, in the order of the templates; `leading` are scalars'."""
        cells = [*numbers, *leading, *self._still]
        scalars = Values({name: cells[at] for name, at in self._leading.items()})
        ticks = [tick for at in self._ticks if isinstance(tick := cells[at], int)]
        return Table(
            index=self._index,
            scalars=scalars,
            uptime=(ticks[0] if ticks else None, scalars[mib.SYS_UP_TIME]),
            partial="",
            wrong_types=self._wrong_types,
            columns={name: take(cells) for name, take in self._columns.items()},
        )


def _places(steps: Iterable[Taken]) -> Iterable[Place | None]:
    return (place for taken in steps for place in taken.places)


def _getter(positions: Sequence[int]) -> Callable[[list[object]], list[object]]:
    """Return what takes these positions: a slice where they are regular, as they are in most tables."""
    if len(positions) < 2:
        return lambda cells: [cells[at] for at in positions]
    start, stride = positions[0], positions[1] - positions[0]
    if stride > 0 and positions == [*range(start, positions[-1] + 1, stride)]:
        part = slice(start, positions[-1] + 1, stride)
        return lambda cells: cells[part]
    getter = itemgetter(*positions)
    return lambda cells: list(getter(cells))
