"""The base of probes whose packets come back: trains to all targets at once, on shared sockets."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, TypeVar

from netmon import sdk
from probes.binding import packet_info
from probes.echo import Echo, Train
from probes.echo_socket import EchoSocket, Found
from probes.families import FamilyProbe, FamilySettings
from probes.stamped_socket import Address
from probes.target import Resolved, resolve, resolve_soon
from probes.timestamping import StampKeeper
from probes.train import check_range, check_train, story
from probes.train_minute import FURTHER_METRICS, TrainBook

# How far the beginning of a train moves about, as a share of the interval and at most (RFC 2330 §11.1).
_PHASE_RATIO, _PHASE_SECONDS = 0.1, 1.0


class TrainSettings(FamilySettings):
    """`packets` per train, `spacing` between them (each pause is 0.5 to 1.5 times that), payload, DSCP."""

    packets: int = 3
    spacing: sdk.Seconds = 0.1
    size_bytes: int = 56
    dscp: int = 0


S = TypeVar("S", bound=TrainSettings)


class EchoProbe(FamilyProbe[S]):
    """Sends a train to each target, all with the same pauses, so that one wake-up sends to all of them."""

    further_metrics = FURTHER_METRICS
    binds = True
    grace_seconds: ClassVar[float] = 1.0

    def __init__(self, assignment: sdk.Assignment, settings: S) -> None:
        super().__init__(assignment, settings)
        check_train(assignment, settings.packets, settings.spacing, settings.size_bytes)
        check_range(assignment, "dscp", settings.dscp, 0, 63)
        self._gaps_seconds: tuple[float, ...] = ()
        self._tells = False
        self._outcomes: dict[str, sdk.Outcome] = {}
        self._book = TrainBook(self._key, assignment.every_seconds)

    async def open(self, context: sdk.Context) -> None:
        """Keep the kernel stamping; a subclass opens its sockets."""
        await super().open(context)
        self._tells = context.trace is not sdk.no_trace
        await context.shared.get(StampKeeper)

    @abstractmethod
    def endpoint(self, target: str) -> tuple[str, int]:
        """Return the host and the port of a target."""

    @abstractmethod
    def socket_for(self, resolved: Resolved) -> EchoSocket | None:
        """Return the shared socket that reaches an address; None: measure() has another way."""

    @abstractmethod
    def figures(self, resolved: Resolved, echoes: Sequence[Echo], known_ns: int) -> sdk.Sample:
        """Return what a train says; its address was known at `known_ns` (CLOCK_BOOTTIME)."""

    async def read(self) -> Sequence[sdk.Record]:
        """Probe all targets, a little later each time: periodic load must not always, or never, be met."""
        # When it was due, and not when it began, says which train is a minute's last.
        stamp = self.context.clock.stamp()
        longest_seconds = min(self.assignment.every_seconds * _PHASE_RATIO, _PHASE_SECONDS)
        await asyncio.sleep(self.context.random.uniform(0, longest_seconds))
        records = await super().read()
        return [*records, *self._book.readings(stamp, self._outcomes)]

    async def measure_all(self, targets: Sequence[str]) -> Sequence[tuple[sdk.Sample, float]]:
        """Probe those together whose addresses are known at once, the others side by side."""
        uniform, settings = self.context.random.uniform, self.settings
        self._gaps_seconds = tuple(settings.spacing * uniform(0.5, 1.5) for _ in range(settings.packets - 1))
        began_ns = self.context.clock.boottime_ns()
        hosts = {target: self.endpoint(target)[0] for target in targets}
        known = await resolve_soon(self.context, hosts, settings.family, self.circuit)
        batches: dict[EchoSocket, dict[str, Resolved]] = {}
        for target, resolved in known.items():
            echo_socket = self.socket_for(resolved)
            if echo_socket is not None:
                batches.setdefault(echo_socket, {})[target] = resolved
        together = {target for batch in batches.values() for target in batch}
        alone = [target for target in targets if target not in together]
        sending = [self._together(echo_socket, batch, began_ns) for echo_socket, batch in batches.items()]
        if len(sending) == 1 and not alone:
            samples = await sending[0]  # nearly always: and then it needs no task
        else:
            others, found = await asyncio.gather(super().measure_all(alone), asyncio.gather(*sending))
            samples = dict(zip(alone, others, strict=True))
            for batch_samples in found:
                samples.update(batch_samples)
        self._outcomes = {target: sample.outcome for target, (sample, _) in samples.items()}
        return [samples[target] for target in targets]

    async def measure(self, target: str) -> sdk.Sample:
        """Probe one target whose address has to be waited for."""
        host, port = self.endpoint(target)
        resolved = await resolve(self.context, host, self.settings.family, self.circuit)
        self.context.trace(f"{target} is {resolved.address}, found in {resolved.seconds * 1000:.3f} ms")
        known_ns = self.context.clock.boottime_ns()
        echoes = await self.send_alone(resolved, port)
        return self._said(target, resolved, echoes, known_ns)

    async def send_alone(self, resolved: Resolved, port: int) -> Sequence[Echo]:
        """Send a train to one address."""
        echo_socket = self.socket_for(resolved)
        if echo_socket is None:
            raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, f"this host has no IPv{resolved.version}")
        (found,) = await echo_socket.trains([(resolved.address, port)], self.train(resolved))
        if isinstance(found, sdk.SourceError):
            raise found
        return found

    def train(self, resolved: Resolved) -> Train:
        """Return what to send; SourceError when the circuit does not have the address's IP version."""
        settings = self.settings
        left_seconds = self.assignment.timeout_seconds - resolved.seconds
        wait_seconds = max(left_seconds - sum(self._gaps_seconds), 0.0)
        leave_by = packet_info(resolved.version, self.circuit)
        return Train(self._gaps_seconds, settings.size_bytes, settings.dscp, wait_seconds, leave_by)

    async def _together(
        self, echo_socket: EchoSocket, targets: Mapping[str, Resolved], began_ns: int
    ) -> dict[str, tuple[sdk.Sample, float]]:
        known_ns = self.context.clock.boottime_ns()
        slowest = max(targets.values(), key=lambda resolved: resolved.seconds)
        to: list[Address] = [(one.address, self.endpoint(target)[1]) for target, one in targets.items()]
        try:
            found: Sequence[Found] = await echo_socket.trains(to, self.train(slowest))
        except sdk.SourceError as error:
            found = [error] * len(to)
        now_ns = self.context.clock.boottime_ns()
        samples = {}
        for (target, resolved), echoes in zip(targets.items(), found, strict=True):
            sample = self._said(target, resolved, echoes, known_ns)
            samples[target] = (sample, _seconds(echoes, began_ns, now_ns))
            if self._tells:
                self.context.trace(f"{target}: {sample.outcome} {sample.detail}".rstrip())
        return samples

    def _said(self, target: str, resolved: Resolved, echoes: Found, known_ns: int) -> sdk.Sample:
        if isinstance(echoes, sdk.SourceError):
            return sdk.Sample(outcome=sdk.Outcome(echoes.outcome), detail=str(echoes))
        if self._tells:
            for number, echo in enumerate(echoes, 1):
                self.context.trace(f"  packet {number} to {resolved.address}: {story(echo)}")
        host = self.endpoint(target)[0]
        self._book.note(target, echoes, (("host", host), ("ip", resolved.address)))
        return self.figures(resolved, echoes, known_ns)


def _seconds(echoes: Found, began_ns: int, now_ns: int) -> float:
    """Return the time a target took, by our own clock: to its last reply, or to now if one is missing."""
    if isinstance(echoes, sdk.SourceError) or any(echo.reply is None for echo in echoes):
        return (now_ns - began_ns) / 1e9
    ends = [echo.reply.arrival.boottime_ns for echo in echoes if echo.reply is not None]
    return (max(ends) - began_ns) / 1e9
