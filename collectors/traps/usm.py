"""SNMPv3 as a receiver: traps, where the sender's engine counts, and informs, where our own does (RFC 3414).

A message is proven genuine before anything is decrypted, kept or answered with more than a report.
"""

from __future__ import annotations

import hmac
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from collectors.snmp import ber, usm_message
from collectors.snmp.ber import BerError
from collectors.snmp.message import VERSION_3, Pdu
from collectors.snmp.usm_channel import Lock
from collectors.snmp.usm_clock import EngineClock
from collectors.snmp.usm_keyring import KeyRing
from collectors.snmp.usm_message import AUTH, PRIVACY, REPORT, REPORTABLE, Envelope, Scoped
from collectors.snmp.usm_report import Report
from collectors.traps.counts import Reason
from collectors.traps.notification import INFORM, require_notification
from collectors.traps.own_engine import OwnEngine
from collectors.traps.refusal import KeysWanted, Refused
from netmon import sdk

_LEVEL: Final = AUTH | PRIVACY
_MODEL: Final = 3
_MAX_SIZE: Final = 65_507
_WINDOW_SECONDS: Final = 150  # RFC 3414 section 2.2.3
_PEERS_KEPT: Final = 512
_USM_STATS: Final = ber.oid("1.3.6.1.6.3.15.1.1")


class Heard(NamedTuple):
    """A notification that is proven to be its user's."""

    envelope: Envelope
    scoped: Scoped
    lock: Lock


@dataclass(slots=True)
class _Peer:
    """One user at one engine that has proven itself."""

    lock: Lock
    clock: EngineClock


