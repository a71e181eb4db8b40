"""One device's side of the transport: its address, its credential, and whether it answers at all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, TypeVar

from collectors.snmp import message, story
from collectors.snmp.answers import Table
from collectors.snmp.ber import BerError
from collectors.snmp.envelope import CommunityEnvelope, Envelope, News
from collectors.snmp.exchange import Exchange, Line, Question
from collectors.snmp.failure import garbled
from collectors.snmp.limits import Allowance, Limits
from collectors.snmp.message import Header, Pdu, Request, Varbind, decode_varbinds
from collectors.snmp.peer import Patience, peer_at
from collectors.snmp.plan import Plan
from collectors.snmp.planrun import PlanRun
from collectors.snmp.reach import Reach
from collectors.snmp.transport import Transport
from collectors.snmp.usm import UsmEnvelope
from netmon import sdk

PLAN_TRIES: Final = 3

SILENT: Final = {sdk.Outcome.TIMEOUT, sdk.Outcome.GARBLED}
"""Outcomes of a device that gave no usable reply; asking less may help."""

_TRIES: Final = 3
_VERSIONS: Final = {sdk.SnmpVersion.V1: message.VERSION_1, sdk.SnmpVersion.V2C: message.VERSION_2C}


T = TypeVar("T")


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
    waited_seconds: float = 0.0


def envelope_for(device: sdk.Device, context: sdk.Context) -> Envelope:
    """Return the envelope of a device's credential."""
    version = _VERSIONS.get(device.credential.version)
    if version is None:
        return UsmEnvelope(device.name, device.credential, context)
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
        """Keep the arguments.

        `try_seconds` is how long one try is before anything was measured.
        """
        envelope = envelope_for(device, context)
        self.name = device.name
        self.version = envelope.version
        self.counters = ConversationCounters()
        self._device = device
        self._envelope = envelope
        self._transport = transport
        self._context = context
        self._reach = Reach(try_seconds)
        self._allowance = allowance or Limits().for_device()
        self._line: Line | None = None
        self._address = ""

    @property
    def now(self) -> float:
        """Monotonic seconds, for deadlines."""
        return self._context.clock.monotonic()

    @property
    def dark(self) -> bool:
        """Tell whether the device was asked a moment ago and stayed silent."""
        return self._reach.dark(self.now)

    async def find(self) -> None:
        """Begin a poll: look up the device's address, and for SNMPv3 its engine, unless that is known.

        SourceError UNRESOLVED without an address, DENIED when the engine refuses the user, TIMEOUT when
        the device was dark too often to be asked just now.
        """
        device = self._device
        if not self._reach.begin(self.now):
            raise sdk.SourceError(sdk.Outcome.TIMEOUT, f"{self.name}: silent for several polls, left alone")
        if self._address == device.address:  # a literal: its own answer, always
            addresses: Sequence[str] = (self._address,)
        else:
            addresses = await self._context.resolver.addresses(device.address)
        if self._line is None or self._address != addresses[0]:
            peer = peer_at(addresses[0], device.port, other_source=device.other_source)
            self._line = Line(peer, self._envelope, self._allowance)
            self._address = addresses[0]
        await self._envelope.prepare(self._prove)

    async def _prove(self, request: Request) -> Answer:
        return await self.ask(request, _TRIES, self.now + _TRIES * self._reach.try_seconds)

    def news(self) -> Sequence[News]:
        """Return, once, what the envelope noticed about the device."""
        return self._envelope.news()

    def request(self, pdu: Pdu, names: Sequence[bytes], bulk: tuple[int, int] = (0, 0)) -> Request:
        """Return a request in this device's version and community."""
        return self._envelope.request(pdu, names, bulk)

    async def ask(self, request: Request, tries: int, deadline: float) -> Answer:
        """Return the reply, whatever its error-status; a dark device gets one short try only.

        SourceError: see Transport.exchange(); also GARBLED for varbinds that cannot be decoded, and
        TIMEOUT when the deadline (monotonic seconds) has passed.
        """
        line, patience = self._prepare(tries, deadline)
        question = Question(line, request, patience)
        began = self.now
        try:
            reply = await self._outcome(question, question.answer, deadline)
        finally:
            self._count(question.tries)
        try:
            varbinds = decode_varbinds(reply.body, reply.header, request.most)
        except BerError as error:
            raise garbled(self.name, error) from error
        self._count(0, len(varbinds))
        answer = Answer(reply.body, reply.header.first, reply.header.second, varbinds, reply.header)
        if self._context.trace is not sdk.no_trace:
            replied = (len(reply.body), len(varbinds), reply.header.first)
            self.tell(story.exchanged(request, replied, question.tries, self.now - began))
        return answer

    async def follow(self, plan: Plan, deadline: float) -> Table | None:
        """Return a table by plan; None when the device answers otherwise, or stopped half way.

        SourceError: as ask(), when nothing came at all.
        """
        line, patience = self._prepare(PLAN_TRIES, deadline)
        run = PlanRun(line, plan, patience, self._transport)
        began = self.now
        try:
            known = await self._outcome(run, run.done, deadline)
        except sdk.SourceError as error:
            if run.begun and error.outcome in SILENT:
                self._reach.answered(None)  # it did, a moment ago: perhaps less is what it bears
                return None
            raise
        finally:
            self._count(run.sent + run.tries, run.varbinds, run.resent)
        if self._context.trace is not sdk.no_trace:
            sent = {"requests": run.sent + run.tries, "resent": run.resent, "varbinds": run.varbinds}
            self.tell(story.planned(sent, self.now - began, known=known))
        return plan.table(run.numbers, run.leading) if known else None

    def _prepare(self, tries: int, deadline: float) -> tuple[Line, Patience]:
        now = self.now
        left = deadline - now
        if self._line is None or left <= 0:
            raise sdk.SourceError(sdk.Outcome.TIMEOUT, f"{self.name}: no time left for this run")
        patience = self._reach.patience(tries, now)
        return self._line, Patience(min(patience.try_seconds, left / patience.tries), patience.tries)

    async def _outcome(self, exchange: Exchange, answer: asyncio.Future[T], deadline: float) -> T:
        """Send, wait for the end, and learn from it how the device is reached."""
        now = self.now
        exchange.ends_at = asyncio.get_running_loop().time() + deadline - now
        self._transport.start(exchange)
        try:
            result = await answer
        except sdk.SourceError as error:
            self.tell(f"{error}; {exchange.tries} sent, waited {self.now - now:.3f} s")
            if error.outcome in SILENT:
                self._reach.silent(self.now)
            raise
        finally:
            self._transport.drop(exchange)
            waited_seconds = self.counters.waited_seconds + self.now - now
            self.counters = replace(self.counters, waited_seconds=waited_seconds)
        self._reach.answered(exchange.round_trip_seconds)
        return result

    def _count(self, sent: int, varbinds: int = 0, retried: int | None = None) -> None:
        now = self.counters
        again = max(sent - 1, 0) if retried is None else retried
        self.counters = ConversationCounters(
            now.packets_sent + sent,
            now.packets_retried + again,
            now.varbinds + varbinds,
            now.waited_seconds,
        )

    def tell(self, words: str) -> None:
        """Add a line to the story of the run."""
        self._context.trace(f"{self.name}: {words}")
