"""SNMPv3 messages (RFC 3412 section 6, RFC 3414 section 2.4): envelopes out, envelopes in.

Decoding is strict and reads nothing that is encrypted or not yet proven genuine beyond its bounds.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from collectors.snmp import ber
from collectors.snmp.ber import BerError
from collectors.snmp.message import VERSION_3, Header, decode_pdu

REPORT: Final = 0xA8

AUTH: Final = 0x01
PRIVACY: Final = 0x02
REPORTABLE: Final = 0x04

MAX_INTEGER: Final = 2**31 - 1
_USM: Final = 3
_MAX_SIZE: Final = 65_507  # the largest UDP payload over IPv4
_VERSION: Final = ber.encode_integer(VERSION_3)
_MODEL: Final = ber.encode_integer(_USM)
_SIZE: Final = ber.encode_integer(_MAX_SIZE)


class Envelope(NamedTuple):
    """Everything of a message around its scoped PDU, which lies from `start` to the datagram's end.

    `mac_at` is where the authentication octets begin. `encrypted` says that the scoped PDU is.
    """

    message_id: int
    flags: int
    engine_id: bytes
    boots: int
    seconds: int
    user: bytes
    mac_at: int
    mac: bytes
    salt: bytes
    encrypted: bool
    start: int


class Sender(NamedTuple):
    """Who a message is from, and to which engine at which moment of its time."""

    engine_id: bytes
    boots: int
    seconds: int
    user: bytes


def encode(message_id: int, flags: int, sender: Sender, mac_octets: int, body: tuple[bytes, bytes]) -> bytes:
    """Return a message with zeros where its authentication octets belong.

    `body` is the salt (empty: none) and the scoped PDU, which is encrypted when flags say PRIVACY. The
    id takes four octets: at least 0x00800000, below 2**31. See `mac_place` for where the zeros are.
    """
    salt, scoped = body
    encode_element, integer = ber.encode, ber.encode_integer
    security = encode_element(
        ber.SEQUENCE,
        encode_element(ber.OCTET_STRING, sender.engine_id)
        + integer(sender.boots)
        + integer(sender.seconds)
        + encode_element(ber.OCTET_STRING, sender.user)
        + encode_element(ber.OCTET_STRING, bytes(mac_octets))
        + encode_element(ber.OCTET_STRING, salt),
    )
    data = encode_element(ber.OCTET_STRING, scoped) if flags & PRIVACY else scoped
    header = b"\x02\x04" + message_id.to_bytes(4, "big") + _SIZE + b"\x04\x01" + bytes((flags,)) + _MODEL
    return encode_element(
        ber.SEQUENCE,
        _VERSION + encode_element(ber.SEQUENCE, header) + encode_element(ber.OCTET_STRING, security) + data,
    )


def mac_place(datagram: bytes, salt: bytes, mac_octets: int, scoped_octets: int, flags: int) -> int:
    """Return where the authentication octets of a message made by `encode` begin."""
    data = scoped_octets
    if flags & PRIVACY:
        data += 1 + len(ber.encode_length(scoped_octets))
    return len(datagram) - data - 2 - len(salt) - mac_octets


def decode(datagram: bytes) -> Envelope:
    """Return the envelope of a message that fills its datagram exactly; BerError for anything else."""
    end = len(datagram)
    at, stop = ber.expect(ber.SEQUENCE, datagram, 0, end)
    version, at = _integer(datagram, at, stop)
    if stop != end or version != VERSION_3:
        raise BerError("not one SNMPv3 message")
    inner, at = ber.expect(ber.SEQUENCE, datagram, at, stop)
    message_id, inner = _integer(datagram, inner, at)
    _, inner = _integer(datagram, inner, at)
    flags, inner = _octets(datagram, inner, at)
    model, inner = _integer(datagram, inner, at)
    if inner != at or len(flags) != 1 or model != _USM:
        raise BerError("no user-based security")
    inner, at = ber.expect(ber.OCTET_STRING, datagram, at, stop)
    security = _security(datagram, inner, at)
    encrypted = bool(flags[0] & PRIVACY)
    start, data_stop = ber.element(datagram, at, stop)[1:]
    if datagram[at] != (ber.OCTET_STRING if encrypted else ber.SEQUENCE) or data_stop != end:
        raise BerError("no scoped PDU where it belongs")
    return Envelope(message_id, flags[0], *security, encrypted, start if encrypted else at)


def _security(datagram: bytes, at: int, end: int) -> tuple[bytes, int, int, bytes, int, bytes, bytes]:
    """Return UsmSecurityParameters, with the authentication octets' place before them."""
    at, stop = ber.expect(ber.SEQUENCE, datagram, at, end)
    engine_id, at = _octets(datagram, at, stop)
    boots, at = _integer(datagram, at, stop)
    seconds, at = _integer(datagram, at, stop)
    user, at = _octets(datagram, at, stop)
    mac, at = _octets(datagram, at, stop)
    mac_at = at - len(mac)
    salt, at = _octets(datagram, at, stop)
    if not at == stop == end or len(user) > 32 or len(engine_id) > 32:
        raise BerError("security parameters out of bounds")
    if not (0 <= boots <= MAX_INTEGER and 0 <= seconds <= MAX_INTEGER):
        raise BerError("the engine's boots or time out of range")
    return engine_id, boots, seconds, user, mac_at, mac, salt


class Scoped(NamedTuple):
    """A plain scoped PDU without padding, and what is around and in its PDU."""

    body: bytes
    engine_id: bytes
    context_name: bytes
    header: Header


def trimmed(plain: bytes) -> tuple[bytes, int]:
    """Return a plain scoped PDU without the padding that may follow it, and where its content begins."""
    at, stop = ber.expect(ber.SEQUENCE, plain, 0, len(plain))
    return (plain if stop == len(plain) else plain[:stop]), at


def decode_scoped(plain: bytes) -> Scoped:
    """Return a scoped PDU; BerError for what is none."""
    body, at = trimmed(plain)
    stop = len(body)
    engine_id, at = _octets(body, at, stop)
    context_name, at = _octets(body, at, stop)
    return Scoped(body, engine_id, context_name, decode_pdu(body, at, stop, VERSION_3))


def _integer(data: bytes, at: int, end: int) -> tuple[int, int]:
    start, stop = ber.expect(ber.INTEGER, data, at, end)
    return ber.decode_integer(data[start:stop]), stop


def _octets(data: bytes, at: int, end: int) -> tuple[bytes, int]:
    start, stop = ber.expect(ber.OCTET_STRING, data, at, end)
    return data[start:stop], stop
