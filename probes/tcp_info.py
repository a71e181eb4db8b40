"""What the kernel knows about a TCP connection: struct tcp_info of linux/tcp.h, which only ever grows."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from typing import Protocol

_TCP_INFO = 11
# Eight octets of state and options, then 32-bit fields from tcpi_rto to tcpi_total_retrans.
_HEAD = struct.Struct("=8B24I")
_OPTIONS, _SEND_MSS, _RECEIVE_MSS, _SACKED = 5, 8 + 2, 8 + 3, 8 + 5
_RTT, _TOTAL_RETRANSMITS = 8 + 15, 8 + 23
_TIMESTAMPS = 1
# From tcpi_pacing_rate to tcpi_bytes_retrans (Linux 4.19).
_FLOW = struct.Struct("=4Q6I4Q2I2Q")
_WHOLE_BYTES = _HEAD.size + _FLOW.size
_TIMESTAMPS_BYTES = 12


class HasOptions(Protocol):
    """A socket, or what asyncio shows of one."""

    def getsockopt(self, level: int, optname: int, buflen: int, /) -> bytes:
        """Return a socket option's octets."""


@dataclass(frozen=True, slots=True)
class TcpInfo:
    """Smoothed round trip (right after connecting: that of the handshake) and segments sent again."""

    rtt_seconds: float
    retransmits_total: int


@dataclass(frozen=True, slots=True)
class TcpFlow:
    """What a connection carried so far, and what held its sender back, in seconds since it began.

    Bytes are TCP payload; `bytes_sacked` have arrived, behind a gap that is not filled yet. `busy` is time
    with data under way; of it, `window_limited` waited for the receiver's window and `buffer_limited` for
    this host's send buffer.
    """

    rtt_seconds: float
    min_rtt_seconds: float
    retransmits_total: int
    option_bytes: int
    segment_bytes: int
    """Payload of the largest segment that came."""
    bytes_acked: int
    bytes_sacked: int
    bytes_received: int
    bytes_sent: int
    bytes_retransmitted: int
    segments_sent: int
    segments_received: int
    data_segments_sent: int
    data_segments_received: int
    delivery_bytes_per_second: int
    busy_seconds: float
    window_limited_seconds: float
    buffer_limited_seconds: float


def parse_tcp_info(raw: bytes) -> TcpInfo | None:
    """Read a struct tcp_info; None when the kernel gave less than every kernel since 2.6 does."""
    if len(raw) < _HEAD.size:
        return None
    fields = _HEAD.unpack_from(raw)
    return TcpInfo(fields[_RTT] / 1e6, fields[_TOTAL_RETRANSMITS])


def tcp_info(sock: socket.socket) -> TcpInfo | None:
    """Ask the kernel about a connected socket."""
    return parse_tcp_info(sock.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _HEAD.size))


def parse_tcp_flow(raw: bytes) -> TcpFlow | None:
    """Read all of a struct tcp_info that tells a transfer's story; None before Linux 4.19."""
    if len(raw) < _WHOLE_BYTES:
        return None
    head, flow = _HEAD.unpack_from(raw), _FLOW.unpack_from(raw, _HEAD.size)
    _pacing, _most_pacing, acked, received, sent_segments, received_segments, _unsent, min_rtt = flow[:8]
    data_in, data_out, delivery, busy, window, buffer, _delivered, _marked, sent, again = flow[8:]
    return TcpFlow(
        rtt_seconds=head[_RTT] / 1e6,
        min_rtt_seconds=min_rtt / 1e6,
        retransmits_total=head[_TOTAL_RETRANSMITS],
        option_bytes=_TIMESTAMPS_BYTES if head[_OPTIONS] & _TIMESTAMPS else 0,
        segment_bytes=head[_RECEIVE_MSS],
        bytes_acked=acked,
        bytes_sacked=head[_SACKED] * head[_SEND_MSS],
        bytes_received=received,
        bytes_sent=sent,
        bytes_retransmitted=again,
        segments_sent=sent_segments,
        segments_received=received_segments,
        data_segments_sent=data_out,
        data_segments_received=data_in,
        delivery_bytes_per_second=delivery,
        busy_seconds=busy / 1e6,
        window_limited_seconds=window / 1e6,
        buffer_limited_seconds=buffer / 1e6,
    )


def tcp_flow(sock: HasOptions) -> TcpFlow | None:
    """Ask the kernel what a connection has carried; None where it does not say, or when it is closed."""
    try:
        return parse_tcp_flow(sock.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _WHOLE_BYTES))
    except OSError:
        return None
