"""DNS queries over UDP: one stamped socket per family for all resolvers."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from netmon import sdk
from probes.dns_message import Question, encode_query
from probes.error_queue import NetworkError
from probes.stamped_socket import Address, Datagram, StampedSocket
from probes.timestamping import Ancillary, RoundTrip, round_trip

_MAX_PENDING = 4096


@dataclass(frozen=True, slots=True)
class Reply:
    """What came for a query (not decoded yet), and after how long."""

    data: bytes
    round_trip: RoundTrip


class DnsSocket:
    """A UDP socket of one family; an answer counts when its sender and its id are those of a query."""

    def __init__(self, family: socket.AddressFamily, clock: sdk.Clock) -> None:
        self._pending: dict[tuple[Address, bytes], asyncio.Future[Datagram | NetworkError]] = {}
        self._socket = StampedSocket(
            socket.socket(family, socket.SOCK_DGRAM), clock, self._received, self._failed
        )
        self.strangers_total = 0
        """Datagrams from others, with another id, or too late."""

    async def ask(
        self, to: Address, question: Question, wait_seconds: float, ancillary: Sequence[Ancillary] = ()
    ) -> Reply | None:
        """Send a query and wait for its answer; None when none comes, SourceError when it is refused."""
        identifier = self._free_identifier(to)
        loop = asyncio.get_running_loop()
        key = (to, identifier.to_bytes(2, "big"))
        self._pending[key] = answered = loop.create_future()
        try:
            sent = self._socket.send(encode_query(identifier, question), to, ancillary)
            await asyncio.wait([answered], timeout=wait_seconds)
            # While the loop was busy, the answer may have been waiting in the kernel.
            self._socket.drain()
        finally:
            self._pending.pop(key, None)
        if not answered.done():
            return None
        found = answered.result()
        if isinstance(found, NetworkError):
            raise sdk.SourceError(found.outcome, str(found))
        return Reply(found.data, round_trip(sent, found.arrival))

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _free_identifier(self, to: Address) -> int:
        if len(self._pending) >= _MAX_PENDING:
            raise sdk.SourceError(sdk.Outcome.BUSY, f"{_MAX_PENDING} queries are waiting already")
        while True:
            identifier = secrets.randbelow(1 << 16)
            if (to, identifier.to_bytes(2, "big")) not in self._pending:
                return identifier

    def _received(self, datagram: Datagram) -> None:
        self._answer((datagram.address, datagram.port), datagram.data, datagram)

    def _failed(self, error: NetworkError) -> None:
        self._answer((error.address, error.port), error.quoted, error)

    def _answer(self, source: Address, data: bytes, found: Datagram | NetworkError) -> None:
        waiting = self._pending.get((source, data[:2]))
        if waiting is None or waiting.done():
            self.strangers_total += 1
        else:
            waiting.set_result(found)


class DnsSockets:
    """The daemon's DNS sockets, one per family."""

    def __init__(self, by_version: dict[int, DnsSocket]) -> None:
        self._by_version = by_version

    @classmethod
    async def open(cls, clock: sdk.Clock) -> DnsSockets:
        """Open what this host has."""
        found = {4: DnsSocket(socket.AF_INET, clock)}
        with contextlib.suppress(OSError):
            found[6] = DnsSocket(socket.AF_INET6, clock)
        return cls(found)

    def of(self, version: int) -> DnsSocket:
        """Return the socket of IP version 4 or 6; SourceError where the host does not have the family."""
        if version not in self._by_version:
            raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, f"this host has no IPv{version}")
        return self._by_version[version]

    async def close(self) -> None:
        """Close them."""
        for dns_socket in self._by_version.values():
            dns_socket.close()
