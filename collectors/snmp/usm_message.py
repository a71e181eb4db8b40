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
SALT_OCTETS: Final = 8
_TWO_OCTETS: Final = 0x82
"""A length of two octets follows (X.690 section 8.1.3.5)."""
# The version, and the beginning of msgGlobalData up to the content of msgID, which takes four octets.
_FRONT: Final = _VERSION + bytes((ber.SEQUENCE, 6 + len(_SIZE) + 3 + len(_MODEL), ber.INTEGER, 4))


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


class Frame:
    """Messages of one sender at one moment: everything but id, authentication, salt and scoped PDU."""

    __slots__ = ("_encrypted", "_middle", "_salt_head", "_size")

    def __init__(self, flags: int, sender: Sender, mac_octets: int) -> None:
        self._encrypted = bool(flags & PRIVACY)
        salt_octets = SALT_OCTETS if self._encrypted else 0
        inner = (
            ber.encode(ber.OCTET_STRING, sender.engine_id)
            + ber.encode_integer(sender.boots)
            + ber.encode_integer(sender.seconds)
            + ber.encode(ber.OCTET_STRING, sender.user)
            + bytes((ber.OCTET_STRING, mac_octets))
        )
        security_octets = len(inner) + mac_octets + 2 + salt_octets
        security = ber.encode_length(security_octets)
        wrapped = ber.encode_length(1 + len(security) + security_octets)
        self._middle = b"".join(
            (_SIZE, b"\x04\x01", bytes((flags,)), _MODEL, b"\x04", wrapped, b"\x30", security, inner)
        )
        self._salt_head = bytes((ber.OCTET_STRING, salt_octets))
        self._size = len(_FRONT) + 4 + len(self._middle) + mac_octets

    def parts(self, message_id: int, salt: bytes, scoped: bytes) -> tuple[bytes, bytes]:
        """Return what comes before and after a message's authentication octets.

        The id takes four octets: at least 0x00800000, below 2**31. The salt is empty, or of eight octets
        when the flags say PRIVACY; then the scoped PDU is encrypted.
        """
        if self._encrypted:
            scoped = b"\x04" + ber.encode_length(len(scoped)) + scoped
        after = self._salt_head + salt + scoped
        size = ber.encode_length(self._size + len(after))
        return b"\x30" + size + _FRONT + message_id.to_bytes(4, "big") + self._middle, after


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


class Layout:
    """Where everything was in an engine's last encrypted message, to prove a new one alike at a glance.

    Alike: the same flags, engine, boots, second, user and lengths; other id, authentication, salt, content.
    """

    __slots__ = ("_at", "_head", "_middle", "_salt_head", "envelope")

    def __init__(self, datagram: bytes, envelope: Envelope) -> None:
        """Learn from a strictly decoded message; see learn()."""
        self.envelope = envelope
        self._at = envelope.mac_at + len(envelope.mac)
        self._head = datagram[4:11]
        self._middle = datagram[15 : envelope.mac_at]
        self._salt_head = datagram[self._at : self._at + 2]

    @staticmethod
    def learn(datagram: bytes, envelope: Envelope) -> Layout | None:
        """Return the layout of a message whose lengths take two octets, as large ones do; None for others."""
        usual = datagram[1] == _TWO_OCTETS and datagram[4:11].endswith(b"\x02\x04")
        usual = usual and len(envelope.salt) == SALT_OCTETS and datagram[envelope.start - 3] == _TWO_OCTETS
        return Layout(datagram, envelope) if usual and envelope.encrypted else None

    def matches(self, datagram: bytes) -> bool:
        """Tell whether a message is alike, and fills its datagram exactly."""
        size, start = len(datagram), self.envelope.start
        left = size - start
        return (
            left > 0
            and datagram.startswith(b"\x30\x82" + (size - 4).to_bytes(2, "big") + self._head)
            and datagram.startswith(self._middle, 15)
            and datagram.startswith(self._salt_head, self._at)
            and datagram.startswith(b"\x04\x82" + left.to_bytes(2, "big"), start - 4)
        )
