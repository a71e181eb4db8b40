"""Ask a time server the time: is it there, is its clock set, and how far is ours from it."""

from __future__ import annotations

import secrets

from netmon import sdk
from probes.binding import packet_info
from probes.datagram_query import QuerySockets, Reply, Token
from probes.families import FamilyProbe, FamilySettings
from probes.ntp_message import (
    Answer,
    MessageError,
    clock_offset_seconds,
    decode_answer,
    encode_request,
    residence_seconds,
)
from probes.target import Endpoint, Resolved, parse_endpoint, resolve
from probes.timestamping import KERNEL_STAMPS, StampKeeper

RESOLVE = sdk.gauge(
    "netmon_probe_ntp_duration_seconds", "Time by phase: finding the address.", phase="resolve"
)
RTT = sdk.gauge(
    "netmon_probe_ntp_duration_seconds",
    "Time by phase: from request to answer, less what the server kept it, from kernel stamps where possible.",
    phase="rtt",
)
OFFSET = sdk.gauge(
    "netmon_probe_ntp_offset_seconds",
    "How far the server's clock is ahead of this machine's; unsure by half the round trip.",
)
STRATUM = sdk.integer("netmon_probe_ntp_stratum", "Servers between this one and a reference clock, plus one.")
ROOT_DELAY = sdk.gauge(
    "netmon_probe_ntp_root_delay_seconds", "Round trip from the server to its reference clock."
)
ROOT_DISPERSION = sdk.gauge(
    "netmon_probe_ntp_root_dispersion_seconds", "How unsure the server is of its own time."
)
LEAP = sdk.state(
    "netmon_probe_ntp_leap",
    "0 nothing, 1 and 2 a second is put in or left out at the day's end, 3 the server's clock is not set.",
)

_PORT = 123
_COOKIE_BYTES = 8
_NOT_SET, _UNSYNCHRONISED = 3, 16


class NtpSettings(FamilySettings):
    """`max_offset`: how far the server's clock may be from ours (0: as far as it likes); `max_stratum`."""

    max_offset: sdk.Seconds = 0.0
    max_stratum: int = 15


class NtpSockets(QuerySockets):
    """The daemon's NTP sockets; the answer repeats 64 random bits of the request."""

    token = Token(asked=slice(40, 48), answered=slice(24, 32))


class NtpProbe(FamilyProbe[NtpSettings]):
    """Send one SNTP request and judge the answer."""

    measurement = "ntp"
    own_metrics = (RESOLVE, RTT, OFFSET, STRATUM, ROOT_DELAY, ROOT_DISPERSION, LEAP, KERNEL_STAMPS)
    settings_type = NtpSettings
    binds = True
    grace_seconds = 1.0

    def __init__(self, assignment: sdk.Assignment, settings: NtpSettings) -> None:
        super().__init__(assignment, settings)
        self._endpoints: dict[str, Endpoint] = {
            target: parse_endpoint(target, _PORT) for target in assignment.targets
        }
        if not 1 <= settings.max_stratum <= 15:
            raise sdk.UsageError(f"{assignment.name}: max_stratum is {settings.max_stratum}, not 1 to 15")

    async def open(self, context: sdk.Context) -> None:
        """Share the daemon's sockets."""
        await super().open(context)
        await context.shared.get(StampKeeper)
        self._sockets = await context.shared.get(NtpSockets)

    async def measure(self, target: str) -> sdk.Sample:
        """Ask one server."""
        endpoint = self._endpoints[target]
        resolved = await resolve(self.context, endpoint.host, self.settings.family, self.circuit)
        values: dict[sdk.Metric, sdk.Value] = {RESOLVE: resolved.seconds}
        cookie = secrets.token_bytes(_COOKIE_BYTES)
        try:
            reply = await self._ask(resolved, endpoint.port, cookie)
            answer = decode_answer(reply.data, cookie, reply.arrival.wall_ns)
        except sdk.SourceError as error:
            return sdk.Sample(values, outcome=sdk.Outcome(error.outcome), detail=str(error))
        except MessageError as error:
            return sdk.Sample(values, outcome=sdk.Outcome.GARBLED, detail=f"the answer is malformed: {error}")
        return self._judge(values, reply, answer)

    async def _ask(self, resolved: Resolved, port: int, cookie: bytes) -> Reply:
        query_socket = self._sockets.of(resolved.version)
        left_seconds = max(self.assignment.timeout_seconds - resolved.seconds, 0.0)
        leave_by = packet_info(resolved.version, self.circuit)
        to = (resolved.address, port)
        reply = await query_socket.ask(to, encode_request(cookie), left_seconds, leave_by)
        if reply is None:
            raise sdk.SourceError(sdk.Outcome.TIMEOUT, "no answer to the request")
        return reply

    def _judge(self, values: dict[sdk.Metric, sdk.Value], reply: Reply, answer: Answer) -> sdk.Sample:
        if answer.stratum == 0:
            code = sdk.clean(answer.reference.rstrip(b"\0"))
            return sdk.Sample(values, outcome=sdk.Outcome.DENIED, detail=f"the server says {code}")
        trip = reply.round_trip
        seconds = trip.seconds - residence_seconds(answer)
        values |= {
            RTT: seconds if seconds > 0 else None,  # a server whose clock was stepped meanwhile
            STRATUM: answer.stratum,
            LEAP: answer.leap,
            ROOT_DELAY: answer.root_delay_seconds,
            ROOT_DISPERSION: answer.root_dispersion_seconds,
            KERNEL_STAMPS: int(trip.kernel),
        }
        if answer.leap == _NOT_SET or answer.stratum >= _UNSYNCHRONISED:
            return sdk.Sample(values, outcome=sdk.Outcome.REJECTED, detail="the server's clock is not set")
        values[OFFSET] = offset_seconds = _offset_seconds(reply, answer)
        if self._content(answer, offset_seconds):
            return sdk.Sample(values)
        detail = f"stratum {answer.stratum}, {offset_seconds:+.6f} s from here"
        return sdk.Sample(values, outcome=sdk.Outcome.REJECTED, detail=detail)

    def _content(self, answer: Answer, offset_seconds: float) -> bool:
        allowed_seconds = self.settings.max_offset or abs(offset_seconds)
        return abs(offset_seconds) <= allowed_seconds and answer.stratum <= self.settings.max_stratum


def _offset_seconds(reply: Reply, answer: Answer) -> float:
    """Return the server's clock less ours, both ends by the kernel's stamps where there are both."""
    sent, came = reply.departure, reply.arrival
    if reply.round_trip.kernel and sent.kernel_ns is not None and came.kernel_ns is not None:
        return clock_offset_seconds(sent.kernel_ns, answer, came.kernel_ns)
    return clock_offset_seconds(sent.wall_ns, answer, came.wall_ns)
