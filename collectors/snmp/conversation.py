"""One device's side of the transport: its address, its credential, and whether it answers at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from collectors.snmp import message
from collectors.snmp.ber import BerError
from collectors.snmp.envelope import CommunityEnvelope, Envelope
from collectors.snmp.exchange import Line, Question
from collectors.snmp.failure import garbled
from collectors.snmp.limits import Allowance, Limits
from collectors.snmp.message import Header, Pdu, Request, Varbind, decode_varbinds
from collectors.snmp.peer import Patience, peer_at
from collectors.snmp.transport import Transport
from netmon import sdk

_DARK_SECONDS: Final = 10.0
"""How long a device that did not answer is given one short try only: about one job's length."""
_SHORT: Final = 0.5
"""Length of that try, as a share of a usual one."""

SILENT: Final = {sdk.Outcome.TIMEOUT, sdk.Outcome.GARBLED}
"""Outcomes of a device that gave no usable reply; asking less may help."""

_VERSIONS: Final = {sdk.SnmpVersion.V1: message.VERSION_1, sdk.SnmpVersion.V2C: message.VERSION_2C}


class Answer(NamedTuple):
    """A reply, decoded as far as names and places of values."""

    datagram: bytes
    error_status: int
    error_index: int
    varbinds: Sequence[Varbind]
    header: Header
    """Tells where the PDU lies in `datagram`, which is a scopedPDU for SNMPv3."""


@dataclass(frozen=True, slots=True)
class ConversationCounters:
    """What asking this device has taken since the session was made."""

    packets_sent: int = 0
    packets_retried: int = 0
    varbinds: int = 0


def envelope_for(device: sdk.Device) -> Envelope:
    """Return the envelope of a device's credential; SourceError UNSUPPORTED for SNMPv3."""
    version = _VERSIONS.get(device.credential.version)
    if version is None:
        words = f"{device.name}: this version speaks SNMP v1 and v2c, not v3"
        raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, words)
    return CommunityEnvelope(version, device.credential.community.get_secret_value().encode())


class Conversation:
    """Requests to one device, one at a time."""

    def __init__(
        self,
        device: sdk.Device,
        transport: Transport,
        context: sdk.Context,
        try_seconds: float,
        allowance: Allowance | None = None,
    ) -> None:
        """Keep the arguments; SourceError UNSUPPORTED for a credential that has no envelope.

        `try_seconds` is how long one try is before anything was measured.
        """
        envelope = envelope_for(device)
        self.name = device.name
        self.version = envelope.version
        self.counters = ConversationCounters()
        self._device = device
        self._envelope = envelope
        self._transport = transport
        self._context = context
        self._try_seconds = try_seconds
        self._allowance = allowance or Limits().for_device()
        self._line: Line | None = None
        self._address = ""
        self._dark_until = 0.0

    @property
    def now(self) -> float:
        """Monotonic seconds, for deadlines."""
        return self._context.clock.monotonic()

    @property
    def dark(self) -> bool:
        """Tell whether the device was asked a moment ago and stayed silent."""
        return self.now < self._dark_until

    async def find(self) -> None:
        """Look up the device's address; SourceError UNRESOLVED when it has none."""
        device = self._device
        addresses = await self._context.resolver.addresses(device.address)
        if self._line is None or self._address != addresses[0]:
            peer = peer_at(addresses[0], device.port, other_source=device.other_source)
            self._line = Line(peer, self._envelope, self._allowance)
            self._address = addresses[0]

    def request(self, pdu: Pdu, names: Sequence[bytes], bulk: tuple[int, int] = (0, 0)) -> Request:
        """Return a request in this device's version and community."""
        return self._envelope.request(pdu, names, bulk)

    async def ask(self, request: Request, tries: int, deadline: float) -> Answer:
        """Return the reply, whatever its error-status; a dark device gets one short try only.

        SourceError: see Transport.exchange(); also GARBLED for varbinds that cannot be decoded, and
        TIMEOUT when the deadline (monotonic seconds) has passed.
        """
        left = deadline - self.now
        if self._line is None or left <= 0:
            raise sdk.SourceError(sdk.Outcome.TIMEOUT, f"{self.name}: no time left for this run")
        seconds = self._try_seconds
        if self.dark:
            tries, seconds = 1, seconds * _SHORT
        question = Question(self._line, request, Patience(min(seconds, left / tries), tries))
        began = self.now
        self._transport.start(question)
        try:
            reply = await question.answer
        except sdk.SourceError as error:
            self._count(question.tries)
            self._context.trace(f"{self.name}: {error} after {self.now - began:.3f} s")
            if error.outcome in SILENT:
                self._dark_until = self.now + _DARK_SECONDS
            raise
        finally:
            self._transport.drop(question)
        self._dark_until = 0.0
        try:
            varbinds = decode_varbinds(reply.body, reply.header, request.most)
        except BerError as error:
            self._count(question.tries)
            raise garbled(self.name, error) from error
        self._count(question.tries, len(varbinds))
        answer = Answer(reply.body, reply.header.first, reply.header.second, varbinds, reply.header)
        self._context.trace(self._story(request, answer, question.tries, self.now - began))
        return answer

    def _count(self, tries: int, varbinds: int = 0) -> None:
        now = self.counters
        self.counters = ConversationCounters(
            now.packets_sent + tries, now.packets_retried + tries - 1, now.varbinds + varbinds
        )

    def _story(self, request: Request, answer: Answer, tries: int, seconds: float) -> str:
        return (
            f"{self.name}: asked {len(request.head) + 4 + len(request.tail)} octets,"
            f" got {len(answer.datagram)} with {len(answer.varbinds)} varbinds,"
            f" status {answer.error_status}, in {seconds * 1000:.1f} ms, {tries} tries"
        )
