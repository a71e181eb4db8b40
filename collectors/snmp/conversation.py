"""One device's side of the transport: its address, its credential, and whether it answers at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from collectors.snmp import message
from collectors.snmp.ber import BerError
from collectors.snmp.failure import garbled
from collectors.snmp.message import Pdu, Request, Varbind, decode_varbinds, make_request
from collectors.snmp.peer import Patience, Peer, peer_at
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


@dataclass(frozen=True, slots=True)
class ConversationCounters:
    """What asking this device has taken since the session was made."""

    packets_sent: int = 0
    packets_retried: int = 0
    varbinds: int = 0


class Conversation:
    """Requests to one device, one at a time."""

    def __init__(
        self, device: sdk.Device, transport: Transport, context: sdk.Context, try_seconds: float
    ) -> None:
        """Keep the arguments; SourceError UNSUPPORTED for a credential of SNMPv3."""
        version = _VERSIONS.get(device.credential.version)
        if version is None:
            raise sdk.SourceError(
                sdk.Outcome.UNSUPPORTED, f"{device.name}: this version speaks SNMP v1 and v2c, not v3"
            )
        self.name = device.name
        self.version = version
        self.counters = ConversationCounters()
        self._device = device
        self._community = device.credential.community.get_secret_value().encode()
        self._transport = transport
        self._context = context
        self._try_seconds = try_seconds
        self._peer: Peer | None = None
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
        self._peer = peer_at(addresses[0], device.port, other_source=device.other_source)

    def request(self, pdu: Pdu, names: Sequence[bytes], bulk: tuple[int, int] = (0, 0)) -> Request:
        """Return a request in this device's version and community."""
        return make_request(self.version, self._community, pdu, names, bulk)

    async def ask(self, request: Request, tries: int, deadline: float) -> Answer:
        """Return the reply, whatever its error-status; a dark device gets one short try only.

        SourceError: see Transport.exchange(); also GARBLED for varbinds that cannot be decoded, and
        TIMEOUT when the deadline (monotonic seconds) has passed.
        """
        left = deadline - self.now
        if self._peer is None or left <= 0:
            raise sdk.SourceError(sdk.Outcome.TIMEOUT, f"{self.name}: no time left for this run")
        seconds = self._try_seconds
        if self.dark:
            tries, seconds = 1, seconds * _SHORT
        patience = Patience(min(seconds, left / tries), tries)
        began = self.now
        try:
            reply = await self._transport.exchange(self._peer, request, patience)
        except sdk.SourceError as error:
            self._count(tries)
            self._context.trace(f"{self.name}: {error} after {self.now - began:.3f} s")
            if error.outcome in SILENT:
                self._dark_until = self.now + _DARK_SECONDS
            raise
        self._dark_until = 0.0
        try:
            varbinds = decode_varbinds(reply.datagram, reply.header, request.most)
        except BerError as error:
            self._count(reply.tries)
            raise garbled(self.name, error) from error
        self._count(reply.tries, len(varbinds))
        answer = Answer(reply.datagram, reply.header.first, reply.header.second, varbinds)
        self._context.trace(self._story(request, answer, reply.tries, self.now - began))
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
