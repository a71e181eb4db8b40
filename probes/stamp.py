"""STAMP: loss, queueing and order for each way apart, against a reflector (RFC 8762)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from netmon import sdk
from probes.binding import packet_info
from probes.stamp_metrics import OWN_METRICS, train_sample
from probes.stamp_packet import PORT
from probes.stamp_session import Found, Session, Train
from probes.stamp_socket import SenderSockets
from probes.stamp_story import story
from probes.stamp_time import HostTime
from probes.stamped_socket import traffic_class
from probes.target import Family, Resolved, parse_endpoint, resolve
from probes.timestamping import StampKeeper
from probes.train import check_range

# What is left of the timeout after the last packet: so much for replies, the rest to ask again.
_WAITING_SHARE = 0.6
# How far the beginning of a train moves about, as a share of the interval and at most (RFC 2330 §11.1).
_PHASE_RATIO, _PHASE_SECONDS = 0.1, 1.0


class StampSettings(sdk.Settings):
    """`packets` per train, `spacing` between them (each pause is 0.5 to 1.5 times that), DSCP."""

    packets: int = 10
    spacing: sdk.Seconds = 0.05
    dscp: int = 0
    family: Family = "any"


class StampProbe(sdk.Probe[StampSettings]):
    """Send a train, and a few more packets if any is missing; say what became of them."""

    measurement = "stamp"
    own_metrics = OWN_METRICS
    settings_type = StampSettings
    binds = True
    grace_seconds = 1.0

    def __init__(self, assignment: sdk.Assignment, settings: StampSettings) -> None:
        super().__init__(assignment, settings)
        self._sessions: dict[str, Session] = {}
        self._gaps_seconds: tuple[float, ...] = ()
        self._host = HostTime()
        for target in assignment.targets:
            parse_endpoint(target, PORT)
        _check(assignment, settings)

    async def open(self, context: sdk.Context) -> None:
        """Share the daemon's sockets for STAMP."""
        await super().open(context)
        await context.shared.get(StampKeeper)
        self._sockets = await context.shared.get(SenderSockets)

    async def read(self) -> Sequence[sdk.Record]:
        """Probe all targets with the same pauses: one wake-up then sends to all of them.

        A train begins a little later each time: periodic load must not always, or never, be met.
        """
        uniform, spacing_seconds = self.context.random.uniform, self.settings.spacing
        pauses = (spacing_seconds * uniform(0.5, 1.5) for _ in range(self.settings.packets - 1))
        self._gaps_seconds = (0.0, *pauses)
        longest_seconds = min(self.assignment.every_seconds * _PHASE_RATIO, _PHASE_SECONDS)
        await asyncio.sleep(uniform(0, longest_seconds))
        return await super().read()

    async def measure(self, target: str) -> sdk.Sample:
        """Send one train."""
        endpoint = parse_endpoint(target, PORT)
        resolved = await resolve(self.context, endpoint.host, self.settings.family, self.circuit)
        tell = self.context.trace
        tell(f"{target} is {resolved.address}, found in {resolved.seconds * 1000:.3f} ms")
        session = self._session(target, resolved, endpoint.port)
        left_seconds = self.assignment.timeout_seconds - resolved.seconds - sum(self._gaps_seconds)
        found = await self._run(session, resolved, max(left_seconds, 0.0))
        if tell is not sdk.no_trace:
            for line in story(found):
                tell(line)
        return train_sample(found)

    def _session(self, target: str, resolved: Resolved, port: int) -> Session:
        """Return the target's session; a new one when the name leads elsewhere now."""
        to = (resolved.address, port)
        session = self._sessions.get(target)
        if session is None or session.to != to or session.spent:
            session = self._sessions[target] = Session(to, self._host)
        return session

    async def _run(self, session: Session, resolved: Resolved, left_seconds: float) -> Found:
        socket = self._sockets.of(resolved.version)
        ancillary = (
            *traffic_class(socket.family, self.settings.dscp),
            *packet_info(resolved.version, self.circuit),
        )
        train = Train(session, socket, self.context.clock, ancillary)
        try:
            await train.depart(self._gaps_seconds)
            await train.wait_for_all(left_seconds * _WAITING_SHARE)
            await train.ask_again(left_seconds * (1 - _WAITING_SHARE))
        finally:
            train.close()
        return train.end()


def _check(assignment: sdk.Assignment, settings: StampSettings) -> None:
    """Raise UsageError for settings that cannot work."""
    check_range(assignment, "packets", settings.packets, 1, 1000)
    check_range(assignment, "dscp", settings.dscp, 0, 63)
    longest_seconds = settings.spacing * 1.5 * (settings.packets - 1)
    if longest_seconds >= assignment.timeout_seconds:
        raise sdk.UsageError(
            f"{assignment.name}: {settings.packets} packets with {settings.spacing:g} s between them"
            f" do not fit into a timeout of {assignment.timeout_seconds:g} s"
        )
