"""One UDP socket per address family for all devices: requests out, each matched with its own reply.

A reply counts when its source address (unless the device's owner allowed another one), its random
request-id, its PDU type, its version and its community are those of the request. Everything else is
counted and dropped, so that spoofed, late and duplicate replies never reach a reading.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

from collectors.snmp.ber import BerError
from collectors.snmp.message import MIN_REQUEST_ID, Header, Pdu, Request, decode_header
from collectors.snmp.peer import Patience, Peer
from collectors.snmp.udp import Complaint, complaints, open_socket
from netmon import sdk

_MAX_DATAGRAM_BYTES = 65_535
_BURST = 64
"""Datagrams taken in one turn of the event loop, so that a flood leaves the others their turn."""
_REMEMBERED = 4096
"""Request-ids kept after their end, only to tell late replies from invented ones."""


class Reply(NamedTuple):
    """A reply that belongs to its request; its varbinds are not decoded yet."""

    datagram: bytes
    header: Header
    tries: int


@dataclass(slots=True)
class TransportCounters:
    """What happened on the sockets since they were opened."""

    sent: int = 0
    resent: int = 0
    received: int = 0
    bad_source: int = 0
    unknown_id: int = 0
    late: int = 0
    """Replies to requests that had ended: too late, or duplicates."""
    mismatched: int = 0
    """Right source and id, but another version, community or PDU type."""
    garbled: int = 0
    complaints: int = 0
    """ICMP errors about our datagrams."""


@dataclass(slots=True, eq=False)
class _Pending:
    """A request under way, and how it goes on when nothing comes."""

    peer: Peer
    request: Request
    datagram: bytes = field(repr=False)
    patience: Patience
    answer: asyncio.Future[Reply]
    tries: int = 0
    strange: int = 0
    timer: asyncio.TimerHandle | None = None

    def fail(self, outcome: sdk.Outcome, detail: str) -> None:
        """End the request, unless it has ended."""
        if not self.answer.done():
            self.answer.set_exception(sdk.SourceError(outcome, detail))


class Transport:
    """The sockets, opened when first needed, and the requests under way."""

    def __init__(self) -> None:
        self.counters = TransportCounters()
        self._sockets: dict[socket.AddressFamily, socket.socket] = {}
        self._pending: dict[int, _Pending] = {}
        self._ended: OrderedDict[int, None] = OrderedDict()

    async def exchange(self, peer: Peer, request: Request, patience: Patience) -> Reply:
        """Send, wait, send again; return the reply.

        SourceError: TIMEOUT after the last try, GARBLED when all that came in that time was broken,
        REFUSED and UNREACHABLE when ICMP or the kernel said so. All tries carry one request-id, so that
        a slow reply to the first one is an answer; after the last one it is not.
        """
        request_id = self._new_id()
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        pending = _Pending(peer, request, request.datagram(request_id), patience, answer)
        self._pending[request_id] = pending
        try:
            self._try(pending)
            return await answer  # ends with the timer of the last try
        finally:
            if pending.timer is not None:
                pending.timer.cancel()
            del self._pending[request_id]
            self._remember(request_id)

    def close(self) -> None:
        """Close the sockets and end all requests."""
        loop = asyncio.get_running_loop()
        while self._sockets:
            _, sock = self._sockets.popitem()
            loop.remove_reader(sock)
            sock.close()
        for pending in self._pending.values():
            pending.fail(sdk.Outcome.TIMEOUT, "netmon is stopping")

    def _new_id(self) -> int:
        while True:
            request_id = MIN_REQUEST_ID + secrets.randbelow(2**31 - MIN_REQUEST_ID)
            if request_id not in self._pending:
                return request_id

    def _remember(self, request_id: int) -> None:
        self._ended[request_id] = None
        if len(self._ended) > _REMEMBERED:
            self._ended.popitem(last=False)

    def _try(self, pending: _Pending) -> None:
        if pending.answer.done():
            return
        if pending.tries == pending.patience.tries:
            pending.fail(*_silence(pending))
            return
        pending.tries += 1
        self.counters.sent += 1
        self.counters.resent += pending.tries > 1
        self._send(pending)
        loop = asyncio.get_running_loop()
        pending.timer = loop.call_later(pending.patience.try_seconds, self._try, pending)

    def _send(self, pending: _Pending) -> None:
        peer = pending.peer
        try:
            sock = self._sockets.get(peer.family) or self._open(peer.family)
            try:
                sock.sendto(pending.datagram, peer.place)
            except ConnectionRefusedError:
                # The kernel hands an earlier datagram's ICMP error to whoever sends next.
                self._read_complaints(sock)
                sock.sendto(pending.datagram, peer.place)
        except BlockingIOError:
            return  # the send buffer is full: as good as lost on the way, and tried again like that
        except OSError as error:
            pending.fail(sdk.Outcome.UNREACHABLE, f"cannot send to {peer.place[0]}: {error.strerror}")

    def _open(self, family: socket.AddressFamily) -> socket.socket:
        sock = self._sockets[family] = open_socket(family)
        asyncio.get_running_loop().add_reader(sock, self._readable, sock)
        return sock

    def _readable(self, sock: socket.socket) -> None:
        for taken in range(_BURST):
            try:
                datagram, source = sock.recvfrom(_MAX_DATAGRAM_BYTES)
            except BlockingIOError:
                if not taken:
                    self._read_complaints(sock)
                return
            except OSError:
                self._read_complaints(sock)
                continue
            self._receive(datagram, source[:2])

    def _receive(self, datagram: bytes, source: tuple[str, int]) -> None:
        counters = self.counters
        counters.received += 1
        try:
            header = decode_header(datagram)
        except BerError:
            counters.garbled += 1
            self._blame(source)
            return
        pending = self._pending.get(header.request_id)
        if pending is None:
            ended = header.request_id in self._ended
            counters.late += ended
            counters.unknown_id += not ended
        elif source != pending.peer.place and not pending.peer.other_source:
            counters.bad_source += 1
        elif not _matches(header, pending.request):
            counters.mismatched += 1
            pending.strange += 1
        elif pending.answer.done():
            counters.late += 1
        else:
            pending.answer.set_result(Reply(datagram, header, pending.tries))

    def _blame(self, source: tuple[str, int]) -> None:
        """Note rubbish with those who wait for its sender; it decides only what a silence is called."""
        for pending in self._pending.values():
            pending.strange += source == pending.peer.place

    def _read_complaints(self, sock: socket.socket) -> None:
        for complaint in complaints(sock):
            self.counters.complaints += 1
            pending = self._concerned(complaint)
            if pending is not None:
                outcome = sdk.Outcome.REFUSED if complaint.refused else sdk.Outcome.UNREACHABLE
                pending.fail(outcome, f"{pending.peer.place[0]}: {_ICMP_WORDS[complaint.refused]}")

    def _concerned(self, complaint: Complaint) -> _Pending | None:
        try:
            return self._pending.get(decode_header(complaint.datagram).request_id)
        except BerError:
            return None


_ICMP_WORDS = ("ICMP says that the address cannot be reached", "no SNMP agent listens on the port (ICMP)")


def _matches(header: Header, request: Request) -> bool:
    return (
        header.pdu == Pdu.RESPONSE
        and header.version == request.version
        and header.community == request.community
    )


def _silence(pending: _Pending) -> tuple[sdk.Outcome, str]:
    host = pending.peer.place[0]
    if pending.strange:
        return sdk.Outcome.GARBLED, f"{host}: no good reply, but {pending.strange} that break the protocol"
    seconds = pending.patience.try_seconds * pending.patience.tries
    words = f"no answer in {seconds:g} s (unreachable, or a wrong community)"
    return sdk.Outcome.TIMEOUT, f"{host}: {words}"
