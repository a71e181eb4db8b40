"""One datagram socket for all targets of a protocol, with kernel stamps and ICMP errors."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

from netmon import sdk
from probes.error_queue import IP_RECVERR, IPV6_RECVERR, NetworkError, failure, notice_of, transmit_stamp
from probes.timestamping import (
    SOCKET,
    STAMPS,
    Ancillary,
    Arrival,
    Departure,
    arrival,
    departure,
    stamp_in,
    start_stamps,
)

Address = tuple[str, int]

_DATAGRAM_BYTES = 65_535
_ANCILLARY_BYTES = 512
_PER_WAKE_UP, _PER_PAUSE = 64, 256
_DRAIN_LIMIT = 8192
_SEND_TRIES = 4
_STAMPS_AWAITED = 4096
# Replies and transmit stamps of a whole batch wait here while the loop is busy; both are charged to it.
_RECEIVE_BUFFER_BYTES = 4 << 20
_IP_RECVTTL = 12
_IP_MTU_DISCOVER, _IPV6_MTU_DISCOVER, _PMTUDISC_PROBE = 10, 23, 3  # linux/in.h
_INT = struct.Struct("=i")
_IPV4, _TTL = int(socket.IPPROTO_IP), int(socket.IP_TTL)
_IPV6, _HOP_LIMIT = int(socket.IPPROTO_IPV6), int(socket.IPV6_HOPLIMIT)


class Datagram(NamedTuple):
    """What came: from whom, when, and with which hop limit (TTL); None when the kernel did not say."""

    data: bytes
    address: str
    port: int
    arrival: Arrival
    hop_limit: int | None


class StampedSocket:
    """Sends, and hands over everything that comes; reads up to 64 packets per wake-up (256 after a pause).

    With `pause_seconds` it looks away for so long after each time it was read: the kernel has the stamps,
    and one wake-up for many packets costs a tenth of one for each.

    uvloop must not drive it: it stops polling a socket whose error queue has something to say.
    """

    def __init__(
        self,
        sock: socket.socket,
        clock: sdk.Clock,
        on_datagram: Callable[[Datagram], None],
        on_error: Callable[[NetworkError], None],
        pause_seconds: float = 0.0,
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
        # Without kernel stamps, every moment until a packet is read would count as the network's.
        self._pause_seconds = pause_seconds if self._stamping else 0.0
        self._resume: asyncio.TimerHandle | None = None
        self._look()

    def send(self, data: bytes, to: Address, ancillary: Sequence[Ancillary] = ()) -> Departure:
        """Hand a datagram to the kernel; SourceError when it will not take it."""
        for left in reversed(range(_SEND_TRIES)):
            try:
                return self._send(data, to, ancillary)
            except OSError as error:
                # The ICMP error of an earlier packet, to whomever, fails the next send: read it, try again.
                # While near hops answer a burst, the next such error may have come by then.
                self._restart_numbers()
                if not left:
                    raise failure(error, to[0]) from error
        raise AssertionError  # the last try returns or raises

    def _send(self, data: bytes, to: Address, ancillary: Sequence[Ancillary]) -> Departure:
        sent = departure(self._clock)
        if ancillary:
            self._sock.sendmsg([data], ancillary, 0, to)
        else:
            self._sock.sendto(data, to)
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
        if self._resume is not None:
            self._resume.cancel()
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()

    def _restart_numbers(self) -> None:
        # Whether a failed send used up a packet number depends on where and in which kernel it failed.
        self._read_errors(_DRAIN_LIMIT)
        self._unstamped.clear()
        self._next_key = 0
        self._stamping = start_stamps(self._sock)

    def _look(self) -> None:
        """Read at once from now on; or, once something has come, every so often until nothing has."""
        self._loop.add_reader(self._sock.fileno(), self._pause if self._pause_seconds else self._readable)

    def _pause(self) -> None:
        self._loop.remove_reader(self._sock.fileno())
        self._after_pause()

    def _after_pause(self) -> None:
        came = self._read_errors(_PER_PAUSE) + self._read_datagrams(_PER_PAUSE)
        if came:
            self._resume = self._loop.call_later(self._pause_seconds, self._after_pause)
        else:
            self._look()

    def _readable(self) -> None:
        self._read_errors(_PER_WAKE_UP)
        self._read_datagrams(_PER_WAKE_UP)

    def _read_datagrams(self, limit: int) -> int:
        """Hand over up to so many; return how many there were."""
        clock = self._clock
        read = arrival(clock, ())
        for count in range(limit):
            try:
                size, ancillary, _flags, source = self._sock.recvmsg_into([self._buffer], _ANCILLARY_BYTES)
            except BlockingIOError:
                return count
            except OSError:
                # A pending ICMP error; its entry in the error queue says whose it is.
                self._read_errors(_PER_WAKE_UP)
                continue
            kernel_ns, hop_limit = _told(ancillary)
            if kernel_ns is None or kernel_ns > read.wall_ns:
                read = arrival(clock, ())  # it came since the clock was last looked at
            came = Arrival(read.boottime_ns, read.wall_ns, kernel_ns)
            self._on_datagram(Datagram(bytes(self._buffer[:size]), source[0], source[1], came, hop_limit))
        return limit

    def _read_errors(self, limit: int) -> int:
        """Hand over up to so many; return how many there were."""
        for count in range(limit):
            try:
                size, ancillary, _flags, to = self._sock.recvmsg_into(
                    [self._buffer], _ANCILLARY_BYTES, socket.MSG_ERRQUEUE
                )
            except OSError:
                return count
            stamp = transmit_stamp(ancillary)
            if stamp is not None:
                self._stamp(*stamp)
                continue
            notice = notice_of(ancillary)
            if notice is not None and to:
                came = arrival(self._clock, ancillary)
                self._on_error(NetworkError(notice, to[0], to[1], bytes(self._buffer[:size]), came))
        return limit

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


def forbid_fragments(sock: socket.socket) -> None:
    """Send packets whole or not at all; the kernel's own idea of the path's MTU does not matter."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER, _PMTUDISC_PROBE)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_DONTFRAG, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _PMTUDISC_PROBE)


def _ask_for_errors_and_hop_limit(sock: socket.socket) -> None:
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        sock.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)


def _told(ancillary: Sequence[Ancillary]) -> tuple[int | None, int | None]:
    """Return the kernel's stamp (ns) and the hop limit."""
    kernel_ns, hop_limit = None, None
    for level, kind, data in ancillary:
        if level == SOCKET:
            kernel_ns = stamp_in(data) if kind == STAMPS else None
        elif (kind == _TTL and level == _IPV4) or (kind == _HOP_LIMIT and level == _IPV6):
            (hop_limit,) = _INT.unpack_from(data)
    return kernel_ns, hop_limit
