"""Suggest which port of which device a line is plugged into, and say why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from collectors.discovery.survey import Survey
from collectors.snmp.ports import Port
from netmon import sdk

_WORDS: Final = re.compile(
    r"(?<![a-z])(?:wan|internet|isp|uplink|broadband|fttp|fttc|[av]?dsl|leased|pppoe|lte|cellular|5g|4g)",
    re.IGNORECASE,
)
_PPP_AND_DSL: Final = frozenset({23, 94, 95, 96, 97, 230, 238, 251})  # IANAifType: ppp, adsl ... vdsl, vdsl2
_CELLULAR: Final = frozenset({243, 244})  # wwanPP, wwanPP2
_NOT_A_LINE: Final = frozenset(
    {24, 53, 131, 135, 136, 1, 209}
)  # loopback, virtual, tunnel, VLANs, other, bridge
_LEAST: Final = 4


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A port that a line may be plugged into; more points, more likely."""

    device: str
    interface: str
    points: int
    reasons: tuple[str, ...]


def wan_ports(name: str, survey: Survey, circuit: sdk.Circuit | None = None) -> list[Suggestion]:
    """Return the likely ports of a device, the best first; `circuit` lets its own names count."""
    found = []
    for port in survey.ports:
        reasons = list(_reasons(port, survey, circuit))
        points = sum(points for points, _ in reasons)
        if points >= _LEAST:
            words = tuple(reason for points, reason in reasons if points > 0)
            found.append(Suggestion(name, port.key, points, words))
    return sorted(found, key=lambda suggestion: -suggestion.points)


def _reasons(port: Port, survey: Survey, circuit: sdk.Circuit | None) -> Iterator[tuple[int, str]]:
    texts = f"{port.key} {port.name} {port.descr} {port.alias}"
    if port.index == survey.default_if_index:
        yield 5, "the default route leaves by it"
    if public := _public_address(port, survey):
        yield 4, f"it has the public address {public}"
    if circuit is not None:
        named = [name for name in (circuit.id, circuit.supplier, circuit.supplier_ref) if name]
        if match := next((name for name in named if name.casefold() in texts.casefold()), None):
            yield 12, f"its description names {match}"
    if match_of := _WORDS.search(texts):
        yield 4, f'it is called "{match_of[0]}"'
    if port.type in _PPP_AND_DSL:
        yield 4, "it is a dial-up or DSL port"
    if port.type in _CELLULAR:
        yield 4, "it is a cellular port"
    if port.type in _NOT_A_LINE:
        yield -4, ""


def _public_address(port: Port, survey: Survey) -> str:
    for entry in survey.addresses:
        address = str(entry.get("address", ""))
        if entry.get("if_index") == port.index and _is_public(address):
            return address
    return ""


def _is_public(address: str) -> bool:
    try:
        return ip_address(address).is_global
    except ValueError:
        return False


def assign(
    circuits: Sequence[sdk.Circuit], edges: Sequence[tuple[str, Survey]]
) -> dict[str, Suggestion | None]:
    """Return the best port for each circuit, by id; no port twice, None where nothing is likely."""
    wishes = [
        (suggestion, circuit.id)
        for circuit in circuits
        for name, survey in edges
        for suggestion in wan_ports(name, survey, circuit)
    ]
    chosen: dict[str, Suggestion | None] = {circuit.id: None for circuit in circuits}
    taken: set[tuple[str, str]] = set()
    for suggestion, circuit_id in sorted(wishes, key=lambda wish: -wish[0].points):
        place = (suggestion.device, suggestion.interface)
        if chosen[circuit_id] is None and place not in taken:
            chosen[circuit_id] = suggestion
            taken.add(place)
    return chosen
