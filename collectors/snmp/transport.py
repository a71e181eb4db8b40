"""One UDP socket per address family for all devices: requests out, each matched with its own reply.

A reply counts when its source address (unless the device's owner allowed another one), its random
request-id, its PDU type, its version and its credential are those of the request. Everything else is
counted and dropped, so that spoofed, late and duplicate replies never reach a reading.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from dataclasses import dataclass

from collectors.snmp.ber import BerError
from collectors.snmp.envelope import SendAgain
from collectors.snmp.exchange import Exchange
from collectors.snmp.identity import Identities
from collectors.snmp.limits import MOST_WAITING, Limits
from collectors.snmp.message import message_id
from collectors.snmp.udp import complaints, open_socket
from netmon import sdk

_MAX_DATAGRAM_BYTES = 65_535
_BURST = 64
"""Datagrams taken in one turn of the event loop, so that a flood leaves the others their turn."""
_BURSTS_BEFORE_TIMEOUTS = 16
_MOST_RESEALED = 4
_TICK_SECONDS = 0.02
"""How often timeouts are looked at: one timer for all requests under way."""


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
    """Right source and id, but another version, credential or PDU type."""
    garbled: int = 0
    complaints: int = 0
    """ICMP errors about our datagrams."""
    held_back: int = 0
    """How often a request had to wait because of a limit on packets per second."""


class Transport:
    """The sockets, opened when first needed, and the requests under way."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.counters = TransportCounters()
        self._sockets: dict[socket.AddressFamily, socket.socket] = {}
        self._pending: dict[int, Exchange] = {}
        self._held: deque[tuple[Exchange, int]] = deque()
        self._outbox: list[tuple[Exchange, int]] = []
        self._identities = Identities()
        self._allowance = (limits or Limits()).for_all()
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, exchange: Exchange) -> None:
        """Send the exchange's request under a new id, and again until a reply comes or it fails."""
        pending = self._pending
        request_id = exchange.request_id = self._identities.new(pending)
        exchange.tries = exchange.strange = exchange.resealed = 0
        pending[request_id] = exchange
        self._try(exchange)
        if self._timer is None and self._loop is not None:
            self._timer = self._loop.call_later(_TICK_SECONDS, self._tick)

    def drop(self, exchange: Exchange) -> None:
        """Forget a request; its reply will be late."""
        if self._pending.pop(exchange.request_id, None) is not None:
            self._identities.ended(exchange.request_id)

    def close(self) -> None:
        """Close the sockets and end all requests."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for sock in self._sockets.values():
            if self._loop is not None:
                self._loop.remove_reader(sock)
            sock.close()
        self._sockets.clear()
        for exchange in tuple(self._pending.values()):
            self._fail(exchange, sdk.SourceError(sdk.Outcome.TIMEOUT, "netmon is stopping"))

    def _fail(self, exchange: Exchange, error: sdk.SourceError) -> None:
        self.drop(exchange)
        exchange.fail(error)

    def _try(self, exchange: Exchange) -> None:
        """Send when the limits allow it, else keep the request until they do."""
        loop = self._loop = self._loop or asyncio.get_running_loop()
        now = loop.time()
        if not (exchange.line.allowance.take(now) and self._allowance.take(now)):
            self._hold(exchange)
            return
        due_at, ends_at = now + exchange.patience.try_seconds, exchange.ends_at
        exchange.sent_at = now
        exchange.due_at = min(due_at, ends_at)
        self.counters.sent += 1
        if exchange.tries:
            self.counters.resent += 1
        exchange.tries += 1
        if not self._outbox:
            loop.call_soon(self._flush)
        self._outbox.append((exchange, exchange.request_id))

    def _hold(self, exchange: Exchange) -> None:
        if len(self._held) >= MOST_WAITING:
            words = "too many SNMP requests wait for their turn"
            self._fail(exchange, sdk.SourceError(sdk.Outcome.BUSY, words))
            return
        self.counters.held_back += 1
        exchange.due_at = exchange.ends_at
        self._held.append((exchange, exchange.request_id))

    def _flush(self) -> None:
        """Send all that this turn of the loop wants sent: receivers are woken once, not for each packet."""
        outbox, self._outbox = self._outbox, []
        for exchange, request_id in outbox:
            if self._pending.get(request_id) is exchange:
                self._send(exchange)

    def _send(self, exchange: Exchange) -> None:
        peer = exchange.peer
        try:
            datagram = exchange.envelope.seal(exchange.request, exchange.request_id)
            sock = self._sockets.get(peer.family) or self._open(peer.family)
            try:
                sock.sendto(datagram, peer.place)
            except ConnectionRefusedError:
                # The kernel hands an earlier datagram's ICMP error to whoever sends next.
                self._read_complaints(sock)
                sock.sendto(datagram, peer.place)
        except BlockingIOError:
            return  # the send buffer is full: as good as lost on the way, and tried again like that
        except OSError as error:
            words = f"cannot send to {peer.place[0]}: {error.strerror}"
            self._fail(exchange, sdk.SourceError(sdk.Outcome.UNREACHABLE, words))

    def _tick(self) -> None:
        """Send what had to wait, and go on where nothing came in time."""
        self._timer = None
        if self._loop is None or not (self._pending or self._held):
            return
        # What has come already is no silence, however long the event loop was busy elsewhere.
        for sock in tuple(self._sockets.values()):
            for _ in range(_BURSTS_BEFORE_TIMEOUTS):
                if not self._readable(sock):
                    break
        held, self._held = self._held, deque()
        for exchange, request_id in held:
            if self._pending.get(request_id) is exchange:
                self._try(exchange)
        now = self._loop.time()
        for exchange in [waiting for waiting in self._pending.values() if waiting.due_at <= now]:
            if exchange.tries < exchange.patience.tries and now < exchange.ends_at:
                self._try(exchange)
            else:
                self._fail(exchange, exchange.silence())
        self._timer = self._loop.call_later(_TICK_SECONDS, self._tick)

    def _open(self, family: socket.AddressFamily) -> socket.socket:
        sock = self._sockets[family] = open_socket(family)
        asyncio.get_running_loop().add_reader(sock, self._readable, sock)
        return sock

    def _readable(self, sock: socket.socket) -> bool:
        """Take what has come; True when there may be more."""
        receive = sock.recvfrom
        for taken in range(_BURST):
            try:
                datagram, source = receive(_MAX_DATAGRAM_BYTES)
            except BlockingIOError:
                if not taken:
                    self._read_complaints(sock)
                return False
            except OSError:
                self._read_complaints(sock)
                continue
            self._receive(datagram, source)
        return True

    def _receive(self, datagram: bytes, source: tuple[str, int]) -> None:
        counters = self.counters
        counters.received += 1
        try:
            request_id = message_id(datagram)
            exchange = self._pending.get(request_id)
            if exchange is None:
                ended = self._identities.remembers(request_id)
                counters.late += ended
                counters.unknown_id += not ended
            elif source != exchange.peer.place and not exchange.peer.sent(source):
                counters.bad_source += 1
            else:
                self._deliver(exchange, request_id, datagram)
        except BerError:
            counters.garbled += 1
            self._blame(source)

    def _deliver(self, exchange: Exchange, request_id: int, datagram: bytes) -> None:
        try:
            body = exchange.envelope.open(datagram)
        except SendAgain:
            exchange.resealed += 1
            if exchange.resealed <= _MOST_RESEALED:
                self._send(exchange)
            return
        except sdk.SourceError as error:
            self._fail(exchange, error)
            return
        if body is not None and exchange.take(body):
            # A taker may have started its next request already: what ended is the one under this id.
            del self._pending[request_id]
            self._identities.ended(request_id)
        else:
            self.counters.mismatched += 1
            exchange.strange += 1

    def _blame(self, source: tuple[str, int]) -> None:
        """Note rubbish with those who wait for its sender; it decides only what a silence is called."""
        for exchange in self._pending.values():
            exchange.strange += source[:2] == exchange.peer.place

    def _read_complaints(self, sock: socket.socket) -> None:
        for complaint in complaints(sock):
            self.counters.complaints += 1
            try:
                exchange = self._pending.get(message_id(complaint.datagram))
            except BerError:
                continue
            if exchange is not None:
                outcome = sdk.Outcome.REFUSED if complaint.refused else sdk.Outcome.UNREACHABLE
                words = f"{exchange.peer.place[0]}: {_ICMP_WORDS[complaint.refused]}"
                self._fail(exchange, sdk.SourceError(outcome, words))


_ICMP_WORDS = ("ICMP says that the address cannot be reached", "no SNMP agent listens on the port (ICMP)")
