"""One TCP connection on a socket of our own, so that the kernel can say when an answer came."""

from __future__ import annotations

import asyncio
import socket

from netmon import sdk
from probes.binding import bind
from probes.error_queue import failure
from probes.timestamping import Arrival, Departure, RoundTrip, arrival, departure, round_trip, start_stamps

_READ_BYTES = 65_536
_ANCILLARY_BYTES = 512
_STAMPS_PER_WAKE_UP = 64


class Stream:
    """A connected, non-blocking socket: send, receive, and the time from the last one to the other.

    Waits for ever: the caller has the deadline. The kernel's stamp of what was read belongs to its last
    segment (segments are merged), so the time to the first byte is exact when that was one segment.
    """

    def __init__(self, sock: socket.socket, clock: sdk.Clock) -> None:
        start_stamps(sock)
        self._sock = sock
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._departure: Departure | None = None
        self._arrival: Arrival | None = None
        self.received_bytes = 0

    @property
    def socket(self) -> socket.socket:
        """The socket, to ask the kernel about it."""
        return self._sock

    async def send(self, data: bytes) -> None:
        """Send all of it."""
        self._departure = departure(self._clock)
        try:
            await self._loop.sock_sendall(self._sock, data)
        except OSError as error:
            raise _lost(error) from error

    async def receive(self) -> bytes:
        """Return what has come, as soon as something has; nothing when the far end has closed."""
        while True:
            await self._readable()
            self._read_transmit_stamp()
            try:
                data, ancillary, _flags, _source = self._sock.recvmsg(_READ_BYTES, _ANCILLARY_BYTES)
            except BlockingIOError:
                continue
            except OSError as error:
                raise _lost(error) from error
            self._arrival = arrival(self._clock, ancillary)
            self._read_transmit_stamp()
            self.received_bytes += len(data)
            return data

    def round_trip(self) -> RoundTrip | None:
        """Return the time from the last send to the last receive; None before there were both."""
        if self._departure is None or self._arrival is None:
            return None
        return round_trip(self._departure, self._arrival)

    def close(self) -> None:
        """Close at once."""
        self._sock.close()

    async def _readable(self) -> None:
        readable = self._loop.create_future()
        self._loop.add_reader(self._sock.fileno(), _wake, readable)
        try:
            await readable
        finally:
            self._loop.remove_reader(self._sock.fileno())

    def _read_transmit_stamp(self) -> None:
        for _ in range(_STAMPS_PER_WAKE_UP):
            try:
                _data, ancillary, _flags, _to = self._sock.recvmsg(1, _ANCILLARY_BYTES, socket.MSG_ERRQUEUE)
            except OSError:
                return
            stamp = arrival(self._clock, ancillary).kernel_ns
            sent = self._departure
            # The first stamp after the send belongs to it; stamps of what was sent earlier lie before.
            if stamp and sent and sent.kernel_ns is None and stamp >= sent.wall_ns:
                sent.kernel_ns = stamp


def _wake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


def _lost(error: OSError) -> sdk.SourceError:
    """Return the error for a connection that broke: the far end took it, so that it is no refusal."""
    if isinstance(error, ConnectionError):
        return sdk.SourceError(sdk.Outcome.GARBLED, "the connection was reset before the answer was complete")
    return failure(error, "connection")


async def connect(address: str, port: int, clock: sdk.Clock, circuit: sdk.Circuit | None = None) -> Stream:
    """Connect, by the circuit if one is given; SourceError when the far end or the network refuses."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bind(sock, circuit)
        await asyncio.get_running_loop().sock_connect(sock, (address, port))
    except OSError as error:
        sock.close()
        raise failure(error, f"{address} port {port}") from error
    except BaseException:
        sock.close()
        raise
    return Stream(sock, clock)
