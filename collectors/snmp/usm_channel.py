"""One user's way to one engine: requests sealed, answers proven genuine before anything in them counts.

RFC 3414 section 3: an answer is authenticated, then judged by its time, then decrypted, then read.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from collectors.snmp import ber, usm_message
from collectors.snmp.ber import BerError
from collectors.snmp.message import Pdu
from collectors.snmp.usm_clock import EngineClock
from collectors.snmp.usm_message import (
    AUTH,
    PRIVACY,
    REPORT,
    REPORTABLE,
    Envelope,
    Frame,
    Layout,
    Scoped,
    Sender,
)

_LEVEL: Final = AUTH | PRIVACY


class Untrusted(BerError):  # noqa: N818 - it names what the message is
    """A well-formed message that is not proven to be the answer of the engine that was asked."""


class Opened(NamedTuple):
    """An answer: its plain scoped PDU, and what its message proved.

    `genuine`: signed by the engine that was asked. `timely`: inside its time window, as far as known.
    `report`: the engine's reason, instead of a response.
    """

    body: bytes
    report: Scoped | None
    envelope: Envelope
    genuine: bool
    timely: bool


class PrivacyCipher(Protocol):
    """What encrypts for one user of one engine; boots and seconds are those of the message."""

    def encrypt(self, plain: bytes, boots: int, seconds: int) -> tuple[bytes, bytes]:
        """Return the salt that travels in msgPrivacyParameters, and the encrypted octets."""

    def decrypt(self, encrypted: bytes, salt: bytes, boots: int, seconds: int) -> bytes:
        """Return the plain octets, padding included; BerError for what this cipher never makes."""


@dataclass(frozen=True, slots=True)
class Lock:
    """What secures messages both ways; the empty one secures nothing (noAuthNoPriv)."""

    hash_name: str = ""
    mac_octets: int = 0
    auth_key: bytes = field(default=b"", repr=False)
    cipher: PrivacyCipher | None = field(default=None, repr=False)

    @property
    def level(self) -> int:
        """Return the flags that say so in a message."""
        return (AUTH if self.hash_name else 0) | (PRIVACY if self.cipher is not None else 0)


class Channel:
    """Seals requests to an engine and opens its answers."""

    def __init__(
        self, engine_id: bytes, user: bytes, lock: Lock, clock: EngineClock, context_name: bytes = b""
    ) -> None:
        """Keep the arguments; an empty engine ID and user make the channel that asks who is there."""
        self.engine_id = engine_id
        self._context = ber.encode(ber.OCTET_STRING, engine_id) + ber.encode(ber.OCTET_STRING, context_name)
        self.clock = clock
        self._response_start = self._context + bytes((Pdu.RESPONSE,))
        self._user = user
        self._lock = lock
        self._flags = lock.level | REPORTABLE
        self._no_mac = bytes(lock.mac_octets)
        self._frame = Frame(0, Sender(b"", 0, 0, b""), 0)
        self._framed = (-1, -1)
        self._known: Layout | None = None
        # The two blocks of the key are hashed once; each message works on a copy.
        self._hmac = hmac.new(lock.auth_key, digestmod=lock.hash_name) if lock.hash_name else None

    def seal(self, message_id: int, pdu: bytes, now: float) -> bytes:
        """Return the message around a plain PDU; the id is at least 0x00800000, below 2**31."""
        scoped = b"\x30" + ber.encode_length(len(self._context) + len(pdu)) + self._context + pdu
        boots, seconds = self.clock.boots, self.clock.estimate(now)
        salt = b""
        if self._lock.cipher is not None:
            salt, scoped = self._lock.cipher.encrypt(scoped, boots, seconds)
        if self._framed != (boots, seconds):
            sender = Sender(self.engine_id, boots, seconds, self._user)
            self._frame = Frame(self._flags, sender, self._lock.mac_octets)
            self._framed = boots, seconds
        before, after = self._frame.parts(message_id, salt, scoped)
        return before + self._mac(before + self._no_mac + after) + after

    def open(self, datagram: bytes, now: float) -> Opened:
        """Return an answer; BerError for a broken one, Untrusted for one that proves nothing.

        A report may be less secure than the request, as an agent that does not know the user cannot
        sign. It may also be older than the time window: its message-id, which only the asked engine
        could sign, proves it fresh.
        """
        known = self._known
        if known is not None and known.matches(datagram):
            return self._open_alike(known.envelope, datagram, now)
        envelope = usm_message.decode(datagram)
        genuine = self._genuine(envelope, envelope.mac, datagram)
        timely = not genuine or self.clock.timely(envelope.boots, envelope.seconds, now)
        if envelope.encrypted and not timely:
            raise Untrusted("outside the time window")
        plain = self._plain(envelope, envelope.salt, datagram)
        if (body := self._response(plain)) is not None:
            self._accept(envelope, timely=timely)
            self._known = Layout.learn(datagram, envelope)
            report = None
        else:
            report = _report(plain)
            body = report.body
        if genuine and timely:
            self.clock.learn(envelope.boots, envelope.seconds, now)
        return Opened(body, report, envelope, genuine, timely)

    def _open_alike(self, envelope: Envelope, datagram: bytes, now: float) -> Opened:
        """Open a message that has the envelope of one that was accepted, but for its id, mac and salt."""
        at = envelope.mac_at + len(self._no_mac)
        self._genuine(envelope, datagram[envelope.mac_at : at], datagram)
        if not self.clock.timely(envelope.boots, envelope.seconds, now):
            raise Untrusted("outside the time window")
        plain = self._plain(envelope, datagram[at + 2 : at + 10], datagram)
        if (body := self._response(plain)) is not None:
            return Opened(body, None, envelope, genuine=True, timely=True)
        report = _report(plain)
        return Opened(report.body, report, envelope, genuine=True, timely=True)

    def _response(self, plain: bytes) -> bytes | None:
        """Return the body of a response in our context; only its frame is looked at."""
        body, at = usm_message.trimmed(plain)
        return body if body.startswith(self._response_start, at) else None

    def _accept(self, envelope: Envelope, *, timely: bool) -> None:
        if envelope.flags & _LEVEL != self._lock.level:
            raise Untrusted("not at the level of the request")
        if envelope.engine_id != self.engine_id or envelope.user != self._user:
            raise Untrusted("from another engine, or for another user")
        if not timely:
            raise Untrusted("outside the time window")

    def _genuine(self, envelope: Envelope, mac: bytes, datagram: bytes) -> bool:
        """Tell whether the message is authenticated; Untrusted when it claims so and is not."""
        if not envelope.flags & AUTH:
            if envelope.encrypted:
                raise BerError("encrypted but not authenticated (RFC 3412 section 7.2)")
            return False
        if self._hmac is None or envelope.engine_id != self.engine_id or envelope.user != self._user:
            raise Untrusted("authenticated by somebody else")
        at, stop = envelope.mac_at, envelope.mac_at + len(self._no_mac)
        expected = self._mac(datagram[:at] + self._no_mac + datagram[stop:])
        if not hmac.compare_digest(mac, expected):
            raise Untrusted("wrong authentication")
        return True

    def _plain(self, envelope: Envelope, salt: bytes, datagram: bytes) -> bytes:
        body = datagram[envelope.start :]
        if not envelope.encrypted:
            return body
        if self._lock.cipher is None:
            raise Untrusted("encrypted for somebody else")
        return self._lock.cipher.decrypt(body, salt, envelope.boots, envelope.seconds)

    def _mac(self, datagram: bytes) -> bytes:
        if self._hmac is None:
            return b""
        digest = self._hmac.copy()
        digest.update(datagram)
        return digest.digest()[: self._lock.mac_octets]


def _report(plain: bytes) -> Scoped:
    scoped = usm_message.decode_scoped(plain)
    if scoped.header.pdu != REPORT:
        raise Untrusted("neither a response in our context nor a report")
    return scoped
