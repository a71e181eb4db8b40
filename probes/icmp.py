"""Ping: a short train of echo requests to each target, timed by the kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from netmon import sdk
from probes.address_figures import ADDRESS_METRICS, address_values
from probes.binding import packet_info
from probes.closed_port import Answer, Method, UnreachableSockets, reset_time
from probes.echo import Echo
from probes.echo_probe import EchoProbe, TrainSettings
from probes.echo_socket import EchoSocket
from probes.icmp_socket import EchoSockets, WholeEchoSockets, train_of_its_own
from probes.target import Resolved, resolve
from probes.timestamping import KERNEL_STAMPS
from probes.train import LOSS, RECEIVED, RTT_MAX, RTT_MIN, SENT, TRAIN_METRICS, train_sample

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
HOP_LIMIT = sdk.integer("probe_icmp_reply_hop_limit", "TTL or hop limit that the first reply came with.")
METHOD = sdk.info(
    "netmon_probe_method_info",
    "How the round trip was measured: icmp, or tcp_reset and udp_unreachable where ping is not permitted.",
    label="method",
)
_BY_PING: Mapping[sdk.Metric, str] = {METHOD: Method.ICMP}


class IcmpSettings(TrainSettings):
    """`df` sends packets that nobody on the way may cut into fragments."""

    df: bool = False


class IcmpProbe(EchoProbe[IcmpSettings]):
    """Send a train, wait for its replies, say what came and what did not."""

    measurement = "icmp"
    own_metrics = (RESOLVE, SETUP, RTT, HOP_LIMIT, METHOD, *TRAIN_METRICS, *ADDRESS_METRICS)
    settings_type = IcmpSettings

    def __init__(self, assignment: sdk.Assignment, settings: IcmpSettings) -> None:
        super().__init__(assignment, settings)
        self._worked: dict[str, Method] = {}

    async def open(self, context: sdk.Context) -> None:
        """Share the daemon's ping sockets; where they are not permitted, those for closed ports."""
        await super().open(context)
        self._echo_sockets = await context.shared.get(WholeEchoSockets if self.settings.df else EchoSockets)
        self._unreachable_sockets = await context.shared.get(UnreachableSockets)

    def endpoint(self, target: str) -> tuple[str, int]:
        """Return the host; echo requests have no port."""
        return target, 0

    def socket_for(self, resolved: Resolved) -> EchoSocket | None:
        """Return the shared ping socket; None where it is not permitted, or a circuit needs its own."""
        circuit = self.circuit
        if circuit is not None and circuit.has_source and resolved.version == 6:
            return None
        return self._echo_sockets.of(resolved.version)

    async def send_alone(self, resolved: Resolved, port: int) -> Sequence[Echo]:
        """Send a train to one address."""
        circuit = self.circuit
        if circuit is None or self.socket_for(resolved) is not None:
            return await super().send_alone(resolved, port)
        train, clock = self.train(resolved), self.context.clock
        return await train_of_its_own(resolved.address, train, clock, circuit, whole=self.settings.df)

    def figures(self, resolved: Resolved, echoes: Sequence[Echo], known_ns: int) -> sdk.Sample:
        """Return what a train says."""
        first = echoes[0].departure
        setup_seconds = None if first is None else max(first.boottime_ns - known_ns, 0) / 1e9
        reply = next((echo.reply for echo in echoes if echo.reply is not None), None)
        hop_limit = None if reply is None else reply.hop_limit
        more = {RESOLVE: resolved.seconds, SETUP: setup_seconds, HOP_LIMIT: hop_limit}
        return train_sample(echoes, RTT, more | address_values(resolved), _BY_PING)

    async def measure(self, target: str) -> sdk.Sample:
        """Ping one target; where that is not permitted, knock at its closed ports."""
        resolved = await resolve(self.context, target, self.settings.family, self.circuit)
        if self._echo_sockets.of(resolved.version) is not None:
            return await super().measure(target)
        self.context.trace(f"{target} is {resolved.address}, found in {resolved.seconds * 1000:.3f} ms")
        left_seconds = self.assignment.timeout_seconds - resolved.seconds
        found = await self._knock(target, resolved, left_seconds)
        return replace(found, values={RESOLVE: resolved.seconds, **address_values(resolved), **found.values})

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
