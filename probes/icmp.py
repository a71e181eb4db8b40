"""Ping: a short train of echo requests to each target, timed by the kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median_low

from netmon import sdk
from probes.binding import packet_info
from probes.closed_port import Answer, Method, UnreachableSockets, reset_time
from probes.icmp_socket import MIN_PAYLOAD_BYTES, Echo, EchoSocket, EchoSockets, Train, train_of_its_own
from probes.target import Family, Resolved, resolve
from probes.timestamping import KERNEL_STAMPS, StampKeeper

RESOLVE = sdk.gauge("probe_icmp_duration_seconds", "Time by phase: finding the address.", phase="resolve")
SETUP = sdk.gauge(
    "probe_icmp_duration_seconds",
    "Time by phase: from knowing the address to handing the first packet to the kernel.",
    phase="setup",
)
RTT = sdk.gauge(
    "probe_icmp_duration_seconds",
    "Time by phase: median round trip of the train (the lower of two), from kernel stamps where possible.",
    phase="rtt",
)
RTT_MIN = sdk.gauge("netmon_probe_rtt_min_seconds", "Shortest round trip of the train.")
RTT_MAX = sdk.gauge("netmon_probe_rtt_max_seconds", "Longest round trip of the train.")
HOP_LIMIT = sdk.integer("probe_icmp_reply_hop_limit", "TTL or hop limit that the first reply came with.")
LOSS = sdk.gauge("netmon_probe_loss_ratio", "Share of the train's packets that were not answered.")
SENT = sdk.integer("netmon_probe_packets_sent", "Packets of the last train.")
RECEIVED = sdk.integer("netmon_probe_packets_received", "Packets of the last train that were answered.")
DUPLICATED = sdk.integer(
    "netmon_probe_packets_duplicated", "Further replies to packets of the last train, after the first."
)
METHOD = sdk.info(
    "netmon_probe_method_info",
    "How the round trip was measured: icmp, or tcp_reset and udp_unreachable where ping is not permitted.",
    label="method",
)

_MAX_PAYLOAD_BYTES = 65_499  # an IPv6 datagram less its ICMP header (RFC 8200 §4.5)


class IcmpSettings(sdk.Settings):
    """`packets` per train, `spacing` between them (each pause is 0.5 to 1.5 times that), payload, DSCP."""

    packets: int = 3
    spacing: sdk.Seconds = 0.1
    size_bytes: int = 56
    dscp: int = 0
    family: Family = "any"


class IcmpProbe(sdk.Probe[IcmpSettings]):
    """Send a train, wait for its replies, say what came and what did not."""

    measurement = "icmp"
    own_metrics = (
        RESOLVE,
        SETUP,
        RTT,
        RTT_MIN,
        RTT_MAX,
        HOP_LIMIT,
        LOSS,
        SENT,
        RECEIVED,
        DUPLICATED,
        KERNEL_STAMPS,
        METHOD,
    )
    settings_type = IcmpSettings
    binds = True
    grace_seconds = 1.0

    def __init__(self, assignment: sdk.Assignment, settings: IcmpSettings) -> None:
        super().__init__(assignment, settings)
        self._gaps_seconds: tuple[float, ...] = ()
        self._worked: dict[str, Method] = {}
        _check(assignment, settings)

    async def open(self, context: sdk.Context) -> None:
        """Share the daemon's ping sockets; where they are not permitted, those for closed ports."""
        await super().open(context)
        await context.shared.get(StampKeeper)
        self._echo_sockets = await context.shared.get(EchoSockets)
        self._unreachable_sockets = await context.shared.get(UnreachableSockets)

    async def read(self) -> Sequence[sdk.Record]:
        """Probe all targets with the same pauses: one wake-up then sends to all of them."""
        uniform = self.context.random.uniform
        spacing_seconds = self.settings.spacing
        self._gaps_seconds = tuple(
            spacing_seconds * uniform(0.5, 1.5) for _ in range(self.settings.packets - 1)
        )
        return await super().read()

    async def measure(self, target: str) -> sdk.Sample:
        """Ping one target."""
        resolved = await resolve(self.context, target, self.settings.family, self.circuit)
        self.context.trace(f"{target} is {resolved.address}, found in {resolved.seconds * 1000:.3f} ms")
        left_seconds = self.assignment.timeout_seconds - resolved.seconds
        echo_socket = self._echo_sockets.of(resolved.version)
        if echo_socket is None:
            found = await self._knock(target, resolved, left_seconds)
        else:
            found = await self._ping(echo_socket, resolved, left_seconds)
        return replace(found, values={RESOLVE: resolved.seconds, **found.values})

    async def _ping(self, echo_socket: EchoSocket, resolved: Resolved, left_seconds: float) -> sdk.Sample:
        settings = self.settings
        began_ns = self.context.clock.boottime_ns()
        wait_seconds = max(left_seconds - sum(self._gaps_seconds), 0.0)
        train = Train(self._gaps_seconds, settings.size_bytes, settings.dscp, wait_seconds)
        echoes = await self._send(echo_socket, resolved, train)
        for number, echo in enumerate(echoes, 1):
            self.context.trace(f"  packet {number}: {_story(echo)}")
        found = train_sample(echoes)
        first = echoes[0].departure
        setup_seconds = None if first is None else (first.boottime_ns - began_ns) / 1e9
        return replace(found, values={SETUP: setup_seconds, **found.values})

    async def _send(self, echo_socket: EchoSocket, resolved: Resolved, train: Train) -> Sequence[Echo]:
        circuit = self.circuit
        if circuit is not None and circuit.has_source and resolved.version == 6:
            return await train_of_its_own(resolved.address, train, self.context.clock, circuit)
        leave_by = packet_info(resolved.version, circuit)
        return await echo_socket.train(resolved.address, replace(train, leave_by=leave_by))

    async def _knock(self, target: str, resolved: Resolved, left_seconds: float) -> sdk.Sample:
        """Try one packet each on a closed UDP and TCP port, first the way that worked the last time.

        One packet and no train: hosts limit how often they send ICMP errors (RFC 1812 §4.3.2.8).
        """
        ways = sorted(
            (Method.UDP_UNREACHABLE, Method.TCP_RESET), key=lambda way: way is not self._worked.get(target)
        )
        for way in ways:
            answer = await self._answer(way, resolved, left_seconds / len(ways))
            if answer is not None:
                self._worked[target] = way
                return knock_sample(answer)
        return sdk.Sample(
            {LOSS: 1.0, SENT: len(ways), RECEIVED: 0},
            outcome=sdk.Outcome.TIMEOUT,
            detail="ping is not permitted, and closed ports do not answer",
        )

    async def _answer(self, way: Method, resolved: Resolved, wait_seconds: float) -> Answer | None:
        if way is Method.TCP_RESET:
            return await reset_time(resolved.address, self.context.clock, wait_seconds, self.circuit)
        unreachable = self._unreachable_sockets.of(resolved.version)
        leave_by = packet_info(resolved.version, self.circuit)
        return await unreachable.knock(resolved.address, self.settings.dscp, wait_seconds, leave_by)


