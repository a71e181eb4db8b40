"""What the kernel knows about a TCP connection: struct tcp_info of linux/tcp.h, which only ever grows."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

_TCP_INFO = 11
# Eight octets of state and options, then 32-bit fields from tcpi_rto to tcpi_total_retrans.
_HEAD = struct.Struct("=8B24I")
_RTT, _TOTAL_RETRANSMITS = 8 + 15, 8 + 23


@dataclass(frozen=True, slots=True)
class TcpInfo:
    """Smoothed round trip (right after connecting: that of the handshake) and segments sent again."""

    rtt_seconds: float
    retransmits_total: int


def parse_tcp_info(raw: bytes) -> TcpInfo | None:
    """Read a struct tcp_info; None when the kernel gave less than every kernel since 2.6 does."""
    if len(raw) < _HEAD.size:
        return None
    fields = _HEAD.unpack_from(raw)
    return TcpInfo(fields[_RTT] / 1e6, fields[_TOTAL_RETRANSMITS])


def tcp_info(sock: socket.socket) -> TcpInfo | None:
    """Ask the kernel about a connected socket."""
    return parse_tcp_info(sock.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _HEAD.size))
