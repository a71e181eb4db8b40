"""What a reading of ports looks like besides its counters: made when ports are described, kept between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from collectors.snmp.interface_fields import INFOS, SLOW, Field
from collectors.snmp.ports import Ports
from netmon import sdk

INTERFACE: Final = "interface"


def metrics_of(fields: Sequence[Field]) -> tuple[sdk.Metric, ...]:
    """Return the columns of a reading that has these fields beside what is always there."""
    return (*(each.metric for each in (*fields, *SLOW)), *INFOS)


@dataclass(frozen=True, slots=True)
class Place:
    """Whose ports they are: the site, the device, and the circuit of each port that has one."""

    site: str
    device: str
    circuits: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class PortShape:
    """The shape for some ports and fields, and the columns that stay as long as it does."""

    ports: Ports
    fields: tuple[Field, ...]
    shape: sdk.Shape
    index: tuple[tuple[int, ...], ...]
    keys: tuple[str, ...]
    indexes: tuple[int, ...]
    steady: tuple[Sequence[int | None], ...]
    """Columns of SLOW and INFOS."""
    all_ok: tuple[sdk.Outcome, ...] = field(repr=False)


def port_shape(ports: Ports, fields: tuple[Field, ...], place: Place, before: PortShape | None) -> PortShape:
    """Return the shape of before for as long as rows and metrics are the same."""
    rows = tuple(port.row(place.site, place.device, place.circuits.get(port.key, "")) for port in ports.ports)
    metrics = metrics_of(fields)
    if before is not None and before.shape.rows == rows and before.shape.metrics == metrics:
        shape = before.shape
    else:
        shape = sdk.Shape(INTERFACE, metrics, rows)
    texts = [dict(row.texts) for row in rows]
    infos = [[1 if info.name in text else None for text in texts] for info in INFOS]
    return PortShape(
        ports=ports,
        fields=fields,
        shape=shape,
        index=ports.index,
        keys=tuple(port.key for port in ports.ports),
        indexes=tuple(port.index for port in ports.ports),
        steady=(*(ports.slow[each.metric.name] for each in SLOW), *infos),
        all_ok=(sdk.Outcome.OK,) * len(rows),
    )


def outcomes_of(
    measured: Sequence[Sequence[int | None]], partial: str, look: PortShape
) -> tuple[sdk.Outcome, ...]:
    """Return the rows' outcomes, without looking at rows where no row can have lost anything."""
    gaps = [None in column for column in measured]
    if not any(gaps) or (not partial and not all(gaps)):
        return look.all_ok
    return tuple(outcome_of(cells, partial) for cells in zip(*measured, strict=True))


def outcome_of(cells: Sequence[int | None], partial: str) -> sdk.Outcome:
    """Return a row's outcome: a cell that is missing from half a table may exist on the device."""
    known = len(cells) - cells.count(None)
    whole = known == len(cells) if partial else known > 0
    return sdk.Outcome.OK if whole else sdk.Outcome.PARTIAL
