"""Connect to a port, and say how long the kernel's handshake took."""

from __future__ import annotations

import re

from netmon import sdk
from probes.address_figures import ADDRESS_METRICS, address_values
from probes.families import FamilyProbe, FamilySettings
from probes.stream import Stream, connect
from probes.target import parse_endpoint, resolve
from probes.tcp_info import tcp_info

RESOLVE = sdk.gauge(
    "netmon_probe_tcp_duration_seconds", "Time by phase: finding the address.", phase="resolve"
)
CONNECT = sdk.gauge(
    "netmon_probe_tcp_duration_seconds",
    "Time by phase: the handshake as the kernel timed it; absent when one of its packets was sent again.",
    phase="connect",
)
EXPECT = sdk.gauge(
    "netmon_probe_tcp_duration_seconds",
    "Time by phase: from connected to the text that was expected.",
    phase="expect",
)
RETRANSMITS = sdk.integer(
    "netmon_probe_tcp_handshake_retransmits",
    "Packets of the handshake that were sent again, because one was lost on the way or back.",
)
FAILED_PATTERN = sdk.state(
    "probe_failed_due_to_regex",
    "1 when what came does not match the pattern asked for, 0 when it does or none was.",
)

_MAX_EXPECTED_BYTES = 4096


class TcpSettings(FamilySettings):
    """`expect_pattern`: what the far end must say first (a regular expression); empty: nothing."""

    expect_pattern: str = ""


class TcpProbe(FamilyProbe[TcpSettings]):
    """Connect, note how long the handshake took, listen for a greeting if one is expected, close."""

    measurement = "tcp"
    own_metrics = (RESOLVE, CONNECT, EXPECT, RETRANSMITS, FAILED_PATTERN, *ADDRESS_METRICS)
    settings_type = TcpSettings
    binds = True

    def __init__(self, assignment: sdk.Assignment, settings: TcpSettings) -> None:
        super().__init__(assignment, settings)
        self._endpoints = {target: parse_endpoint(target) for target in assignment.targets}
        self._expected = compile_pattern(settings.expect_pattern, assignment.name)

    async def measure(self, target: str) -> sdk.Sample:
        """Connect to one target."""
        endpoint = self._endpoints[target]
        clock = self.context.clock
        resolved = await resolve(self.context, endpoint.host, self.settings.family, self.circuit)
        self.context.trace(f"{endpoint.host} is {resolved.address}")
        stream = await connect(resolved.address, endpoint.port, clock, self.circuit)
        try:
            values = {RESOLVE: resolved.seconds, **_handshake(stream), **address_values(resolved)}
            values[FAILED_PATTERN] = 0
            if self._expected is None:
                return sdk.Sample(values)
            began = clock.monotonic()
            found = await self._greeting(stream, self._expected)
            values |= {EXPECT: clock.monotonic() - began, FAILED_PATTERN: int(not found)}
        finally:
            stream.close()
        if found:
            return sdk.Sample(values)
        return sdk.Sample(values, outcome=sdk.Outcome.REJECTED, detail="what came does not match the pattern")

    async def _greeting(self, stream: Stream, expected: re.Pattern[bytes]) -> bool:
        """Listen until the pattern is found, or there has been too much without it."""
        heard = b""
        while len(heard) < _MAX_EXPECTED_BYTES:
            data = await stream.receive()
            if not data:
                break
            heard += data
            self.context.trace(f"  heard {sdk.clean(data)!r}")
            if expected.search(heard[:_MAX_EXPECTED_BYTES]):
                return True
        if not heard:
            raise sdk.SourceError(sdk.Outcome.GARBLED, "the connection was closed without a word")
        return False


def handshake_seconds(stream: Stream) -> float | None:
    """Return the kernel's time of the handshake; None when a packet of it had to be sent again.

    After a loss the kernel's time is sometimes that of the second try, sometimes of both (1 s more), so
    the loss is counted and the time is not known.
    """
    info = tcp_info(stream.socket)
    return None if info is None or info.retransmits_total else info.rtt_seconds


def _handshake(stream: Stream) -> dict[sdk.Metric, sdk.Value]:
    info = tcp_info(stream.socket)
    retransmits = None if info is None else info.retransmits_total
    return {CONNECT: handshake_seconds(stream), RETRANSMITS: retransmits}


def compile_pattern(pattern: str, name: str) -> re.Pattern[bytes] | None:
    """Compile a setting; None when it is empty, UsageError when it is not a regular expression."""
    try:
        return re.compile(pattern.encode()) if pattern else None
    except re.error as error:
        raise sdk.UsageError(f"{name}: {pattern!r} is not a regular expression: {error}") from error
