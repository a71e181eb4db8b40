"""Reach a host without ICMP echo: a port that nobody listens on makes it answer all the same.

For hosts where ping sockets are not permitted. A UDP datagram to a closed port is answered by an ICMP
port unreachable, which the kernel stamps; a TCP SYN by a reset, which only this process can time.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from netmon import sdk
from probes.binding import bind
from probes.error_queue import NetworkError, failure
from probes.stamped_socket import Datagram, StampedSocket, traffic_class
from probes.tcp_info import tcp_info
from probes.timestamping import Ancillary, Arrival, Departure, RoundTrip, departure, round_trip

# Where traceroute has always knocked: hosts leave these ports closed, and know the knock.
_FIRST_PORT, _PORTS = 33_434, 256
_MAX_PENDING = 4096
_PAYLOAD = b"netmon"


class Method(StrEnum):
    """How a round trip was measured."""

    ICMP = "icmp"
    TCP_RESET = "tcp_reset"
    UDP_UNREACHABLE = "udp_unreachable"


@dataclass(frozen=True, slots=True)
class Answer:
    """The host answered: how, and after how long. Or the network refused: `error` says so."""

    method: Method
    round_trip: RoundTrip | None
    error: NetworkError | None = None


class UnreachableSocket:
    """A UDP socket of one family that waits for ICMP port unreachable."""

    def __init__(self, family: socket.AddressFamily, clock: sdk.Clock) -> None:
        self._family = family
        self._pending: dict[tuple[str, int], asyncio.Future[NetworkError]] = {}
        self._knocks = secrets.randbelow(_PORTS)
        self._socket = StampedSocket(
            socket.socket(family, socket.SOCK_DGRAM), clock, self._received, self._failed
        )

    async def knock(
        self, address: str, dscp: int, wait_seconds: float, leave_by: Sequence[Ancillary] = ()
    ) -> Answer | None:
        """Send one datagram and wait for the host's refusal; None when it does not come."""
        if len(self._pending) >= _MAX_PENDING:
            raise sdk.SourceError(sdk.Outcome.BUSY, f"{_MAX_PENDING} datagrams are waiting already")
        self._knocks += 1
        to = (address, _FIRST_PORT + self._knocks % _PORTS)
        self._pending[to] = refused = asyncio.get_running_loop().create_future()
        try:
            sent = self._socket.send(_PAYLOAD, to, (*traffic_class(self._family, dscp), *leave_by))
            await asyncio.wait([refused], timeout=wait_seconds)
            # While the loop was busy, the refusal may have been waiting in the kernel.
            self._socket.drain()
            return _answer(refused.result(), sent) if refused.done() else None
        finally:
            self._pending.pop(to, None)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _received(self, _datagram: Datagram) -> None:
        """Ignore data: somebody does listen on that port, and what they say is nothing to us."""

    def _failed(self, error: NetworkError) -> None:
        refused = self._pending.get((error.address, error.port))
        if refused is not None and not refused.done():
            refused.set_result(error)


def _answer(error: NetworkError, sent: Departure) -> Answer:
    # Firewalls refuse with other codes too; what counts is that the host itself did.
    if error.outcome is not sdk.Outcome.REFUSED and error.notice.offender != error.address:
        return Answer(Method.UDP_UNREACHABLE, None, error)
    return Answer(Method.UDP_UNREACHABLE, round_trip(sent, error.arrival))


class UnreachableSockets:
    """The daemon's UDP sockets for this purpose, one per family; None without the family."""

    def __init__(self, by_version: dict[int, UnreachableSocket]) -> None:
        self._by_version = by_version

    @classmethod
    async def open(cls, clock: sdk.Clock) -> UnreachableSockets:
        """Open them."""
        found = {4: UnreachableSocket(socket.AF_INET, clock)}
        with contextlib.suppress(OSError):
            found[6] = UnreachableSocket(socket.AF_INET6, clock)
        return cls(found)

    def of(self, version: int) -> UnreachableSocket:
        """Return the socket of IP version 4 or 6; SourceError where the host does not have the family."""
        if version not in self._by_version:
            raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, f"this host has no IPv{version}")
        return self._by_version[version]

    async def close(self) -> None:
        """Close them."""
        for unreachable in self._by_version.values():
            unreachable.close()


async def reset_time(
    address: str, clock: sdk.Clock, wait_seconds: float, circuit: sdk.Circuit | None = None
) -> Answer | None:
    """Connect to a closed TCP port and time the reset; None when nothing comes."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        bind(sock, circuit)
        sent = departure(clock)
        try:
            async with asyncio.timeout(wait_seconds):
                await asyncio.get_running_loop().sock_connect(sock, (address, _FIRST_PORT))
        except TimeoutError:
            return None
        except ConnectionRefusedError:
            came = Arrival(clock.boottime_ns(), clock.wall_ns())
            return Answer(Method.TCP_RESET, round_trip(sent, came))
        except OSError as error:
            raise failure(error, address) from error
        # Somebody listens there. The handshake says as much as a reset, and the kernel has timed it.
        info = tcp_info(sock)
        return Answer(Method.TCP_RESET, RoundTrip(info.rtt_seconds, kernel=True) if info else None)
