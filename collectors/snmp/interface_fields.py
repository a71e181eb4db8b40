"""Which columns of IF-MIB are read, and the metric that each of them becomes (RFC 2863)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from collectors.snmp import mib
from collectors.snmp.syntax import COUNTER_32, COUNTER_64, GAUGE, TICKS, WHOLE, MibObject, Syntax, column
from netmon import sdk


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a table and its metric, which share their name."""

    wanted: MibObject[int]
    metric: sdk.Metric


def _counter64(name: str, number: int, help_text: str) -> Field:
    wanted = column(name, f"{mib.IF_X_TABLE}.{number}", COUNTER_64)
    return Field(wanted, sdk.counter(name, help_text))


def _counter32(name: str, place: str, help_text: str) -> Field:
    return Field(column(name, place, COUNTER_32), sdk.counter(name, help_text, wrap_bits=32))


def _errors(name: str, number: int, help_text: str) -> Field:
    return _counter32(name, f"{mib.IF_TABLE}.{number}", help_text)


def _state(name: str, number: int, help_text: str) -> Field:
    return Field(column(name, f"{mib.IF_TABLE}.{number}", WHOLE), sdk.state(name, help_text))


def _number(name: str, place: str, syntax: Syntax[int], help_text: str) -> Field:
    return Field(column(name, place, syntax), sdk.integer(name, help_text))


IN_OCTETS: Final = _counter64("ifHCInOctets", 6, "Octets received, framing included.")

HIGH_CAPACITY: Final = (
    IN_OCTETS,
    _counter64("ifHCInUcastPkts", 7, "Unicast packets received."),
    _counter64("ifHCInMulticastPkts", 8, "Multicast packets received."),
    _counter64("ifHCInBroadcastPkts", 9, "Broadcast packets received."),
    _counter64("ifHCOutOctets", 10, "Octets sent, framing included."),
    _counter64("ifHCOutUcastPkts", 11, "Unicast packets to send, those discarded included."),
    _counter64("ifHCOutMulticastPkts", 12, "Multicast packets to send, those discarded included."),
    _counter64("ifHCOutBroadcastPkts", 13, "Broadcast packets to send, those discarded included."),
)

ERRORS: Final = (
    _errors("ifInDiscards", 13, "Good packets received and thrown away, for want of room."),
    _errors("ifInErrors", 14, "Packets received with errors."),
    _errors("ifInUnknownProtos", 15, "Packets received for protocols that the device does not know."),
    _errors("ifOutDiscards", 19, "Packets to send that were thrown away, for want of room."),
    _errors("ifOutErrors", 20, "Packets that could not be sent because of errors."),
)

STATES: Final = (
    _state("ifAdminStatus", 7, "Wanted state: 1 up, 2 down, 3 testing."),
    _state(
        "ifOperStatus",
        8,
        "State: 1 up, 2 down, 3 testing, 4 unknown, 5 dormant, 6 notPresent, 7 lowerLayerDown.",
    ),
)

LAST_CHANGE: Final = _number(
    "ifLastChange",
    f"{mib.IF_TABLE}.9",
    TICKS,
    "The device's sysUpTime when ifOperStatus last changed, in hundredths of a second.",
)
DISCONTINUITY: Final = _number(
    "ifCounterDiscontinuityTime",
    f"{mib.IF_X_TABLE}.19",
    TICKS,
    "The device's sysUpTime when these counters last restarted, in hundredths of a second.",
)

# RFC 2863 section 3.1.6: slower ports need no 64-bit counters. A value is given only where the row's
# 64-bit one is missing; the second name says which that is.
_LOW_CAPACITY: Final = (
    ("ifInOctets", f"{mib.IF_TABLE}.10", "ifHCInOctets"),
    ("ifInUcastPkts", f"{mib.IF_TABLE}.11", "ifHCInUcastPkts"),
    ("ifInNUcastPkts", f"{mib.IF_TABLE}.12", "ifHCInMulticastPkts"),
    ("ifInMulticastPkts", f"{mib.IF_X_TABLE}.2", "ifHCInMulticastPkts"),
    ("ifInBroadcastPkts", f"{mib.IF_X_TABLE}.3", "ifHCInBroadcastPkts"),
    ("ifOutOctets", f"{mib.IF_TABLE}.16", "ifHCOutOctets"),
    ("ifOutUcastPkts", f"{mib.IF_TABLE}.17", "ifHCOutUcastPkts"),
    ("ifOutNUcastPkts", f"{mib.IF_TABLE}.18", "ifHCOutMulticastPkts"),
    ("ifOutMulticastPkts", f"{mib.IF_X_TABLE}.4", "ifHCOutMulticastPkts"),
    ("ifOutBroadcastPkts", f"{mib.IF_X_TABLE}.5", "ifHCOutBroadcastPkts"),
)
LOW_CAPACITY: Final = {
    _counter32(name, place, f"As {better}, in 32 bits; only where the port has no {better}."): better
    for name, place, better in _LOW_CAPACITY
}
"""The 32-bit fields, each with the name of the 64-bit one that replaces it."""

MTU: Final = _number("ifMtu", f"{mib.IF_TABLE}.4", WHOLE, "Largest packet in octets.")
SPEED: Final = _number(
    "ifSpeed", f"{mib.IF_TABLE}.5", GAUGE, "Speed in bit/s; from ifHighSpeed where 32 bits cannot tell it."
)
HIGH_SPEED: Final = _number("ifHighSpeed", f"{mib.IF_X_TABLE}.15", GAUGE, "Speed in Mbit/s.")
PROMISCUOUS: Final = _number(
    "ifPromiscuousMode", f"{mib.IF_X_TABLE}.16", WHOLE, "Takes packets for others: 1 true, 2 false."
)
CONNECTOR: Final = _number(
    "ifConnectorPresent", f"{mib.IF_X_TABLE}.17", WHOLE, "Has a physical connector: 1 true, 2 false."
)
QUEUE: Final = _number(
    "ifOutQLen",
    f"{mib.IF_TABLE}.21",
    GAUGE,
    "Packets that waited to be sent when the port was last described.",
)
LINK_TRAPS: Final = _number(
    "ifLinkUpDownTrapEnable",
    f"{mib.IF_X_TABLE}.14",
    WHOLE,
    "Notifies when its link comes or goes: 1 yes, 2 no.",
)

TYPE: Final = sdk.info("ifType_info", "Interface type by its IANA name.", label="ifType")
PHYS_ADDRESS: Final = sdk.info("ifPhysAddress", "Address of the port, a MAC address for most.")

FAST: Final = (*HIGH_CAPACITY, *ERRORS, *STATES, LAST_CHANGE, DISCONTINUITY)
"""Read with every poll."""
SLOW: Final = (MTU, SPEED, HIGH_SPEED, PROMISCUOUS, CONNECTOR, QUEUE, LINK_TRAPS)
"""Read with what describes a port."""
INFOS: Final = (TYPE, PHYS_ADDRESS)
