"""STAMP requests: one stamped socket per family for all reflectors."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence
from typing import Protocol

from netmon import sdk
from probes.error_queue import NetworkError
from probes.stamp_packet import reply_identity, request_identity
from probes.stamped_socket import Address, Datagram, StampedSocket
from probes.timestamping import Ancillary, Departure

_MAX_PENDING = 1 << 14
# The kernel has the stamps: a train's packets are read in a few wake-ups, not in two for each.
_PAUSE_SECONDS = 0.1
_Key = tuple[Address, bytes]


class Listener(Protocol):
    """Whoever sent a request, and wants to hear of it."""

    def replied(self, datagram: Datagram) -> None:
        """Take a reply, or a copy of one."""

    def refused(self, error: NetworkError) -> None:
        """Take an ICMP error."""


class SenderSocket:
    """A UDP socket of one family; a reply counts when its sender and identity are those of a request."""

    def __init__(self, family: socket.AddressFamily, clock: sdk.Clock) -> None:
        self.family = family
        self._listeners: dict[_Key, Listener] = {}
        self._socket = StampedSocket(
            socket.socket(family, socket.SOCK_DGRAM), clock, self._received, self._failed, _PAUSE_SECONDS
        )
        self.strangers_total = 0
        """Datagrams that answer no request, or come too late."""

    def send(
        self, request: bytes, to: Address, listener: Listener, ancillary: Sequence[Ancillary] = ()
    ) -> Departure:
        """Send a request; its listener hears of it until forget(). SourceError when it cannot be sent."""
        if len(self._listeners) >= _MAX_PENDING:
            raise sdk.SourceError(sdk.Outcome.BUSY, f"{_MAX_PENDING} requests are waiting already")
        departure = self._socket.send(request, to, ancillary)
        self._listeners[to, request_identity(request)] = listener
        return departure

    def forget(self, request: bytes, to: Address) -> None:
        """Stop waiting for replies to a request."""
        self._listeners.pop((to, request_identity(request)), None)

    def drain(self) -> None:
        """Hand over everything that has come so far."""
        self._socket.drain()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _received(self, datagram: Datagram) -> None:
        source = (datagram.address, datagram.port)
        listener = self._listeners.get((source, reply_identity(datagram.data)))
        if listener is None:
            self.strangers_total += 1
        else:
            listener.replied(datagram)

    def _failed(self, error: NetworkError) -> None:
        listener = self._listeners.get(((error.address, error.port), request_identity(error.quoted)))
        if listener is not None:
            listener.refused(error)


class SenderSockets:
    """The daemon's sockets for STAMP, one per family."""

    def __init__(self, by_version: dict[int, SenderSocket]) -> None:
        self._by_version = by_version

    @classmethod
    async def open(cls, clock: sdk.Clock) -> SenderSockets:
        """Open what this host has."""
        found = {4: SenderSocket(socket.AF_INET, clock)}
        with contextlib.suppress(OSError):
            found[6] = SenderSocket(socket.AF_INET6, clock)
        return cls(found)

    def of(self, version: int) -> SenderSocket:
        """Return the socket of IP version 4 or 6; SourceError where the host does not have the family."""
        if version not in self._by_version:
            raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, f"this host has no IPv{version}")
        return self._by_version[version]

    async def close(self) -> None:
        """Close them."""
        for sender in self._by_version.values():
            sender.close()
