"""A circuit's WAN port in a minute: its state, and what it counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from netmon.latest import LatestRow
from netmon.model import Value
from netmon.rates import Count, increase
from netmon.verdict.slots import Slot
from netmon.verdict.timeline import Timeline

OPER_DOWN = frozenset({2, 6, 7})
"""IF-MIB ifOperStatus: down, notPresent, lowerLayerDown."""
_OPER_UP = 1
_HEADROOM = 1.25
"""A rate above the port's speed by more than this is a counter that lied, not traffic."""


@dataclass(frozen=True, slots=True)
class PortLook:
    """What one poll said of a port."""

    at_ns: int
    oper: Value
    octets_in: Value
    octets_out: Value
    epoch: int
    ceiling: float | None
    """Most octets per second that it can carry; None: not known."""

    @property
    def down(self) -> bool:
        """Tell whether it said that it is down."""
        return self.oper in OPER_DOWN


@dataclass(frozen=True, slots=True)
class PortMinute:
    """A port in a minute; all of it None or False when its device was not read.

    Rates are means over the polls that ended in the minute, in bit/s.
    """

    name: str
    seen_up: bool = False
    seen_down: bool = False
    ends_down: bool = False
    in_bits_per_second: float | None = None
    out_bits_per_second: float | None = None

    @property
    def read(self) -> bool:
        """Tell whether its state is known."""
        return self.seen_up or self.seen_down


def look_of(row: LatestRow) -> PortLook:
    """Read a row of the measurement `interface`."""
    speed, epochs = row.value("ifHighSpeed"), row.reading.epochs
    return PortLook(
        row.reading.stamp.boottime_ns,
        row.value("ifOperStatus"),
        row.value("ifHCInOctets"),
        row.value("ifHCOutOctets"),
        epochs[row.at] if epochs else 0,
        speed * 1e6 / 8 * _HEADROOM if speed else None,
    )


def port_minute(name: str, looks: Timeline[PortLook], slot: Slot) -> PortMinute:
    """Return what a port did in a slot."""
    seen = looks.within(slot)
    if not seen:
        return PortMinute(name)
    earlier = looks.before(slot.start_ns - 1)
    chain = seen if earlier is None else [earlier, *seen]
    return PortMinute(
        name,
        seen_up=any(look.oper == _OPER_UP for look in seen),
        seen_down=any(look.down for look in seen),
        ends_down=seen[-1].down,
        in_bits_per_second=_mean_bits(chain, incoming=True),
        out_bits_per_second=_mean_bits(chain, incoming=False),
    )


def grown_octets(before: PortLook, after: PortLook, *, incoming: bool) -> float | None:
    """Return how many octets passed between two polls; None when that cannot be known."""
    old, new = (look.octets_in if incoming else look.octets_out for look in (before, after))
    if old is None or new is None:
        return None
    return increase(
        Count(old, before.at_ns, before.epoch),
        Count(new, after.at_ns, after.epoch),
        ceiling_per_second=after.ceiling,
    )


def _mean_bits(looks: Sequence[PortLook], *, incoming: bool) -> float | None:
    octets, elapsed_ns = 0.0, 0
    for before, after in pairwise(looks):
        grown = grown_octets(before, after, incoming=incoming)
        if grown is not None:
            octets += grown
            elapsed_ns += after.at_ns - before.at_ns
    return octets * 8e9 / elapsed_ns if elapsed_ns else None