class UsmReceiver:
    """Opens messages of known users, and answers informs and questions about our own engine."""

    def __init__(self, credentials: Sequence[sdk.Credential], keys: KeyRing, own: OwnEngine) -> None:
        """Keep the arguments; the credentials' passphrases are stretched already."""
        self._credentials = {one.user.encode(): one for one in credentials}
        self._keys = keys
        self._own = own
        self._peers: OrderedDict[tuple[bytes, bytes], _Peer] = OrderedDict()
        self._reports: Counter[Report] = Counter()

    def open(self, datagram: bytes, now: float) -> Heard:
        """Return a proven notification; Refused, BerError, or KeysWanted to come back later."""
        envelope = usm_message.decode(datagram)
        ours = envelope.engine_id == self._own.engine_id
        if not ours and envelope.flags & REPORTABLE:
            # Only who takes us for the authoritative engine may ask: it is the discovery of an inform.
            raise Refused(None, "asks who is here", self._report(envelope, Report.UNKNOWN_ENGINE, now))
        credential = self._credentials.get(envelope.user)
        if credential is None:
            raise self._refusal(Reason.USER, "an unknown SNMPv3 user", envelope, Report.UNKNOWN_USER, now)
        if envelope.flags & _LEVEL != _level(credential):
            words = "another security level than the credential's"
            raise self._refusal(Reason.USER, words, envelope, Report.UNSUPPORTED_LEVEL, now)
        lock = self._timely(self._peer(credential, envelope, datagram, now), envelope, now)
        scoped = usm_message.decode_scoped(_plain(lock, envelope, datagram))
        require_notification(scoped.header)
        if scoped.header.pdu == INFORM and not ours:
            raise BerError("an inform for another engine")
        return Heard(envelope, scoped, lock)

    def acknowledge(self, heard: Heard, now: float) -> bytes:
        """Return the response to an inform: its own variables, as RFC 3416 section 4.2.7 asks."""
        header = heard.scoped.header
        numbers = b"".join(map(ber.encode_integer, (header.request_id, 0, 0)))
        varbinds = ber.encode(ber.SEQUENCE, heard.scoped.body[header.start :])
        return self._seal(
            heard.envelope, heard.lock, heard.scoped, ber.encode(Pdu.RESPONSE, numbers + varbinds), now
        )

    def _peer(self, credential: sdk.Credential, envelope: Envelope, datagram: bytes, now: float) -> _Peer:
        """Return the sender, proven; one that proves nothing is not remembered."""
        key = envelope.engine_id, envelope.user
        peer = self._peers.get(key)
        lock = (
            peer.lock if peer else self._keys.lock_now(replace(credential, privacy=None), envelope.engine_id)
        )
        if lock is None:
            raise KeysWanted(credential, envelope.engine_id)
        if not _genuine(lock, envelope, datagram):
            raise self._refusal(Reason.DIGEST, "a wrong signature", envelope, Report.WRONG_DIGEST, now)
        if peer is not None:
            return peer
        whole = self._keys.lock_now(credential, envelope.engine_id)
        if whole is None:
            raise KeysWanted(credential, envelope.engine_id)
        return self.remember(key, whole, now)

    def remember(self, key: tuple[bytes, bytes], lock: Lock, now: float) -> _Peer:
        """Keep the lock of an engine and a user; the oldest goes when there are too many."""
        peer = self._peers[key] = _Peer(lock, EngineClock(0, 0, now))
        if len(self._peers) > _PEERS_KEPT:
            self._peers.popitem(last=False)
        return peer

    def _timely(self, peer: _Peer, envelope: Envelope, now: float) -> Lock:
        """Return the sender's lock when its message is in the time window (RFC 3414 section 3.2 step 7)."""
        lock = peer.lock
        if not lock.hash_name:
            return lock
        if envelope.engine_id == self._own.engine_id:
            late = abs(envelope.seconds - self._own.seconds(now)) > _WINDOW_SECONDS
            if envelope.boots != self._own.boots or late:
                # Zero says that the sender does not know our time yet (RFC 3414 section 4).
                reason = Reason.TIME if envelope.boots else None
                signed = replace(lock, cipher=None)
                raise self._refusal(reason, "not our time", envelope, Report.NOT_IN_TIME_WINDOW, now, signed)
        elif not peer.clock.timely(envelope.boots, envelope.seconds, now):
            raise Refused(
                Reason.TIME, "outside the time window: played back, or an engine that lost its boots"
            )
        else:
            peer.clock.learn(envelope.boots, envelope.seconds, now)
        return lock

    def _refusal(
        self,
        reason: Reason | None,
        words: str,
        envelope: Envelope,
        report: Report,
        now: float,
        lock: Lock | None = None,
    ) -> Refused:
        asked = envelope.flags & REPORTABLE
        return Refused(reason, words, self._report(envelope, report, now, lock) if asked else b"")

    def _report(self, envelope: Envelope, report: Report, now: float, lock: Lock | None = None) -> bytes:
        """Return why we do not take a message, from our own engine (RFC 3414 section 3.2)."""
        self._reports[report] += 1
        name = ber.encode(ber.OBJECT_IDENTIFIER, ber.encode_oid((*_USM_STATS, report.value, 0)))
        count = ber.encode_integer(self._reports[report] & 0x7FFF_FFFF, ber.COUNTER32)
        varbinds = ber.encode(ber.SEQUENCE, ber.encode(ber.SEQUENCE, name + count))
        pdu = ber.encode(REPORT, ber.encode_integer(0) * 3 + varbinds)
        return self._seal(envelope, lock or Lock(), None, pdu, now)

    def _seal(self, asked: Envelope, lock: Lock, scoped: Scoped | None, pdu: bytes, now: float) -> bytes:
        """Return a message from our engine, with the id of the one it answers."""
        engine_id, boots, seconds = self._own.engine_id, self._own.boots, self._own.seconds(now)
        context = (scoped.engine_id, scoped.context_name) if scoped else (engine_id, b"")
        data = ber.encode(ber.SEQUENCE, b"".join(_octets(one) for one in context) + pdu)
        salt = b""
        if lock.cipher is not None:
            salt, encrypted = lock.cipher.encrypt(data, boots, seconds)
            data = _octets(encrypted)
        numbers = ber.encode_integer(asked.message_id) + ber.encode_integer(_MAX_SIZE)
        head = ber.encode(ber.SEQUENCE, numbers + _octets(bytes((lock.level,))) + ber.encode_integer(_MODEL))
        security = b"".join((
            _octets(engine_id), ber.encode_integer(boots), ber.encode_integer(seconds), _octets(asked.user),
            _octets(bytes(lock.mac_octets)), _octets(salt),
        ))  # fmt: skip
        wrapped = _octets(ber.encode(ber.SEQUENCE, security))
        return _sign(ber.encode(ber.SEQUENCE, ber.encode_integer(VERSION_3) + head + wrapped + data), lock)


def _level(credential: sdk.Credential) -> int:
    return (AUTH if credential.auth else 0) | (PRIVACY if credential.privacy else 0)


def _octets(content: bytes) -> bytes:
    return ber.encode(ber.OCTET_STRING, content)


def _mac(lock: Lock, datagram: bytes, at: int) -> bytes:
    whole = datagram[:at] + bytes(lock.mac_octets) + datagram[at + lock.mac_octets :]
    return hmac.digest(lock.auth_key, whole, lock.hash_name)[: lock.mac_octets]


def _genuine(lock: Lock, envelope: Envelope, datagram: bytes) -> bool:
    if not lock.hash_name:
        return True
    if len(envelope.mac) != lock.mac_octets:
        return False
    return hmac.compare_digest(envelope.mac, _mac(lock, datagram, envelope.mac_at))


def _sign(datagram: bytes, lock: Lock) -> bytes:
    if not lock.hash_name:
        return datagram
    at = usm_message.decode(datagram).mac_at
    return datagram[:at] + _mac(lock, datagram, at) + datagram[at + lock.mac_octets :]


def _plain(lock: Lock, envelope: Envelope, datagram: bytes) -> bytes:
    body = datagram[envelope.start :]
    if lock.cipher is None:
        return body
    return lock.cipher.decrypt(body, envelope.salt, envelope.boots, envelope.seconds)
