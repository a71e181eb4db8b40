"""Send TCP handshakes that end at a chosen hop, without privileges: connect() with a small hop limit."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import struct

from netmon import sdk
from probes.error_queue import IP_RECVERR, IPV6_RECVERR, NetworkError, failure, notice_of
from probes.path_answer import Answer, Kind, Packet, answer_of
from probes.path_socket import Flow, bound_socket, set_hop_limit
from probes.tcp_info import tcp_info
from probes.timestamping import Arrival, RoundTrip, arrival, departure, start_stamps

_ANCILLARY_BYTES = 512
# Closing sends a reset and keeps nothing, so that the next packet can have the same port.
_LINGER_NOT = struct.pack("=ii", 1, 0)


class ConnectDoor:
    """One TCP flow: a new socket with the same ports for every packet, and so one packet at a time."""

    alone = True

    def __init__(self, flow: Flow, clock: sdk.Clock) -> None:
        self._flow = flow
        self._clock = clock
        self._sock: socket.socket | None = None

    def send(self, hop_limit: int, size_bytes: int = 0) -> Packet:  # noqa: ARG002 - a SYN has one size
        """Begin a handshake; the one before is given up."""
        self.close()
        flow = self._flow
        sock = self._sock = bound_socket(flow, self._new_socket)
        set_hop_limit(sock, hop_limit)
        start_stamps(sock)
        packet = Packet(hop_limit)
        loop = asyncio.get_running_loop()
        packet.departure = departure(self._clock)
        error = sock.connect_ex((flow.address, flow.port))
        if error not in (0, errno.EINPROGRESS):
            raise failure(OSError(error, ""), flow.address)
        loop.add_writer(sock, self._ended, sock, packet)
        return packet

    def drain(self) -> None:
        """Do nothing: the kernel keeps an answer with its socket, and there is only one."""

    def close(self) -> None:
        """Give up the handshake that is under way, if there is one."""
        if self._sock is not None:
            asyncio.get_running_loop().remove_writer(self._sock)
            with contextlib.suppress(OSError):
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
            self._sock.close()
            self._sock = None

    def _new_socket(self) -> socket.socket:
        try:
            sock = socket.socket(self._flow.family, socket.SOCK_STREAM)
        except OSError as error:
            raise failure(error, f"IPv{self._flow.version} tcp") from error
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self._flow.version == 6:
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        return sock

    def _ended(self, sock: socket.socket, packet: Packet) -> None:
        asyncio.get_running_loop().remove_writer(sock)
        came = Arrival(self._clock.boottime_ns(), self._clock.wall_ns())
        answer, info = self._said(sock), tcp_info(sock)
        if info is not None and info.retransmits_total:
            return  # the answer is to a second packet, a second later: the first one was lost
        error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if answer is None and error in (0, errno.ECONNREFUSED):
            answer = Answer(Kind.TARGET, self._flow.address, came)
            if error == 0 and info is not None:
                packet.known_trip = RoundTrip(info.rtt_seconds, kernel=True)
        if answer is not None:
            packet.settle(answer)

    def _said(self, sock: socket.socket) -> Answer | None:
        """Return what the error queue says: an ICMP error, and who sent it."""
        try:
            quoted, ancillary, _flags, _to = sock.recvmsg(1, _ANCILLARY_BYTES, socket.MSG_ERRQUEUE)
        except OSError:
            return None
        notice = notice_of(ancillary)
        if notice is None or notice.key is not None:
            return None
        came = arrival(self._clock, ancillary)
        return answer_of(NetworkError(notice, self._flow.address, self._flow.port, quoted, came))
