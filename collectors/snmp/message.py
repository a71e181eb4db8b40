"""SNMP messages with a community (RFC 1157, RFC 1901): requests out, headers and varbinds in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, NamedTuple

from collectors.snmp import ber

VERSION_1: Final = 0
VERSION_2C: Final = 1
VERSION_3: Final = 3

MIN_REQUEST_ID: Final = 0x0080_0000
"""Smallest request-id in use: from here on, four octets are the only right encoding."""

_NULL_VALUE = b"\x05\x00"
_ID_OCTETS = 4


class Pdu(IntEnum):
    """Tags of the PDUs in use (RFC 3416 section 3)."""

    GET = 0xA0
    GETNEXT = 0xA1
    RESPONSE = 0xA2
    GETBULK = 0xA5


class Status(IntEnum):
    """Values of error-status that are told apart (RFC 3416 section 3)."""

    NO_ERROR = 0
    TOO_BIG = 1
    NO_SUCH_NAME = 2
    GEN_ERR = 5
    NO_ACCESS = 6
    AUTHORIZATION_ERROR = 16


class Varbind(NamedTuple):
    """One variable of a message: its name's content octets, its value's tag and place in the datagram."""

    name: bytes
    tag: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Header:
    """Everything of a message except its varbinds, which lie between `start` and the datagram's end.

    In a response `first` is error-status and `second` error-index; in GETBULK they are non-repeaters
    and max-repetitions.
    """

    version: int
    community: bytes = field(repr=False)
    pdu: int
    request_id: int
    first: int
    second: int
    start: int
    id_at: int = 0
    """Where the content of request-id begins."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request made once and sent often: only four octets of request-id change.

    It is a whole message, or for SNMPv3 a PDU that still needs its envelope. `most` is how many
    varbinds its reply may have.
    """

    head: bytes = field(repr=False)
    tail: bytes
    most: int

    def datagram(self, request_id: int) -> bytes:
        """Return the octets with that id, which is at least MIN_REQUEST_ID and below 2**31."""
        return self.head + request_id.to_bytes(4, "big") + self.tail


def make_request(
    version: int, community: bytes, pdu: Pdu, names: Sequence[bytes], bulk: tuple[int, int] = (0, 0)
) -> Request:
    """Return a request for variables by their names' content octets, in a message with a community.

    `bulk` is non-repeaters and max-repetitions of a GETBULK.
    """
    bare = make_pdu(pdu, names, bulk)
    datagram = _message(version, community, bare.datagram(MIN_REQUEST_ID))
    return Request(datagram[: -len(bare.tail) - 4], bare.tail, bare.most)


def make_pdu(pdu: Pdu, names: Sequence[bytes], bulk: tuple[int, int] = (0, 0)) -> Request:
    """Return a request without a message around it."""
    varbinds = b"".join(
        ber.encode(ber.SEQUENCE, ber.encode(ber.OBJECT_IDENTIFIER, name) + _NULL_VALUE) for name in names
    )
    tail = b"".join(map(ber.encode_integer, bulk)) + ber.encode(ber.SEQUENCE, varbinds)
    request_id = ber.encode_integer(MIN_REQUEST_ID)
    whole = ber.encode(pdu, request_id + tail)
    leading, repetitions = bulk if pdu is Pdu.GETBULK else (len(names), 0)
    most = leading + (len(names) - leading) * repetitions
    return Request(whole[: -len(tail) - 4], tail, most)


def _message(version: int, community: bytes, pdu: bytes) -> bytes:
    return ber.encode(
        ber.SEQUENCE, ber.encode_integer(version) + ber.encode(ber.OCTET_STRING, community) + pdu
    )


def encode_message(header: Header, varbinds: bytes) -> bytes:
    """Return a whole message around encoded varbinds."""
    numbers = (header.request_id, header.first, header.second)
    pdu = b"".join(map(ber.encode_integer, numbers)) + ber.encode(ber.SEQUENCE, varbinds)
    return _message(header.version, header.community, ber.encode(header.pdu, pdu))


def decode_header(datagram: bytes) -> Header:
    """Return the header of a message that fills its datagram exactly; BerError for anything else."""
    at, stop = ber.expect(ber.SEQUENCE, datagram, 0, len(datagram))
    version, at = _integer(datagram, at, stop)
    start, at = ber.expect(ber.OCTET_STRING, datagram, at, stop)
    community = datagram[start:at]
    return decode_pdu(datagram, at, stop, version, community)


def decode_pdu(datagram: bytes, at: int, stop: int, version: int, community: bytes = b"") -> Header:
    """Return the header of the PDU at `at`; it must fill the octets up to `stop` and to the end."""
    pdu, at, pdu_stop = ber.element(datagram, at, stop)
    request_id, at = _integer(datagram, at, pdu_stop)
    id_at = at - 4
    first, at = _integer(datagram, at, pdu_stop)
    second, at = _integer(datagram, at, pdu_stop)
    start, list_stop = ber.expect(ber.SEQUENCE, datagram, at, pdu_stop)
    if not list_stop == pdu_stop == stop == len(datagram):
        raise ber.BerError("octets after the end of the message")
    return Header(version, community, pdu, request_id, first, second, start, id_at)


def message_id(datagram: bytes) -> int:
    """Return request-id, or msgID for SNMPv3, and look at as little else as possible.

    BerError for octets that are no message. What it returns is only good for looking up who asked.
    """
    try:
        size = datagram[1]
        at = 2 if size < 0x80 else (size & 0x7F) + 2  # the version
        if datagram[at + 2] == VERSION_3:
            at += 5  # the first number of msgGlobalData (RFC 3412 section 6)
        else:
            at += 5 + datagram[at + 4]  # the PDU, behind the community
            size = datagram[at + 1]
            at += 2 if size < 0x80 else (size & 0x7F) + 2
        if datagram[0] == ber.SEQUENCE and datagram[at] == ber.INTEGER and datagram[at + 1] == _ID_OCTETS:
            return int.from_bytes(datagram[at + 2 : at + 6], "big")
    except IndexError:
        raise ber.BerError("message cut short") from None
    return decode_header(datagram).request_id


def _integer(datagram: bytes, at: int, end: int) -> tuple[int, int]:
    start, stop = ber.expect(ber.INTEGER, datagram, at, end)
    return ber.decode_integer(datagram[start:stop]), stop


def decode_varbinds(datagram: bytes, header: Header, most: int = 4096) -> Sequence[Varbind]:
    """Return the first varbinds of a message, at most `most`; BerError when one breaks its bounds.

    Values are not looked at, and nothing is that an agent sends beyond what it was asked for.
    """
    at, end = header.start, len(datagram)
    varbinds: list[Varbind] = []
    element = ber.element
    while at < end and len(varbinds) < most:
        tag, inner, at = element(datagram, at, end)
        name_tag, name_start, name_stop = element(datagram, inner, at)
        value_tag, start, stop = element(datagram, name_stop, at)
        if tag != ber.SEQUENCE or name_tag != ber.OBJECT_IDENTIFIER or stop != at:
            raise ber.BerError("not a varbind")
        varbinds.append(Varbind(datagram[name_start:name_stop], value_tag, start, stop))
    return varbinds