def train_sample(echoes: Sequence[Echo]) -> sdk.Sample:
    """Return the figures of one train: OK when at least one reply came, else the network's reason."""
    trips = [trip for trip in (echo.round_trip for echo in echoes) if trip is not None]
    values: dict[sdk.Metric, sdk.Value] = {
        LOSS: 1 - len(trips) / len(echoes),
        SENT: len(echoes),
        RECEIVED: len(trips),
        DUPLICATED: sum(echo.duplicates for echo in echoes),
    }
    if not trips:
        error = next((echo.error for echo in echoes if echo.error is not None), None)
        outcome = error.outcome if error else sdk.Outcome.TIMEOUT
        detail = str(error) if error else f"none of {len(echoes)} packets was answered"
        return sdk.Sample(values, {METHOD: Method.ICMP}, outcome, detail)
    seconds = [trip.seconds for trip in trips]
    values |= {
        RTT: median_low(seconds),
        RTT_MIN: min(seconds),
        RTT_MAX: max(seconds),
        HOP_LIMIT: next(echo.reply.hop_limit for echo in echoes if echo.reply is not None),
        KERNEL_STAMPS: int(all(trip.kernel for trip in trips)),
    }
    return sdk.Sample(values, {METHOD: Method.ICMP})


def knock_sample(answer: Answer) -> sdk.Sample:
    """Return the figures of an answer from a closed port."""
    texts = {METHOD: answer.method}
    if answer.error is not None:
        return sdk.Sample({LOSS: 1.0, SENT: 1, RECEIVED: 0}, texts, answer.error.outcome, str(answer.error))
    values: dict[sdk.Metric, sdk.Value] = {LOSS: 0.0, SENT: 1, RECEIVED: 1}
    if answer.round_trip is not None:
        seconds = answer.round_trip.seconds
        values |= {RTT: seconds, RTT_MIN: seconds, RTT_MAX: seconds}
        values[KERNEL_STAMPS] = int(answer.round_trip.kernel)
    return sdk.Sample(values, texts)


def _story(echo: Echo) -> str:
    trip = echo.round_trip
    if trip is None:
        return str(echo.error or "lost")
    stamps = "kernel stamps" if trip.kernel else "own clock"
    return f"{trip.seconds * 1000:.3f} ms by {stamps}, {echo.duplicates} duplicates"


def _check(assignment: sdk.Assignment, settings: IcmpSettings) -> None:
    """Raise UsageError for settings that cannot work."""
    ranges = (
        ("packets", settings.packets, 1, 100),
        ("size_bytes", settings.size_bytes, MIN_PAYLOAD_BYTES, _MAX_PAYLOAD_BYTES),
        ("dscp", settings.dscp, 0, 63),
    )
    for name, value, low, high in ranges:
        if not low <= value <= high:
            raise sdk.UsageError(f"{assignment.name}: {name} is {value}, not {low} to {high}")
    longest_seconds = settings.spacing * 1.5 * (settings.packets - 1)
    if longest_seconds >= assignment.timeout_seconds:
        raise sdk.UsageError(
            f"{assignment.name}: {settings.packets} packets with {settings.spacing:g} s between them"
            f" do not fit into a timeout of {assignment.timeout_seconds:g} s"
        )
