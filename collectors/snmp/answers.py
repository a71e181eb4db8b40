"""What a session hands out: values by object, and tables as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from collectors.snmp.ber import Oid
from collectors.snmp.syntax import MibObject

V = TypeVar("V")


class Values:
    """Values of single objects; None for one that the device does not have, or gives in a wrong type."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def __getitem__(self, wanted: MibObject[V]) -> V | None:
        # Filled with what this object's own syntax decoded, so the name proves the type.
        return cast("V | None", self._values.get(wanted.name))


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of one sweep, aligned with `index`; None where the device gave no value.

    `index` has the rows' indexes in ascending order. `partial` says why rows or cells may be missing
    (empty: the table is whole). `uptime` is sysUpTime in the first and the last packet, in hundredths
    of a second, None where the device has none. `wrong_types` counts cells dropped for their type.
    """

    index: tuple[Oid, ...]
    scalars: Values
    uptime: tuple[int | None, int | None]
    partial: str
    wrong_types: int
    columns: Mapping[str, Sequence[object]]

    def __getitem__(self, wanted: MibObject[V]) -> Sequence[V | None]:
        """Return a column; KeyError when it was not asked for."""
        # Filled with what this column's own syntax decoded, so the name proves the type.
        return cast("Sequence[V | None]", self.columns[wanted.name])
