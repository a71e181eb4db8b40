"""Trains of requests that come back as they were sent: ping and UDP echo, for all targets of a probe at once.

One socket of a family and protocol for the life of the daemon. A whole batch costs a handful of wake-ups:
one to send to everybody, and one for all that came in the same five milliseconds.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from netmon import sdk
from probes.echo import Countdown, Echo, Train
from probes.error_queue import NetworkError
from probes.stamped_socket import Address, Datagram, StampedSocket, traffic_class
from probes.timestamping import Ancillary

# RFC 792 and RFC 4443 §4: type, code, checksum and identifier, sequence. A UDP payload begins alike.
_HEADER = struct.Struct("!BBHHH")
_SEQUENCE = struct.Struct("!H")
_SEQUENCE_AT = 6
_MAGIC = b"nmon"
_NONCE_BYTES = 8
MIN_PAYLOAD_BYTES = len(_MAGIC) + _NONCE_BYTES
# A quarter of the sequence numbers: a number comes round only long after its packet is forgotten.
_MAX_PENDING = 1 << 14
# What may go out at once: 50 pings of 84 octets keep a line of 10 Mbit/s for 3 ms.
_BURST, _BURST_PAUSE_SECONDS = 50, 0.002
_READ_PAUSE_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Wire:
    """What tells a request from its reply on the wire: the type octet of either (the same for UDP echo)."""

    request: int
    reply: int


Found = Sequence[Echo] | sdk.SourceError
"""What came of one target's train; the error of a packet that this host would not send ends it."""


class EchoSocket:
    """A socket of one family. Replies that are not for a pending request are only counted."""

    def __init__(self, sock: socket.socket, wire: Wire, clock: sdk.Clock) -> None:
        self._family = sock.family
        self._wire = wire
        self._clock = clock
        self._pending: dict[int, Echo] = {}
        self._sequence = secrets.randbelow(1 << 16)
        self._socket = StampedSocket(sock, clock, self._received, self._failed, _READ_PAUSE_SECONDS)
        self.late_total = 0
        """Replies to requests that had been given up, duplicates of such included."""
        self.wrong_total = 0
        """Replies whose payload or sender was not the one asked."""

    async def train(self, address: str, train: Train) -> Sequence[Echo]:
        """Send one target's requests, and wait until each is answered or refused, or the time is up."""
        (found,) = await self.trains([(address, 0)], train)
        if isinstance(found, sdk.SourceError):
            raise found
        return found

    async def trains(self, targets: Sequence[Address], train: Train) -> Sequence[Found]:
        """Send the same train to many targets; return what came of each, in their order."""
        batch = _Batch(self, targets, train)
        try:
            due_ns = self._clock.boottime_ns()
            await batch.send(due_ns)
            for gap_seconds in train.gaps_seconds:
                await asyncio.sleep(gap_seconds)
                due_ns += round(gap_seconds * 1e9)
                await batch.send(due_ns)
            await batch.open.wait(train.wait_seconds)
            # While the loop was busy, the reply may have been waiting in the kernel.
            self._socket.drain()
        finally:
            for sequence in batch.sequences:
                self._pending.pop(sequence, None)
        return batch.found

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def send(self, to: Address, echo: Echo, ancillary: Sequence[Ancillary]) -> int:
        """Send one request and return its sequence; SourceError when the kernel will not take it."""
        sequence = self._next_sequence()
        self._pending[sequence] = echo
        packet = _HEADER.pack(self._wire.request, 0, 0, 0, sequence) + echo.payload
        try:
            echo.departure = self._socket.send(packet, to, ancillary)
        except sdk.SourceError:
            del self._pending[sequence]
            raise
        return sequence

    def drain(self) -> None:
        """Take what has come so far."""
        self._socket.drain()

    def traffic_class(self, dscp: int) -> tuple[Ancillary, ...]:
        """Return the control message for a DSCP."""
        return traffic_class(self._family, dscp)

    def _next_sequence(self) -> int:
        if len(self._pending) >= _MAX_PENDING:
            raise sdk.SourceError(sdk.Outcome.BUSY, f"{_MAX_PENDING} echo requests are waiting already")
        while True:
            self._sequence = (self._sequence + 1) & 0xFFFF
            if self._sequence not in self._pending:
                return self._sequence

    def _received(self, datagram: Datagram) -> None:
        data = datagram.data
        if len(data) < _HEADER.size or data[0] != self._wire.reply:
            self.wrong_total += 1
            return
        echo = self._pending.get(_SEQUENCE.unpack_from(data, _SEQUENCE_AT)[0])
        if echo is None:
            self.late_total += 1
        elif data[_HEADER.size :] != echo.payload or not _same_host(datagram.address, echo.address):
            self.wrong_total += 1
        elif echo.reply is not None:
            echo.duplicates += 1
        else:
            echo.reply = datagram
            if echo.error is None:
                echo.open.done()

    def _failed(self, error: NetworkError) -> None:
        # RFC 792 lets a router quote no more than the header: its sequence, and to whom it was going.
        if len(error.quoted) < _HEADER.size:
            return
        echo = self._pending.get(_SEQUENCE.unpack_from(error.quoted, _SEQUENCE_AT)[0])
        if echo is None or echo.reply is not None or not _same_host(error.address, echo.address):
            return
        if echo.error is None:
            echo.error = error
            echo.open.done()


class _Batch:
    """The trains of one call: who is still sent to, what was sent, and what is awaited."""

    def __init__(self, echo_socket: EchoSocket, targets: Sequence[Address], train: Train) -> None:
        self._socket = echo_socket
        self._targets = targets
        self._size_bytes = max(train.payload_bytes, MIN_PAYLOAD_BYTES)
        self._ancillary = (*echo_socket.traffic_class(train.dscp), *train.leave_by)
        self._trains: list[list[Echo]] = [[] for _ in targets]
        self._refused: dict[int, sdk.SourceError] = {}
        self.open = Countdown()
        self.sequences: list[int] = []

    @property
    def found(self) -> Sequence[Found]:
        """What came of each target's train."""
        return [self._refused.get(number, train) for number, train in enumerate(self._trains)]

    async def send(self, due_ns: int) -> None:
        """Send one packet to everybody, in bursts that a thin line can carry."""
        nonces = secrets.token_bytes(_NONCE_BYTES * len(self._targets))
        for number, to in enumerate(self._targets):
            if number and number % _BURST == 0:
                self._socket.drain()
                await asyncio.sleep(_BURST_PAUSE_SECONDS)
                due_ns += round(_BURST_PAUSE_SECONDS * 1e9)
            if number not in self._refused:
                nonce = nonces[number * _NONCE_BYTES : (number + 1) * _NONCE_BYTES]
                self._send(number, to, (_MAGIC + nonce).ljust(self._size_bytes, b"\0"), due_ns)
        # The stamps are there already: no wake-up for them, and no room in the buffer that replies need.
        self._socket.drain()

    def _send(self, number: int, to: Address, payload: bytes, due_ns: int) -> None:
        echo = Echo(to[0], payload, self.open)
        self.open.add()
        try:
            self.sequences.append(self._socket.send(to, echo, self._ancillary))
        except sdk.SourceError as error:
            self._refused[number] = error
            self.open.done()
            return
        if echo.departure is not None:
            echo.late_seconds = max(echo.departure.boottime_ns - due_ns, 0) / 1e9
        self._trains[number].append(echo)


def _same_host(one: str, other: str) -> bool:
    return one == other or one.partition("%")[0] == other.partition("%")[0]
