"""Ask a resolver a question, and say how it answered and after how long."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal

from netmon import sdk
from probes.address_figures import ADDRESS_METRICS, address_values
from probes.binding import packet_info
from probes.dns_message import (
    RCODES,
    TYPES,
    Answer,
    MessageError,
    Question,
    answer_class,
    decode_answer,
    encode_query,
    mixed_case,
    parse_name,
    rcode_name,
    soa_serial,
)
from probes.dns_socket import DnsSockets, ask_resolver
from probes.families import FamilyProbe, FamilySettings
from probes.stream import Stream, connect
from probes.target import Endpoint, Resolved, parse_endpoint, resolve
from probes.timestamping import KERNEL_STAMPS, RoundTrip, StampKeeper

RESOLVE = sdk.gauge(
    "probe_dns_duration_seconds", "Time by phase: finding the resolver's address.", phase="resolve"
)
CONNECT = sdk.gauge(
    "probe_dns_duration_seconds", "Time by phase: connecting; 0 where UDP was enough.", phase="connect"
)
REQUEST = sdk.gauge(
    "probe_dns_duration_seconds",
    "Time by phase: from query to answer, from kernel stamps where possible; both where TCP had to follow.",
    phase="request",
)
SERIAL = sdk.integer("probe_dns_serial", "Serial number in the answer to a question for SOA.")
ANSWERS = sdk.integer("probe_dns_answer_rrs", "Records in the answer section.")
AUTHORITIES = sdk.integer("probe_dns_authority_rrs", "Records in the authority section.")
ADDITIONALS = sdk.integer("probe_dns_additional_rrs", "Records in the additional section.")
SUCCEEDED = sdk.state(
    "probe_dns_query_succeeded",
    "1 when an answer came, whatever it said, 0 when none or a malformed one did.",
)
RCODE = sdk.state(
    "netmon_probe_dns_rcode",
    "Response code: 0 NOERROR, 1 FORMERR, 2 SERVFAIL, 3 NXDOMAIN, 4 NOTIMP, 5 REFUSED, others in RFC 6895.",
)
CLASS = sdk.info(
    "netmon_probe_dns_answer_info",
    "Kind of answer: answered, no_data, no_such_name, refused, server_failure, not_understood or other.",
    label="answer",
)
EDNS = sdk.state(
    "netmon_probe_dns_edns", "1 when the resolver answered with EDNS, 0 when without; absent if not asked."
)

_PORT = 53
_RANDOM_LABEL_BYTES = 8
_NO_SUCH_NAME, _REFUSED = 3, 5
_MAX_TCP_BYTES = 65_535 + 2


class DnsSettings(FamilySettings):
    """What to ask, and which answers are good.

    By default the name servers of the root: every resolver has them in its cache (RFC 8109), so that
    the time is the resolver's own. `random_label` asks for a new name under `query_name` each time, which
    no cache has; NXDOMAIN is then as good as an answer. `valid_rcodes` is a list such as "NOERROR,NXDOMAIN";
    `edns_bytes` says EDNS with that size.
    """

    query_name: str = "."
    query_type: str = "NS"
    random_label: bool = False
    edns_bytes: int = 0
    valid_rcodes: str = "NOERROR"
    transport: Literal["udp", "tcp"] = "udp"


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer, the time it took, and the time to connect where TCP was used."""

    answer: Answer
    round_trip: RoundTrip
    connect_seconds: float | None = None


