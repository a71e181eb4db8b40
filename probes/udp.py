"""UDP echo: the train of ping, to a port where somebody sends back what comes (RFC 862)."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence

from netmon import sdk
from probes.echo import Echo
from probes.echo_probe import EchoProbe, TrainSettings
from probes.echo_socket import EchoSocket, Wire
from probes.target import Endpoint, Resolved, parse_endpoint
from probes.train import TRAIN_METRICS, train_sample

RESOLVE = sdk.gauge(
    "netmon_probe_udp_duration_seconds", "Time by phase: finding the address.", phase="resolve"
)
RTT = sdk.gauge(
    "netmon_probe_udp_duration_seconds",
    "Time by phase: median round trip of the train (the lower of two), from kernel stamps where possible.",
    phase="rtt",
)

_PORT = 7
_AS_IT_WAS_SENT = Wire(8, 8)


class UdpEchoSockets:
    """The daemon's sockets for UDP echo, one per family."""

    def __init__(self, by_version: dict[int, EchoSocket]) -> None:
        self._by_version = by_version

    @classmethod
    async def open(cls, clock: sdk.Clock) -> UdpEchoSockets:
        """Open what this host has."""
        found = {4: _echo_socket(socket.AF_INET, clock)}
        with contextlib.suppress(OSError):
            found[6] = _echo_socket(socket.AF_INET6, clock)
        return cls(found)

    def of(self, version: int) -> EchoSocket | None:
        """Return the socket of IP version 4 or 6; None where this host does not have the family."""
        return self._by_version.get(version)

    async def close(self) -> None:
        """Close them."""
        for echo_socket in self._by_version.values():
            echo_socket.close()


def _echo_socket(family: socket.AddressFamily, clock: sdk.Clock) -> EchoSocket:
    return EchoSocket(socket.socket(family, socket.SOCK_DGRAM), _AS_IT_WAS_SENT, clock)


class UdpProbe(EchoProbe[TrainSettings]):
    """Send a train to an echo service; a host without one refuses, and that is said."""

    measurement = "udp"
    own_metrics = (RESOLVE, RTT, *TRAIN_METRICS)
    settings_type = TrainSettings

    def __init__(self, assignment: sdk.Assignment, settings: TrainSettings) -> None:
        super().__init__(assignment, settings)
        self._endpoints: dict[str, Endpoint] = {
            target: parse_endpoint(target, _PORT) for target in assignment.targets
        }

    async def open(self, context: sdk.Context) -> None:
        """Share the daemon's sockets."""
        await super().open(context)
        self._sockets = await context.shared.get(UdpEchoSockets)

    def endpoint(self, target: str) -> tuple[str, int]:
        """Return host and port; 7 where the target names none."""
        endpoint = self._endpoints[target]
        return endpoint.host, endpoint.port

    def socket_for(self, resolved: Resolved) -> EchoSocket | None:
        """Return the shared socket."""
        return self._sockets.of(resolved.version)

    def figures(self, resolved: Resolved, echoes: Sequence[Echo], _known_ns: int) -> sdk.Sample:
        """Return what a train says."""
        return train_sample(echoes, RTT, {RESOLVE: resolved.seconds}, {})
