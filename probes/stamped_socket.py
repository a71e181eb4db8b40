"""One datagram socket for all targets of a protocol, with kernel stamps and ICMP errors."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from netmon import sdk
from probes.error_queue import IP_RECVERR, IPV6_RECVERR, NetworkError, failure, notice_of
from probes.timestamping import Ancillary, Arrival, Departure, arrival, departure, start_stamps

Address = tuple[str, int]

_DATAGRAM_BYTES = 65_535
_ANCILLARY_BYTES = 512
_PER_WAKE_UP = 64
_DRAIN_LIMIT = 8192
_STAMPS_AWAITED = 4096
# Replies and transmit stamps of a whole batch wait here while the loop is busy; both are charged to it.
_RECEIVE_BUFFER_BYTES = 4 << 20
_IP_RECVTTL = 12
_INT = struct.Struct("=i")


@dataclass(frozen=True, slots=True)
class Datagram:
    """What came: from whom, when, and with which hop limit (TTL); None when the kernel did not say."""

    data: bytes
    address: str
    port: int
    arrival: Arrival
    hop_limit: int | None


class StampedSocket:
    """Sends, and hands over everything that comes; reads up to 64 packets per wake-up.

    uvloop must not drive it: it stops polling a socket whose error queue has something to say.
    """

    def __init__(
        self,
        sock: socket.socket,
        clock: sdk.Clock,
        on_datagram: Callable[[Datagram], None],
        on_error: Callable[[NetworkError], None],
    ) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
        _ask_for_errors_and_hop_limit(sock)
        self._sock = sock
        self._clock = clock
        self._on_datagram = on_datagram
        self._on_error = on_error
        self._stamping = start_stamps(sock)
        self._buffer = memoryview(bytearray(_DATAGRAM_BYTES))
        self._unstamped: dict[int, Departure] = {}
        self._next_key = 0
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock.fileno(), self._readable)

    def send(self, data: bytes, to: Address, ancillary: Sequence[Ancillary] = ()) -> Departure:
        """Hand a datagram to the kernel; SourceError when it will not take it."""
        try:
            return self._send(data, to, ancillary)
        except OSError:
            # The ICMP error of an earlier packet, to whomever, fails the next send: read it, try again.
            self._restart_numbers()
        try:
            return self._send(data, to, ancillary)
        except OSError as error:
            self._restart_numbers()
            raise failure(error, to[0]) from error

    def _send(self, data: bytes, to: Address, ancillary: Sequence[Ancillary]) -> Departure:
        sent = departure(self._clock)
        self._sock.sendmsg([data], ancillary, 0, to)
        if self._stamping:
            self._unstamped[self._next_key] = sent
            self._next_key = (self._next_key + 1) & 0xFFFFFFFF
            if len(self._unstamped) > _STAMPS_AWAITED:
                # A driver that never stamps: forget the oldest.
                del self._unstamped[next(iter(self._unstamped))]
        return sent

    def drain(self) -> None:
        """Hand over everything that has come so far; call it before saying that something did not."""
        self._read_errors(_DRAIN_LIMIT)
        self._read_datagrams(_DRAIN_LIMIT)
        self._read_errors(_DRAIN_LIMIT)

    def close(self) -> None:
        """Stop reading and close the socket."""
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()

    def _restart_numbers(self) -> None:
        # Whether a failed send used up a packet number depends on where and in which kernel it failed.
        self._read_errors(_DRAIN_LIMIT)
        self._unstamped.clear()
        self._next_key = 0
        self._stamping = start_stamps(self._sock)

    def _readable(self) -> None:
        self._read_errors(_PER_WAKE_UP)
        self._read_datagrams(_PER_WAKE_UP)

    def _read_datagrams(self, limit: int) -> None:
        for _ in range(limit):
            try:
                size, ancillary, _flags, source = self._sock.recvmsg_into([self._buffer], _ANCILLARY_BYTES)
            except BlockingIOError:
                return
            except OSError:
                # A pending ICMP error; its entry in the error queue says whose it is.
                self._read_errors(_PER_WAKE_UP)
                continue
            came = arrival(self._clock, ancillary)
            data = bytes(self._buffer[:size])
            self._on_datagram(Datagram(data, source[0], source[1], came, _hop_limit(ancillary)))

    def _read_errors(self, limit: int) -> None:
        for _ in range(limit):
            try:
                size, ancillary, _flags, to = self._sock.recvmsg_into(
                    [self._buffer], _ANCILLARY_BYTES, socket.MSG_ERRQUEUE
                )
            except OSError:
                return
            notice = notice_of(ancillary)
            if notice is None:
                continue
            came = arrival(self._clock, ancillary)
            if notice.key is not None:
                self._stamp(notice.key, came.kernel_ns)
            elif to:
                self._on_error(NetworkError(notice, to[0], to[1], bytes(self._buffer[:size]), came))

    def _stamp(self, key: int, kernel_ns: int | None) -> None:
        sent = self._unstamped.pop(key, None)
        # A stamp from before the packet was made belongs to another one, from before a restart.
        if sent is not None and kernel_ns is not None and kernel_ns >= sent.wall_ns:
            sent.kernel_ns = kernel_ns


def traffic_class(family: int, dscp: int) -> tuple[Ancillary, ...]:
    """Return the control message that marks one packet with a DSCP (RFC 2474); none for 0."""
    if dscp == 0:
        return ()
    value = _INT.pack(dscp << 2)
    if family == socket.AF_INET6:
        return ((socket.IPPROTO_IPV6, socket.IPV6_TCLASS, value),)
    return ((socket.IPPROTO_IP, socket.IP_TOS, value),)


def _ask_for_errors_and_hop_limit(sock: socket.socket) -> None:
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        sock.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)


def _hop_limit(ancillary: Sequence[Ancillary]) -> int | None:
    for level, kind, data in ancillary:
        if (level, kind) in {(socket.IPPROTO_IP, socket.IP_TTL), (socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT)}:
            return int(_INT.unpack_from(data)[0])
    return None