class DnsProbe(FamilyProbe[DnsSettings]):
    """Query by UDP, by TCP when the answer is truncated or when asked to."""

    measurement = "dns"
    own_metrics = (
        RESOLVE, CONNECT, REQUEST, ANSWERS, AUTHORITIES, ADDITIONALS, SUCCEEDED, RCODE, CLASS,
        EDNS, SERIAL, KERNEL_STAMPS, *ADDRESS_METRICS,
    )  # fmt: skip
    settings_type = DnsSettings
    binds = True
    grace_seconds = 1.0

    def __init__(self, assignment: sdk.Assignment, settings: DnsSettings) -> None:
        super().__init__(assignment, settings)
        self._endpoints = {target: parse_endpoint(target, _PORT) for target in assignment.targets}
        self._labels = parse_name(settings.query_name)
        if settings.query_type.upper() not in TYPES:
            raise sdk.UsageError(f"query_type {settings.query_type!r} is not one of {', '.join(TYPES)}")
        self._kind = TYPES[settings.query_type.upper()]
        self._valid_rcodes = parse_rcodes(settings.valid_rcodes)
        if settings.random_label:
            self._valid_rcodes |= {_NO_SUCH_NAME}
            parse_name("x" * 2 * _RANDOM_LABEL_BYTES + "." + settings.query_name.strip("."))
        if settings.edns_bytes and not 512 <= settings.edns_bytes <= 65_535:
            raise sdk.UsageError(f"edns_bytes is {settings.edns_bytes}, not 0 or 512 to 65535")

    async def open(self, context: sdk.Context) -> None:
        """Share the daemon's DNS sockets."""
        await super().open(context)
        await context.shared.get(StampKeeper)
        self._sockets = await context.shared.get(DnsSockets)

    async def measure(self, target: str) -> sdk.Sample:
        """Ask one resolver."""
        endpoint = self._endpoints[target]
        resolved = await resolve(self.context, endpoint.host, self.settings.family, self.circuit)
        values = {RESOLVE: resolved.seconds, SUCCEEDED: 0, **address_values(resolved)}
        try:
            heard = await self._ask(endpoint, resolved)
        except sdk.SourceError as error:
            return sdk.Sample(values, outcome=sdk.Outcome(error.outcome), detail=str(error))
        return self._judge(values, heard)

    async def _ask(self, endpoint: Endpoint, resolved: Resolved) -> Heard:
        """Ask by UDP, and by TCP where that must follow."""
        random, labels = self.context.random, self._labels
        if self.settings.random_label:
            labels = (random.randbytes(_RANDOM_LABEL_BYTES).hex().encode(), *labels)
        question = Question(mixed_case(labels, random), self._kind, self.settings.edns_bytes)
        left_seconds = max(self.assignment.timeout_seconds - resolved.seconds, 0.0)
        heard = None
        if self.settings.transport == "udp":
            heard = await self._ask_udp(endpoint, resolved, question, left_seconds)
            if not heard.answer.truncated:
                return heard
        self.context.trace(f"{resolved.address}: asking by TCP")
        try:
            async with asyncio.timeout(left_seconds):
                return await self._ask_tcp(endpoint, resolved, question, heard)
        except TimeoutError as error:
            raise sdk.SourceError(sdk.Outcome.TIMEOUT, "no answer to the query by TCP") from error

    async def _ask_udp(
        self, endpoint: Endpoint, resolved: Resolved, question: Question, wait_seconds: float
    ) -> Heard:
        dns_socket = self._sockets.of(resolved.version)
        leave_by = packet_info(resolved.version, self.circuit)
        to = (resolved.address, endpoint.port)
        reply = await ask_resolver(dns_socket, to, question, wait_seconds, leave_by)
        if reply is None:
            raise sdk.SourceError(sdk.Outcome.TIMEOUT, "no answer to the query")
        return Heard(decode(reply.data, question), reply.round_trip)

    async def _ask_tcp(
        self, endpoint: Endpoint, resolved: Resolved, question: Question, before: Heard | None
    ) -> Heard:
        clock = self.context.clock
        began = clock.monotonic()
        stream = await connect(resolved.address, endpoint.port, clock, self.circuit)
        try:
            connect_seconds = clock.monotonic() - began
            data, trip = await ask_stream(stream, question, self.context.random.getrandbits(16))
        finally:
            stream.close()
        seconds = trip.seconds + (before.round_trip.seconds if before else 0.0)
        kernel = trip.kernel and (before is None or before.round_trip.kernel)
        return Heard(decode(data, question), RoundTrip(seconds, kernel), connect_seconds)

    def _judge(self, values: dict[sdk.Metric, sdk.Value], heard: Heard) -> sdk.Sample:
        answer = heard.answer
        values |= {
            CONNECT: heard.connect_seconds or 0.0,
            SERIAL: next(
                (soa_serial(record) for record in answer.answers if record.kind == TYPES["SOA"]), None
            ),
            REQUEST: heard.round_trip.seconds,
            ANSWERS: len(answer.answers),
            AUTHORITIES: len(answer.authorities),
            ADDITIONALS: len(answer.additionals),
            SUCCEEDED: 1,
            RCODE: answer.rcode,
            KERNEL_STAMPS: int(heard.round_trip.kernel),
            EDNS: int(answer.edns) if self.settings.edns_bytes else None,
        }
        texts = {CLASS: answer_class(answer)}
        if answer.rcode in self._valid_rcodes:
            return sdk.Sample(values, texts)
        outcome = sdk.Outcome.DENIED if answer.rcode == _REFUSED else sdk.Outcome.REJECTED
        return sdk.Sample(values, texts, outcome, rcode_name(answer.rcode))


async def ask_stream(stream: Stream, question: Question, identifier: int) -> tuple[bytes, RoundTrip]:
    """Ask over TCP (RFC 1035 §4.2.2: a length goes before each message) and return the whole answer."""
    query = encode_query(identifier, question)
    await stream.send(len(query).to_bytes(2, "big") + query)
    data, trip = await stream.receive(), stream.round_trip()
    heard = data
    while data and not _whole(heard):
        data = await stream.receive()
        heard = (heard + data)[:_MAX_TCP_BYTES]
    if not _whole(heard) or trip is None:
        raise sdk.SourceError(sdk.Outcome.GARBLED, "the connection was closed before the answer was complete")
    message = heard[2 : 2 + int.from_bytes(heard[:2], "big")]
    if message[:2] != query[:2]:
        raise sdk.SourceError(sdk.Outcome.GARBLED, "the answer has another id than the query")
    return message, trip


def _whole(heard: bytes) -> bool:
    return len(heard) >= 2 and len(heard) >= 2 + int.from_bytes(heard[:2], "big")


def decode(data: bytes, question: Question) -> Answer:
    """Read an answer to a question; SourceError(GARBLED) when it is none, or one to another question."""
    try:
        answer = decode_answer(data)
    except MessageError as error:
        raise sdk.SourceError(sdk.Outcome.GARBLED, f"the answer is malformed: {error}") from error
    # RFC 1035 lets an error come without the question; where it is repeated, it must be ours, case included.
    if answer.question != question and not (answer.question is None and answer.rcode):
        raise sdk.SourceError(sdk.Outcome.GARBLED, "the answer is to another question")
    return answer


def parse_rcodes(text: str) -> frozenset[int]:
    """Return the codes of a list such as "NOERROR,NXDOMAIN"; UsageError for a name that is none."""
    names = [name.strip().upper() for name in text.split(",")]
    for name in names:
        if name not in RCODES:
            raise sdk.UsageError(f"valid_rcodes: {name!r} is not one of {', '.join(RCODES)}")
    return frozenset(RCODES.index(name) for name in names)
