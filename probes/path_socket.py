"""Send packets that end at a chosen hop, by UDP or echo request, without privileges.

A trace has sockets of its own, on fixed ports: routers that spread traffic over several paths see the
same flow in every packet and every trace, and a circuit's address or interface is bound before each.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Protocol

from netmon import sdk
from probes.binding import bind
from probes.error_queue import NetworkError, failure
from probes.path_answer import Answer, Kind, Packet, answer_of, same_host
from probes.path_packet import (
    ECHO_REPLY,
    ECHO_REQUEST,
    NONCE_BYTES,
    body,
    echo_request,
    echo_sequence,
    is_quote_of,
    tag,
    tag_sequence,
)
from probes.stamped_socket import Datagram, StampedSocket

_IP_MTU_DISCOVER, _PMTUDISC_PROBE = 10, 3  # linux/in.h: "don't fragment", whatever the kernel has cached
_IPV6_MTU_DISCOVER = 23
# Above the ports that Linux gives to sockets which do not ask for one.
_FIRST_PORT, _PORTS = 61_000, 4000
_PORT_TRIES = 8
_ECHO_HEADER_BYTES = 8


class Method(StrEnum):
    """What a trace is made of."""

    ICMP = "icmp"
    UDP = "udp"
    TCP = "tcp"


@dataclass(frozen=True, slots=True)
class Flow:
    """What routers tell traffic apart by: protocol, addresses, ports. `number` counts a target's flows."""

    method: Method
    address: str
    port: int
    number: int
    circuit: sdk.Circuit | None = None

    @property
    def version(self) -> int:
        """Return 4 or 6."""
        return 6 if ":" in self.address else 4

    @property
    def family(self) -> socket.AddressFamily:
        """Return the address family."""
        return socket.AF_INET6 if self.version == 6 else socket.AF_INET


class Door(Protocol):
    """Lets one flow's packets out."""

    @property
    def alone(self) -> bool:
        """Tell whether only one packet may be under way: a second could not be told from it."""

    def send(self, hop_limit: int, size_bytes: int = 0) -> Packet:
        """Send a packet, that size with its IP header (0: small); SourceError when the kernel refuses."""

    def drain(self) -> None:
        """Hand over everything that has come so far."""

    def close(self) -> None:
        """Close it."""


class DatagramDoor:
    """A UDP or ping socket for one flow."""

    def __init__(self, flow: Flow, clock: sdk.Clock) -> None:
        """Open it; PermissionError where ping sockets are not permitted, SourceError for the circuit."""
        self.alone = False
        self._flow = flow
        self._echo = flow.method is Method.ICMP
        self._pending: dict[int, Packet] = {}
        self._sequence = secrets.randbelow(1 << 16)
        self._sock = bound_socket(flow, lambda: _new_socket(flow))
        self._socket = StampedSocket(self._sock, clock, self._received, self._failed)

    def send(self, hop_limit: int, size_bytes: int = 0) -> Packet:
        """Send a packet; SourceError when the kernel refuses."""
        if self.alone:
            self._pending.clear()
        self._sequence = (self._sequence + 1) & 0xFFFF
        packet = Packet(hop_limit, tag(self._sequence, secrets.token_bytes(NONCE_BYTES)))
        version = self._flow.version
        data = body(packet.tag, version, size_bytes)
        if self._echo:
            data = echo_request(version, self._sequence, data)
        self._pending[self._sequence] = packet
        set_hop_limit(self._sock, hop_limit)
        packet.departure = self._socket.send(data, (self._flow.address, self._flow.port))
        return packet

    def drain(self) -> None:
        """Hand over everything that has come so far."""
        self._socket.drain()

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def _received(self, datagram: Datagram) -> None:
        if not same_host(datagram.address, self._flow.address):
            return
        start, sequence = datagram.data, tag_sequence(datagram.data)
        if self._echo:
            start = datagram.data[_ECHO_HEADER_BYTES:]
            sequence = echo_sequence(datagram.data, ECHO_REPLY[self._flow.version])
        packet = self._pending.get(-1 if sequence is None else sequence)
        if packet is not None and start.startswith(packet.tag):
            packet.settle(Answer(Kind.TARGET, datagram.address, datagram.arrival))

    def _failed(self, error: NetworkError) -> None:
        if same_host(error.address, self._flow.address):
            packet = self._quoted(error.quoted)
            if packet is not None:
                packet.settle(answer_of(error))

    def _quoted(self, quoted: bytes) -> Packet | None:
        """Return the packet that an ICMP error is about."""
        if self._echo:
            sequence = echo_sequence(quoted, ECHO_REQUEST[self._flow.version])
            start = quoted[_ECHO_HEADER_BYTES:]
        elif quoted:
            sequence, start = tag_sequence(quoted), quoted
        else:
            return self._only_one()
        packet = self._pending.get(-1 if sequence is None else sequence)
        return packet if packet is not None and is_quote_of(start, packet.tag) else None

    def _only_one(self) -> Packet | None:
        """Return the packet that waits, if it is the only one.

        RFC 792 lets a router quote no more than the UDP header, which the kernel keeps to itself.
        """
        waiting = [packet for packet in self._pending.values() if packet.answer is None]
        self.alone = True
        return waiting[0] if len(waiting) == 1 else None


def bound_socket(flow: Flow, make: Callable[[], socket.socket]) -> socket.socket:
    """Return a socket that is bound to the flow's circuit and port; to one of the next if that is taken."""
    for attempt in range(_PORT_TRIES):
        sock = make()
        try:
            bind(sock, flow.circuit, _own_port(flow, attempt))
        except sdk.SourceError as error:
            sock.close()
            if error.outcome != sdk.Outcome.BUSY:
                raise
        else:
            return sock
    raise sdk.SourceError(sdk.Outcome.BUSY, f"{_PORT_TRIES} ports for tracing are taken")


def set_hop_limit(sock: socket.socket, hop_limit: int) -> None:
    """Say after how many hops what is sent next must end."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, hop_limit)
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hop_limit)


def set_whole(sock: socket.socket) -> None:
    """Let nothing be fragmented, here or on the way; what the kernel knows of the path's MTU is ignored."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER, _PMTUDISC_PROBE)
    else:
        sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _PMTUDISC_PROBE)


def _new_socket(flow: Flow) -> socket.socket:
    protocol = socket.IPPROTO_UDP
    if flow.method is Method.ICMP:
        protocol = socket.IPPROTO_ICMPV6 if flow.version == 6 else socket.IPPROTO_ICMP
    try:
        sock = socket.socket(flow.family, socket.SOCK_DGRAM, protocol)
    except PermissionError:
        raise
    except OSError as error:
        raise failure(error, f"IPv{flow.version} {flow.method}") from error
    set_whole(sock)
    return sock


def _own_port(flow: Flow, attempt: int) -> int:
    """Return the same port for the same flow on every trace, so that its way can be compared."""
    name = f"{flow.method} {flow.address} {flow.number} {attempt}".encode()
    return _FIRST_PORT + int.from_bytes(blake2b(name, digest_size=4).digest(), "big") % _PORTS
