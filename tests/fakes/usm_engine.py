"""An authoritative SNMPv3 engine in memory, as an agent has one, with everything about it to be set."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from collectors.snmp import ber, usm_message
from collectors.snmp.envelope import SendAgain
from collectors.snmp.message import MIN_REQUEST_ID, Pdu, Request
from collectors.snmp.usm import UsmEnvelope
from collectors.snmp.usm_channel import Lock
from collectors.snmp.usm_message import AUTH, PRIVACY, REPORT, Envelope, Frame, Scoped, Sender

USM_STATS = (1, 3, 6, 1, 6, 3, 15, 1, 1)
ENGINE_ID = bytes.fromhex("80001f8804746573742d31")


@dataclass
class FakeEngine:
    """Answers every GET with the octets in `varbinds`, or says in a report why not."""

    lock: Lock
    user: bytes = b"netmon"
    engine_id: bytes = ENGINE_ID
    boots: int = 5
    seconds: int = 1000
    varbinds: bytes = b""
    always: int = 0
    """The number of the report that it answers everything known with; 0: none."""
    tells_time: bool = True
    seen: list[Envelope] = field(default_factory=list)

    def answer(self, datagram: bytes) -> bytes | None:
        """Return the reply; None where agents are silent."""
        envelope = usm_message.decode(datagram)
        self.seen.append(envelope)
        if (refused := self._refused(envelope, datagram)) is not None:
            return refused
        plain = datagram[envelope.start :]
        if self.lock.cipher is not None:
            plain = self.lock.cipher.decrypt(plain, envelope.salt, envelope.boots, envelope.seconds)
        try:
            return self.response(envelope, usm_message.decode_scoped(plain))
        except ber.BerError:
            return None  # decrypted to rubbish: net-snmp drops it without a word

    def _refused(self, envelope: Envelope, datagram: bytes) -> bytes | None:
        """Return the first report that RFC 3414 section 3.2 calls for; None when there is none."""
        signed = bool(self.lock.hash_name)
        near = envelope.boots == self.boots and abs(envelope.seconds - self.seconds) <= 150
        wrong = {
            4: envelope.engine_id != self.engine_id,
            3: envelope.user != self.user,
            1: envelope.flags & (AUTH | PRIVACY) != self.lock.level,
            5: signed and not self._genuine(envelope, datagram),
            2: signed and not near,
        }
        if self.always and not any(wrong[number] for number in (4, 3, 1)):
            wrong = {self.always: True}
        for number, fault in wrong.items():
            if fault:
                return self.report(envelope, number, AUTH if number == 2 else 0)
        return None

    def response(self, envelope: Envelope, scoped: Scoped, pdu: int = Pdu.RESPONSE) -> bytes:
        """Return a response at the engine's level."""
        numbers = ber.encode_integer(scoped.header.request_id) + ber.encode_integer(0) * 2
        inner = ber.encode(pdu, numbers + ber.encode(ber.SEQUENCE, self.varbinds))
        return self.message(envelope.message_id, self.lock.level, inner)

    def report(self, envelope: Envelope, number: int, flags: int = 0, name: ber.Oid = USM_STATS) -> bytes:
        """Return a report of that number, signed when flags say AUTH."""
        oid = ber.encode(ber.OBJECT_IDENTIFIER, ber.encode_oid((*name, number, 0)))
        varbind = ber.encode(ber.SEQUENCE, oid + ber.encode(ber.COUNTER32, b"\x07"))
        numbers = ber.encode_integer(0) * 3
        return self.message(
            envelope.message_id, flags, ber.encode(REPORT, numbers + ber.encode(ber.SEQUENCE, varbind))
        )

    def message(self, message_id: int, flags: int, pdu: bytes) -> bytes:
        """Return a message of the engine around a PDU."""
        context = ber.encode(ber.OCTET_STRING, self.engine_id) + ber.encode(ber.OCTET_STRING, b"")
        body, salt = ber.encode(ber.SEQUENCE, context + pdu), b""
        known = self.tells_time or flags & AUTH
        boots, seconds = (self.boots, self.seconds) if known else (0, 0)
        if flags & PRIVACY and self.lock.cipher is not None:
            salt, body = self.lock.cipher.encrypt(body, boots, seconds)
        sender = Sender(self.engine_id, boots, seconds, self.user)
        size = self.lock.mac_octets if flags & AUTH else 0
        before, after = Frame(flags, sender, size).parts(message_id, salt, body)
        return before + (self._mac(before + bytes(size) + after) if size else b"") + after

    def _genuine(self, envelope: Envelope, datagram: bytes) -> bool:
        at, stop = envelope.mac_at, envelope.mac_at + len(envelope.mac)
        return self._mac(datagram[:at] + bytes(stop - at) + datagram[stop:]) == envelope.mac

    def _mac(self, datagram: bytes) -> bytes:
        return hmac.digest(self.lock.auth_key, datagram, self.lock.hash_name)[: self.lock.mac_octets]


def exchange(
    envelope: UsmEnvelope, engine: FakeEngine, request: Request, message_id: int = MIN_REQUEST_ID
) -> bytes | None:
    """Do what the transport does with a request: return the body, None for silence."""
    for _ in range(10):
        reply = engine.answer(envelope.seal(request, message_id))
        if reply is None:
            return None
        try:
            return envelope.open(reply)
        except SendAgain:
            continue
    raise AssertionError("it goes on for ever")
