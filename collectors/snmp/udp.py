"""UDP sockets that also tell what ICMP said about the datagrams they sent (Linux, no privileges)."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

_RECEIVE_BUFFER_BYTES = 4 << 20
_RECVERR: Final = {
    # linux/in.h and linux/in6.h; Python's socket module does not name them.
    socket.AF_INET: (socket.IPPROTO_IP, 11),
    socket.AF_INET6: (socket.IPPROTO_IPV6, 25),
}
_EXTENDED_ERROR = struct.Struct("=IBBBBII")  # struct sock_extended_err, linux/errqueue.h
_FROM_NETWORK = {2, 3}  # SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6
_MOST_ERRORS = 64


class Complaint(NamedTuple):
    """An ICMP error about a datagram of ours."""

    errno: int
    datagram: bytes
    """The datagram that we had sent, or its beginning."""

    @property
    def refused(self) -> bool:
        """Tell whether nobody listens on the port, in contrast to an address that cannot be reached."""
        return self.errno == errno.ECONNREFUSED


def open_socket(family: socket.AddressFamily) -> socket.socket:
    """Return an unconnected, non-blocking socket with its error queue on."""
    sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    level, option = _RECVERR[family]
    sock.setsockopt(level, option, 1)
    # A burst of devices answers at once; the kernel cuts this to net.core.rmem_max without complaint.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
    return sock


def complaints(sock: socket.socket) -> Iterator[Complaint]:
    """Yield what the error queue holds, at most 64 at a time."""
    for _ in range(_MOST_ERRORS):
        try:
            datagram, ancillary, _, _ = sock.recvmsg(2048, 512, socket.MSG_ERRQUEUE)
        except OSError:
            return
        for level, kind, data in ancillary:
            if (level, kind) in _RECVERR.values() and len(data) >= _EXTENDED_ERROR.size:
                number, origin, *_ = _EXTENDED_ERROR.unpack_from(data)
                if origin in _FROM_NETWORK:
                    yield Complaint(number, datagram)
