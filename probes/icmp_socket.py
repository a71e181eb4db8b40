"""Echo requests on unprivileged ping sockets: one socket per family for the life of the daemon."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from netmon import sdk
from probes.binding import bind
from probes.error_queue import NetworkError
from probes.stamped_socket import Datagram, StampedSocket, traffic_class
from probes.timestamping import Ancillary, Departure, RoundTrip, round_trip

log = logging.getLogger(__name__)

# RFC 792 and RFC 4443 §4: type, code, checksum and identifier (the kernel fills both), sequence.
_HEADER = struct.Struct("!BBHHH")
_MAGIC = b"nmon"
_NONCE_BYTES = 8
MIN_PAYLOAD_BYTES = len(_MAGIC) + _NONCE_BYTES
# A quarter of the sequence numbers: a number comes round only long after its packet is forgotten.
_MAX_PENDING = 1 << 14

_REMEDY = 'sysctl -w net.ipv4.ping_group_range="0 2147483647"'


@dataclass(slots=True, eq=False)
class Echo:
    """One echo request: what was sent, and what came back for it."""

    address: str
    payload: bytes
    settled: asyncio.Future[None]
    departure: Departure | None = None
    reply: Datagram | None = None
    error: NetworkError | None = None
    duplicates: int = 0

    @property
    def round_trip(self) -> RoundTrip | None:
        """Return the time to the first reply; None when none came."""
        if self.departure is None or self.reply is None:
            return None
        return round_trip(self.departure, self.reply.arrival)

    def settle(self) -> None:
        """Say that nothing more is awaited."""
        if not self.settled.done():
            self.settled.set_result(None)


@dataclass(frozen=True, slots=True)
class Train:
    """A few echo requests: pauses before all but the first, payload, DSCP, and how long the last may take.

    `leave_by` are the control messages that tie each to a circuit.
    """

    gaps_seconds: tuple[float, ...]
    payload_bytes: int
    dscp: int
    wait_seconds: float
    leave_by: tuple[Ancillary, ...] = ()


class EchoSocket:
    """A ping socket of one family. Replies that are not for a pending request are only counted."""

    def __init__(
        self, family: socket.AddressFamily, clock: sdk.Clock, circuit: sdk.Circuit | None = None
    ) -> None:
        """Open it, tied to a circuit if one is given; SourceError when that one cannot be used.

        PermissionError outside of net.ipv4.ping_group_range, OSError without the family.
        """
        protocol = socket.IPPROTO_ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP
        sock = socket.socket(family, socket.SOCK_DGRAM, protocol)
        try:
            bind(sock, circuit)
        except sdk.SourceError:
            sock.close()
            raise
        self._family = family
        self._request, self._reply = (128, 129) if family == socket.AF_INET6 else (8, 0)
        self._pending: dict[int, Echo] = {}
        self._sequence = secrets.randbelow(1 << 16)
        self._socket = StampedSocket(sock, clock, self._received, self._failed)
        self.late_total = 0
        """Replies to requests that had been given up, duplicates of such included."""
        self.wrong_total = 0
        """Replies whose payload or sender was not the one asked."""

    async def train(self, address: str, train: Train) -> Sequence[Echo]:
        """Send the requests and wait until each is answered or refused, or the time is up."""
        loop = asyncio.get_running_loop()
        echoes: dict[int, Echo] = {}
        try:
            for gap_seconds in (0.0, *train.gaps_seconds):
                if gap_seconds:
                    await asyncio.sleep(gap_seconds)
                sequence = self._next_sequence()
                echoes[sequence] = Echo(address, _payload(train.payload_bytes), loop.create_future())
                self._send(sequence, echoes[sequence], train)
            await asyncio.wait([echo.settled for echo in echoes.values()], timeout=train.wait_seconds)
            # While the loop was busy, the reply may have been waiting in the kernel.
            self._socket.drain()
        finally:
            for sequence in echoes:
                self._pending.pop(sequence, None)
        return tuple(echoes.values())

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _send(self, sequence: int, echo: Echo, train: Train) -> None:
        packet = _HEADER.pack(self._request, 0, 0, 0, sequence) + echo.payload
        self._pending[sequence] = echo
        ancillary = (*traffic_class(self._family, train.dscp), *train.leave_by)
        echo.departure = self._socket.send(packet, (echo.address, 0), ancillary)

    def _next_sequence(self) -> int:
        if len(self._pending) >= _MAX_PENDING:
            raise sdk.SourceError(sdk.Outcome.BUSY, f"{_MAX_PENDING} echo requests are waiting already")
        while True:
            self._sequence = (self._sequence + 1) & 0xFFFF
            if self._sequence not in self._pending:
                return self._sequence

    def _received(self, datagram: Datagram) -> None:
        if len(datagram.data) < _HEADER.size or datagram.data[0] != self._reply:
            self.wrong_total += 1
            return
        *_, sequence = _HEADER.unpack_from(datagram.data)
        echo = self._pending.get(sequence)
        if echo is None:
            self.late_total += 1
        elif datagram.data[_HEADER.size :] != echo.payload or not _same_host(datagram.address, echo.address):
            self.wrong_total += 1
        elif echo.reply is not None:
            echo.duplicates += 1
        else:
            echo.reply = datagram
            echo.settle()

    def _failed(self, error: NetworkError) -> None:
        # RFC 792 lets a router quote no more than the header: its sequence, and to whom it was going.
        if len(error.quoted) < _HEADER.size:
            return
        *_, sequence = _HEADER.unpack_from(error.quoted)
        echo = self._pending.get(sequence)
        if echo is not None and echo.reply is None and _same_host(error.address, echo.address):
            echo.error = error
            echo.settle()


class EchoSockets:
    """The daemon's ping sockets; None for a family that this process may not, or cannot, use."""

    def __init__(self, ipv4: EchoSocket | None, ipv6: EchoSocket | None) -> None:
        self._by_version = {4: ipv4, 6: ipv6}

    @classmethod
    async def open(cls, clock: sdk.Clock) -> EchoSockets:
        """Open what can be opened; warns once, with the remedy, when ping sockets are not permitted."""
        try:
            ipv4 = EchoSocket(socket.AF_INET, clock)
        except PermissionError:
            log.warning("ping sockets are not permitted, ICMP probes fall back: %s", _REMEDY)
            return cls(None, None)
        except OSError:
            ipv4 = None
        try:
            return cls(ipv4, EchoSocket(socket.AF_INET6, clock))
        except OSError:
            return cls(ipv4, None)

    def of(self, version: int) -> EchoSocket | None:
        """Return the socket of IP version 4 or 6."""
        return self._by_version[version]

    async def close(self) -> None:
        """Close both."""
        for echo_socket in self._by_version.values():
            if echo_socket is not None:
                echo_socket.close()


async def train_of_its_own(
    address: str, train: Train, clock: sdk.Clock, circuit: sdk.Circuit
) -> Sequence[Echo]:
    """Send a train to an IPv6 address by a socket that is tied to a circuit, and closed again.

    The shared one will not do: IPv6 ping sockets ignore the address in IPV6_PKTINFO (seen on Linux 6.18;
    IPv4 and UDP heed it).
    """
    echo_socket = EchoSocket(socket.AF_INET6, clock, circuit)
    try:
        return await echo_socket.train(address, train)
    finally:
        echo_socket.close()


def _payload(size_bytes: int) -> bytes:
    head = _MAGIC + secrets.token_bytes(_NONCE_BYTES)
    return head.ljust(max(size_bytes, MIN_PAYLOAD_BYTES), b"\0")


def _same_host(one: str, other: str) -> bool:
    return one == other or one.partition("%")[0] == other.partition("%")[0]
