"""From datagram to event: prove it, decode it, name it; acknowledge informs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from collectors.snmp.ber import BerError
from collectors.snmp.message import VERSION_1, VERSION_3, Pdu, Status, encode_message
from collectors.traps import notification
from collectors.traps.counts import Counts, Reason
from collectors.traps.gate import Once, Recent
from collectors.traps.names import Names
from collectors.traps.notification import INFORM, Notification
from collectors.traps.refusal import Refused
from collectors.traps.story import Origin, Story
from collectors.traps.usm import UsmReceiver
from netmon import sdk

_HOUR_SECONDS: Final = 3600.0
_STRANGERS_TOLD: Final = 64
_REFUSALS_TOLD: Final = 256
_REPEATED_SECONDS: Final = 150.0  # as long as SNMPv3's time window lets a copy pass
_REMEMBERED: Final = 2048
_VERSIONS: Final[Mapping[int, str]] = {0: "1", 1: "2c", 3: "3"}


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a datagram: events, octets for its sender, and the device to poll (empty: none).

    `everything` of it is to be read, not only what is due.
    """

    events: Sequence[sdk.Event] = ()
    reply: bytes = b""
    poll: str = ""
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A datagram that was let in: its source's address, its device (empty: a stranger), its moment."""

    datagram: bytes
    address: str
    device: str
    now: float


class Hearing:
    """Knows communities, users and names; keeps what was said before."""

    def __init__(self, site: str, communities: frozenset[bytes], usm: UsmReceiver, names: Names) -> None:
        self._site, self._communities, self._usm, self._names = site, communities, usm, names
        self._strangers = Once(_HOUR_SECONDS, _STRANGERS_TOLD)
        self._refusals = Once(_HOUR_SECONDS, _REFUSALS_TOLD)
        self._recent = Recent(_REPEATED_SECONDS, _REMEMBERED)

    def hear(self, letter: Letter, stamp: sdk.Stamp, counts: Counts) -> Told:
        """Judge one datagram; only KeysWanted leaves this method as an exception."""
        try:
            found, origin, reply = self._open(letter)
        except Refused as refused:
            return self._refused(letter, refused, stamp, counts)
        except BerError as error:
            return self._refused(letter, Refused(Reason.GARBLED, str(error)), stamp, counts)
        counts.acknowledged += bool(reply)
        if self._recent.again((letter.datagram, origin.version == "3" or letter.address), letter.now):
            counts.dropped[Reason.REPEATED] += 1
            return Told((), reply)
        if not letter.device and not self._strangers.first(letter.address, letter.now):
            counts.dropped[Reason.STRANGER] += 1
            return Told((), reply)
        counts.told += 1
        told = Story(found, origin, self._names)
        everything = told.trap in self._names.reread
        polled = letter.device if everything or told.trap in self._names.polled else ""
        kind = "trap" if letter.device else "trap_unknown_source"
        key = self._key(letter.address, letter.device)
        event = sdk.Event(kind, key, told.text(), stamp, told.data())
        return Told((event,), reply, polled, everything)

    def _open(self, letter: Letter) -> tuple[Notification, Origin, bytes]:
        datagram = letter.datagram
        version = notification.version_of(datagram)
        if version == VERSION_3:
            heard = self._usm.open(datagram, letter.now)
            header, body = heard.scoped.header, heard.scoped.body
            reply = self._usm.acknowledge(heard, letter.now) if header.pdu == INFORM else b""
            found = notification.decode_v2(body, header)
            return found, Origin(letter.address, letter.device, "3", bool(reply)), reply
        wrapping = notification.unwrap(datagram)
        if wrapping.community not in self._communities:
            raise Refused(Reason.COMMUNITY, "an unknown community")
        if version == VERSION_1:
            found = notification.decode_v1(datagram, wrapping.at)
            return found, Origin(letter.address, letter.device, "1"), b""
        header = notification.header_of(datagram, wrapping)
        found, reply = notification.decode_v2(datagram, header), b""
        if header.pdu == INFORM:
            answer = replace(header, pdu=Pdu.RESPONSE, first=Status.NO_ERROR, second=0)
            reply = encode_message(answer, datagram[header.start :])
        return found, Origin(letter.address, letter.device, _VERSIONS[version], bool(reply)), reply

    def _refused(self, letter: Letter, refused: Refused, stamp: sdk.Stamp, counts: Counts) -> Told:
        """Count it; tell it of a configured device once an hour: it is a mistake that somebody can mend."""
        if refused.reason is None:
            return Told((), refused.reply)
        counts.dropped[refused.reason] += 1
        if not letter.device or not self._refusals.first((letter.device, refused.reason), letter.now):
            return Told((), refused.reply)
        text = sdk.clean(f"{letter.device} sends notifications that are not accepted: {refused}")
        data: dict[str, sdk.Json] = {"reason": str(refused.reason), "source": letter.address}
        event = sdk.Event("trap_refused", self._key(letter.address, letter.device), text, stamp, data)
        return Told((event,), refused.reply)

    def _key(self, address: str, device: str) -> sdk.Labels:
        return (("site", self._site), ("device", device) if device else ("source", address))
