"""The ports of a device as a small drawing: one box per port that something can be plugged into."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from netmon import wording as human
from netmon.web.equipment import NeighbourDocument, PortDocument, PortState

MARKS: Mapping[PortState, str] = {
    PortState.UP: "U",
    PortState.DOWN: "D",
    PortState.DISABLED: "X",
    PortState.ERRORS: "E",
    PortState.UNKNOWN: "?",
}
"""One letter for each state: colours alone do not tell."""
WORDS: Mapping[PortState, str] = {
    PortState.UP: "up",
    PortState.DOWN: "down",
    PortState.DISABLED: "switched off",
    PortState.ERRORS: "up, with errors",
    PortState.UNKNOWN: human.UNKNOWN,
}
BOXES_MAX = 600
"""A chassis with more is drawn as far as this."""

_NUMBERED = re.compile(r"(.*?)(\d+)$", re.DOTALL)
_LABEL_CHARACTERS = 5


@dataclass(frozen=True, slots=True)
class PortBox:
    """One port: its number, its mark, and everything else as a text."""

    label: str
    mark: str
    state: PortState
    powered: bool
    wan: bool
    title: str


@dataclass(frozen=True, slots=True)
class Bank:
    """Ports that share the beginning of their names: a card, or a member of a stack."""

    name: str
    boxes: tuple[PortBox, ...]


@dataclass(frozen=True, slots=True)
class Faceplate:
    """The drawing, and how many ports of each state it has."""

    banks: tuple[Bank, ...]
    counts: tuple[tuple[str, str, PortState, int], ...]
    """Mark, word, state and number: what the letters mean."""
    powered: int
    has_wan: bool
    more: int


def faceplate(ports: Sequence[PortDocument]) -> Faceplate | None:
    """Return the drawing of the Ethernet ports; None when there is none."""
    drawn = [port for port in ports if port.ethernet]
    if not drawn:
        return None
    banks = groupby(drawn[:BOXES_MAX], key=lambda port: _split(port.interface.name)[0])
    states = [port.state for port in drawn]
    return Faceplate(
        tuple(Bank(name.rstrip(" /-"), tuple(map(_box, those))) for name, those in banks),
        tuple((MARKS[one], WORDS[one], one, states.count(one)) for one in PortState if one in states),
        sum(port.poe is not None for port in drawn),
        any(port.interface.circuit for port in drawn),
        max(0, len(drawn) - BOXES_MAX),
    )


def _split(name: str) -> tuple[str, str]:
    match = _NUMBERED.match(name)
    return (match[1], match[2]) if match else (name, name[-_LABEL_CHARACTERS:])


def _box(port: PortDocument) -> PortBox:
    one = port.interface
    return PortBox(
        label=_split(one.name)[1][-_LABEL_CHARACTERS:],
        mark=MARKS[port.state],
        state=port.state,
        powered=port.poe is not None,
        wan=bool(one.circuit),
        title=" · ".join(filter(None, _told(port))),
    )


def _told(port: PortDocument) -> list[str]:
    one, poe = port.interface, port.poe
    return [
        one.name,
        one.alias,
        f"WAN port of {one.circuit}" if one.circuit else "",
        WORDS[port.state],
        human.bit_rate(one.speed_bits_per_second) if one.speed_bits_per_second and one.oper == "up" else "",
        f"{human.share(port.use_ratio)} used" if port.use_ratio is not None and one.oper == "up" else "",
        f"{human.frequency(one.errors_per_second)} errors" if one.errors_per_second else "",
        f"PoE {poe.state}" + (f" {human.watts(poe.consumption_watts)}" if poe.consumption_watts else "")
        if poe
        else "",
        *dict.fromkeys(f"to {neighbour_words(there)}" for there in port.neighbours[:3]),
        f"not read for {human.span(one.age_seconds)}" if one.stale else "",
    ]


def neighbour_words(there: NeighbourDocument) -> str:
    """Return a neighbour and its port in a few words."""
    name = there.device or there.name or next(iter(there.addresses), "") or there.chassis or human.UNKNOWN
    return f"{name} {there.port}".rstrip()
