"""A stateful STAMP reflector (RFC 8762 §4.3) that cannot be used against others.

It answers whom it was told to, at a bounded rate, never with more octets than it got, and never a reply.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter

from netmon import sdk
from probes.error_queue import NetworkError
from probes.stamp_gate import Allowance, Gate, Refusal, Session
from probes.stamp_packet import (
    PORT,
    Answer,
    FollowUp,
    Request,
    decode_request,
    encode_reply,
    looks_reflected,
)
from probes.stamp_time import HostTime, encode_error, encode_time
from probes.stamped_socket import Datagram, StampedSocket

_LARGEST_BYTES = 9216
_WELL_KNOWN_PORTS = 1024
# Some 600 packets: after a flood nobody waits long behind what is left of it.
_RECEIVE_BUFFER_BYTES = 1 << 18
_REST_SECONDS = 0.05
_ERROR_AGE_SECONDS = 10.0


class _ReflectorSocket(StampedSocket):
    """A stamped socket that can rest: meanwhile the kernel drops what does not fit into its queue."""

    def pause(self) -> None:
        """Stop reading."""
        self._loop.remove_reader(self._sock.fileno())

    def resume(self) -> None:
        """Go on reading."""
        if self._sock.fileno() >= 0:
            self._loop.add_reader(self._sock.fileno(), self._readable)

    def read_stamps(self) -> None:
        """Take the transmit stamps that are there, before they cost a wake-up."""
        self._read_errors(8)


class Reflector:
    """Answers on one bound socket, which it owns from now on."""

    def __init__(
        self, sock: socket.socket, clock: sdk.Clock, gate: Gate, host: HostTime | None = None
    ) -> None:
        self._clock = clock
        self._gate = gate
        self._host = host or HostTime()
        self.port: int = sock.getsockname()[1]
        self._total = Allowance(gate.limits.total_per_second, clock.monotonic())
        self._error_word, self._error_until = 0, -1.0
        self._loop = asyncio.get_running_loop()
        self._resting: asyncio.TimerHandle | None = None
        self._socket = _ReflectorSocket(sock, clock, self._received, _ignore)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
        self.reflected_total = 0
        self.refused_total: Counter[Refusal] = Counter()

    def close(self) -> None:
        """Close the socket."""
        if self._resting is not None:
            self._resting.cancel()
        self._socket.close()

    def _received(self, datagram: Datagram) -> None:
        refusal = self._answer(datagram)
        if refusal is None:
            self.reflected_total += 1
        else:
            self.refused_total[refusal] += 1

    def _answer(self, datagram: Datagram) -> Refusal | None:
        """Answer a packet, or say why not. What is refused costs the common allowance, too."""
        now = self._clock.monotonic()
        if not self._total.take(now):
            self._rest()
            return Refusal.OVERLOAD
        request = decode_request(datagram.data)
        if request is None or len(datagram.data) > _LARGEST_BYTES:
            return Refusal.MALFORMED
        if datagram.port == self.port or looks_reflected(datagram.data):
            return Refusal.REFLECTED
        if datagram.port < _WELL_KNOWN_PORTS and datagram.port != PORT:
            return Refusal.SERVICE
        session = self._gate.session(datagram.address, datagram.port, request.session, now)
        if isinstance(session, Refusal):
            return session
        return self._reflect(request, session, datagram)

    def _reflect(self, request: Request, session: Session, datagram: Datagram) -> Refusal | None:
        session.count(request.sequence)
        arrival = datagram.arrival
        came_ns = arrival.wall_ns if arrival.kernel_ns is None else arrival.kernel_ns
        answer = Answer(
            sequence=session.replies,
            sent=encode_time(self._host.utc_ns(self._clock.wall_ns())),
            error_word=self._error(),
            received=encode_time(self._host.utc_ns(came_ns)),
            hop_limit=datagram.hop_limit or 0,
            counted=session.counted,
            follow_up=self._follow_up(session),
        )
        reply = encode_reply(request, answer, len(datagram.data))
        try:
            session.last_reply = self._socket.send(reply, (datagram.address, datagram.port))
        except sdk.SourceError:
            return Refusal.UNSENT
        session.replies += 1
        self._socket.read_stamps()
        return None

    def _follow_up(self, session: Session) -> FollowUp | None:
        """Return when the session's last reply left, as the kernel says; None when it did not say yet."""
        if session.last_reply is None or session.last_reply.kernel_ns is None:
            return None
        left_ns = self._host.utc_ns(session.last_reply.kernel_ns)
        return FollowUp(session.replies - 1, encode_time(left_ns))

    def _error(self) -> int:
        if self._clock.monotonic() >= self._error_until:
            self._error_word = encode_error(self._host.error())
            self._error_until = self._clock.monotonic() + _ERROR_AGE_SECONDS
        return self._error_word

    def _rest(self) -> None:
        if self._resting is None:
            self._socket.pause()
            self._resting = self._loop.call_later(_REST_SECONDS, self._wake)

    def _wake(self) -> None:
        self._resting = None
        self._socket.resume()


def _ignore(_error: NetworkError) -> None:
    """Take an ICMP error about a reply: its sender has gone."""
