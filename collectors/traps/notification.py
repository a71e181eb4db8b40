"""What devices say unasked: traps and informs, decoded strictly from octets that anybody may have sent.

RFC 1157 section 4.1.6 (Trap-PDU), RFC 3416 sections 4.2.6 and 4.2.7, RFC 3584 section 3.1 (one as the other).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final, NamedTuple

from collectors.snmp import ber
from collectors.snmp.ber import BerError, Oid
from collectors.snmp.message import VERSION_1, VERSION_2C, Header, Varbind, decode_pdu, decode_varbinds

TRAP_V1: Final = 0xA4
INFORM: Final = 0xA6
TRAP_V2: Final = 0xA7

MOST_VARIABLES: Final = 64

_SNMP_TRAPS: Final = ber.oid("1.3.6.1.6.3.1.1.5")
_SYS_UP_TIME: Final = ber.encode_oid(ber.oid("1.3.6.1.2.1.1.3.0"))
_TRAP_OID: Final = ber.encode_oid(ber.oid("1.3.6.1.6.3.1.1.4.1.0"))
_TRAP_ADDRESS: Final = ber.encode_oid(ber.oid("1.3.6.1.6.3.18.1.3.0"))
_ENTERPRISE_SPECIFIC: Final = 6


class Variable(NamedTuple):
    """One variable of a notification: name, and value as tag and content octets."""

    name: Oid
    tag: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Notification:
    """A trap or inform, whatever version it came in.

    `agent_address` is the address that the sender calls its own (agent-addr, snmpTrapAddress.0); empty:
    it says nothing. `left_out` counts variables beyond MOST_VARIABLES.
    """

    trap: Oid
    uptime_hundredths: int | None
    agent_address: str
    variables: tuple[Variable, ...]
    left_out: int = 0


class Wrapping(NamedTuple):
    """The front of a message with a community, and where its PDU begins."""

    version: int
    community: bytes
    at: int


def version_of(datagram: bytes) -> int:
    """Return the version of an SNMP message; BerError for what is none."""
    at, stop = ber.expect(ber.SEQUENCE, datagram, 0, len(datagram))
    if stop != len(datagram):
        raise BerError("octets after the end of the message")
    return _number(datagram, at, stop)[0]


def unwrap(datagram: bytes) -> Wrapping:
    """Return version and community of a message of version 1 or 2c; BerError for any other."""
    at, stop = ber.expect(ber.SEQUENCE, datagram, 0, len(datagram))
    version, at = _number(datagram, at, stop)
    if version not in (VERSION_1, VERSION_2C):
        raise BerError(f"message version {version}")
    start, at = ber.expect(ber.OCTET_STRING, datagram, at, stop)
    return Wrapping(version, datagram[start:at], at)


def header_of(datagram: bytes, wrapping: Wrapping) -> Header:
    """Return the header of a trap or inform of version 2c."""
    header = decode_pdu(datagram, wrapping.at, len(datagram), wrapping.version, wrapping.community)
    require_notification(header)
    return header


def require_notification(header: Header) -> None:
    """Raise BerError for a PDU that is neither trap nor inform."""
    if header.pdu not in (TRAP_V2, INFORM):
        raise BerError(f"PDU {header.pdu:#04x} where a notification belongs")


def decode_v1(datagram: bytes, at: int) -> Notification:
    """Return the Trap-PDU of version 1 at `at`, which must end with the datagram."""
    at, stop = ber.expect(TRAP_V1, datagram, at, len(datagram))
    start, at = ber.expect(ber.OBJECT_IDENTIFIER, datagram, at, stop)
    enterprise = ber.decode_oid(datagram[start:at])
    start, at = ber.expect(ber.IP_ADDRESS, datagram, at, stop)
    agent = _ipv4(datagram[start:at])
    generic, at = _number(datagram, at, stop)
    specific, at = _number(datagram, at, stop)
    start, at = ber.expect(ber.TIME_TICKS, datagram, at, stop)
    ticks = ber.decode_unsigned(datagram[start:at], 32)
    start, list_stop = ber.expect(ber.SEQUENCE, datagram, at, stop)
    if not list_stop == stop == len(datagram):
        raise BerError("octets after the end of the message")
    header = Header(VERSION_1, b"", TRAP_V1, 0, 0, 0, start)
    variables = [_variable(datagram, bound) for bound in decode_varbinds(datagram, header)]
    kept = tuple(variables[:MOST_VARIABLES])
    return Notification(
        _v1_name(enterprise, generic, specific), ticks, agent, kept, len(variables) - len(kept)
    )


def decode_v2(datagram: bytes, header: Header) -> Notification:
    """Return a notification of version 2c or 3; its header was decoded from the same octets."""
    uptime: int | None = None
    trap: Oid | None = None
    agent = ""
    variables: list[Variable] = []
    for bound in decode_varbinds(datagram, header):
        content = datagram[bound.start : bound.stop]
        if bound.name == _SYS_UP_TIME and bound.tag == ber.TIME_TICKS and uptime is None:
            uptime = ber.decode_unsigned(content, 32)
        elif bound.name == _TRAP_OID and bound.tag == ber.OBJECT_IDENTIFIER and trap is None:
            trap = ber.decode_oid(content)
        elif bound.name == _TRAP_ADDRESS and bound.tag == ber.IP_ADDRESS:
            agent = _ipv4(content)
        else:
            variables.append(_variable(datagram, bound))
    if trap is None:
        raise BerError("a notification without snmpTrapOID.0")
    kept = tuple(variables[:MOST_VARIABLES])
    return Notification(trap, uptime, agent, kept, len(variables) - len(kept))


def _v1_name(enterprise: Oid, generic: int, specific: int) -> Oid:
    """Return the name that RFC 3584 section 3.1 gives a trap of version 1."""
    if generic == _ENTERPRISE_SPECIFIC:
        if not 0 <= specific < 2**31:
            raise BerError(f"specific-trap {specific}")
        return (*enterprise, 0, specific)
    if not 0 <= generic < _ENTERPRISE_SPECIFIC:
        raise BerError(f"generic-trap {generic}")
    return (*_SNMP_TRAPS, generic + 1)


def _variable(datagram: bytes, bound: Varbind) -> Variable:
    return Variable(ber.decode_oid(bound.name), bound.tag, datagram[bound.start : bound.stop])


def _ipv4(content: bytes) -> str:
    """Return an address, empty for 0.0.0.0, which says that the sender has none to tell."""
    if len(content) != 4:
        raise BerError(f"an IpAddress of {len(content)} octets")
    return str(IPv4Address(content)) if any(content) else ""


def _number(datagram: bytes, at: int, end: int) -> tuple[int, int]:
    start, stop = ber.expect(ber.INTEGER, datagram, at, end)
    return ber.decode_integer(datagram[start:stop]), stop
