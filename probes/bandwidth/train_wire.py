"""Trains on the wire: a UDP socket whose packets carry a key, a number and the time they were sent.

Sending and receiving block, and belong on a thread: a socket buffer of the usual size holds 180 packets,
which a busy event loop would let overflow.
"""

from __future__ import annotations

import socket
import struct
import time
from dataclasses import dataclass

from probes.timestamping import STAMPS, kernel_stamp_ns

_HEADER = struct.Struct("!QIIQ")  # key, train, number, sent (ns)
HEADER_BYTES = _HEADER.size
UDP_IP_BYTES = {4: 28, 6: 48}
# Passes PPPoE and most tunnels whole: fragments would be counted as one packet.
PACKET_BYTES = 1400
_UDP_SEGMENT = 103  # linux/udp.h
_RX_SOFTWARE, _SOFTWARE = 1 << 3, 1 << 4
_BUFFER_BYTES = 1 << 22
_MOST_SEGMENTS = 44
# Paced packets leave in groups of half a millisecond, so that one wake-up serves several.
_GROUP_SECONDS = 0.0005
_SPIN_SECONDS = 0.00015
_QUIET_SECONDS = 0.25
_DATAGRAM_BYTES = 2048


@dataclass(frozen=True, slots=True)
class Order:
    """One train: its number, packets, IP size of each, and pace in bit/s of IP (0: at once)."""

    train: int
    packets: int
    packet_bytes: int
    bits_per_second: float


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What came of a train, in the order it came: numbers, and when each was sent and stamped (ns)."""

    numbers: tuple[int, ...]
    sent_ns: tuple[int, ...]
    stamps_ns: tuple[int, ...]


class TrainSocket:
    """One end. Only packets with the session's key count."""

    def __init__(self, sock: socket.socket, key: int) -> None:
        self._sock, self._key = sock, key
        self._header_bytes = UDP_IP_BYTES[6 if sock.family == socket.AF_INET6 else 4]
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, _BUFFER_BYTES)
        sock.setsockopt(socket.SOL_SOCKET, STAMPS, _RX_SOFTWARE | _SOFTWARE)

    @property
    def port(self) -> int:
        """Return the own port."""
        port: int = self._sock.getsockname()[1]
        return port

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()

    def knock(self, to: tuple[str, int]) -> None:
        """Send one packet without meaning: it opens the way back, and shows the other end where we are."""
        self._sock.sendto(_HEADER.pack(self._key, 0, 0, 0), to)

    def hear_knock(self, address: str, seconds: float) -> tuple[str, int] | None:
        """Wait for the other end's packet from an address; None when none came in time."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._sock.settimeout(left)
            try:
                data, source = self._sock.recvfrom(_DATAGRAM_BYTES)
            except TimeoutError:
                return None
            if self._key_of(data) and source[0] == address:
                return source[0], source[1]
        return None

    def send(self, order: Order, to: tuple[str, int]) -> None:
        """Send a train; OSError when the network will not take it."""
        payload_bytes = order.packet_bytes - self._header_bytes
        padding = bytes(payload_bytes - HEADER_BYTES)
        group = _MOST_SEGMENTS
        if order.bits_per_second:
            most = order.bits_per_second * _GROUP_SECONDS / (order.packet_bytes * 8)
            group = max(1, min(_MOST_SEGMENTS, int(most)))
        pause = group * order.packet_bytes * 8 / order.bits_per_second if order.bits_per_second else 0.0
        self._sock.settimeout(1.0)
        self._sock.setsockopt(socket.IPPROTO_UDP, _UDP_SEGMENT, payload_bytes)
        due = time.perf_counter()
        for first in range(0, order.packets, group):
            _wait_until(due)
            due += pause
            now_ns = time.time_ns()
            numbers = range(first, min(first + group, order.packets))
            headers = (_HEADER.pack(self._key, order.train, number, now_ns) for number in numbers)
            self._sock.sendto(b"".join(header + padding for header in headers), to)

    def receive(self, order: Order, seconds: float) -> Arrivals:
        """Take a train until its last packet, a quarter of a second of silence, or the time is up."""
        found: list[tuple[int, int, int]] = []
        buffer, until = bytearray(_DATAGRAM_BYTES), time.monotonic() + seconds
        self._sock.settimeout(seconds)
        while time.monotonic() < until:
            try:
                size, ancillary, _flags, _source = self._sock.recvmsg_into([buffer], 128)
            except TimeoutError:
                break
            except OSError:
                if self._sock.fileno() < 0:
                    break  # the session is over
                continue  # an ICMP error about something that was sent before
            if size < HEADER_BYTES:
                continue
            key, train, number, sent_ns = _HEADER.unpack_from(buffer)
            if key != self._key or train != order.train:
                continue
            if not found:
                self._sock.settimeout(_QUIET_SECONDS)
            found.append((number, sent_ns, kernel_stamp_ns(ancillary) or time.time_ns()))
            if number == order.packets - 1:
                break
        return (
            Arrivals(*(tuple(column) for column in zip(*found, strict=True)))
            if found
            else Arrivals((), (), ())
        )

    def _key_of(self, data: bytes) -> bool:
        return len(data) >= HEADER_BYTES and _HEADER.unpack_from(data)[0] == self._key


def _wait_until(due: float) -> None:
    """Wait, sleeping as far as sleep is to be trusted."""
    left = due - time.perf_counter()
    if left > _SPIN_SECONDS:
        time.sleep(left - _SPIN_SECONDS)
    while time.perf_counter() < due:
        pass
