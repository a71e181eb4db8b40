"""Whose a bad minute is: the fault's place, seen with the contract's eyes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from netmon.evidence.inputs.terms import Terms
from netmon.evidence.strip import Kind, letters_by
from netmon.model import Fault, SlotState


class Attribution(StrEnum):
    """Who answers for a minute. Only `supplier` feeds service credits."""

    SUPPLIER = "supplier"
    POWER = "power"
    COUNCIL_LAN = "council_lan"
    PLANNED = "planned"
    APPLIANCE = "appliance"
    UNKNOWN = "unknown"


_OF_FAULT: Mapping[Fault, Attribution] = {
    Fault.LINE: Attribution.SUPPLIER,
    Fault.ISP: Attribution.SUPPLIER,
    Fault.CPE: Attribution.COUNCIL_LAN,
    Fault.POWER: Attribution.POWER,
    Fault.LAN: Attribution.COUNCIL_LAN,
    Fault.WIFI: Attribution.COUNCIL_LAN,
    Fault.APPLIANCE: Attribution.APPLIANCE,
}

LETTERS: Mapping[Attribution, str] = {
    Attribution.SUPPLIER: "s",
    Attribution.POWER: "p",
    Attribution.COUNCIL_LAN: "l",
    Attribution.PLANNED: "m",
    Attribution.APPLIANCE: "a",
    Attribution.UNKNOWN: "k",
}
"""One letter for each minute that is down, by who answers for it."""
OF_LETTER: Mapping[str, Attribution] = {letter: who for who, letter in LETTERS.items()}


def attribute(fault: Fault, terms: Terms | None) -> Attribution:
    """Return who answers for a fault; what lies farther away, or nowhere that is known, is `unknown`."""
    if fault is Fault.CPE and terms is not None and terms.router_by == "supplier":
        return Attribution.SUPPLIER
    return _OF_FAULT.get(fault, Attribution.UNKNOWN)


def alphabet(terms: Terms | None) -> bytes:
    """Return the letters of minutes: u up, ? unknown, else who answers for a minute that is down."""

    def letter(kind: Kind) -> str:
        if kind.state is SlotState.UP:
            return "u"
        return "?" if kind.state is SlotState.UNKNOWN else LETTERS[attribute(kind.fault, terms)]

    return letters_by(letter)
