"""One question, one answer by UDP, on a stamped socket per family for all targets of a protocol."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from netmon import sdk
from probes.error_queue import NetworkError
from probes.stamped_socket import Address, Datagram, StampedSocket
from probes.timestamping import Ancillary, Arrival, Departure, RoundTrip, round_trip

_MAX_PENDING = 4096


@dataclass(frozen=True, slots=True)
class Reply:
    """What came for a question (not decoded yet), and the moments it left and came."""

    data: bytes
    departure: Departure
    arrival: Arrival

    @property
    def round_trip(self) -> RoundTrip:
        """Return the time between the two."""
        return round_trip(self.departure, self.arrival)


@dataclass(frozen=True, slots=True)
class Token:
    """Where a protocol has what tells questions apart: in a question, and in its answer."""

    asked: slice
    answered: slice


class QuerySocket:
    """A UDP socket of one family; an answer counts when its sender and its token are those of a question."""

    def __init__(self, family: socket.AddressFamily, clock: sdk.Clock, token: Token) -> None:
        self._pending: dict[tuple[Address, bytes], asyncio.Future[Datagram | NetworkError]] = {}
        self._token = token
        self._socket = StampedSocket(
            socket.socket(family, socket.SOCK_DGRAM), clock, self._received, self._failed
        )
        self.strangers_total = 0
        """Datagrams from others, with another token, or too late."""

    def waits_for(self, to: Address, token: bytes) -> bool:
        """Tell whether a question with that token is waiting for that server."""
        return (to, token) in self._pending

    async def ask(
        self,
        to: Address,
        question: bytes,
        wait_seconds: float,
        ancillary: Sequence[Ancillary] = (),
    ) -> Reply | None:
        """Send a question and wait for its answer; None when none comes, SourceError when it is refused."""
        if len(self._pending) >= _MAX_PENDING:
            raise sdk.SourceError(sdk.Outcome.BUSY, f"{_MAX_PENDING} questions are waiting already")
        key = (to, question[self._token.asked])
        self._pending[key] = answered = asyncio.get_running_loop().create_future()
        try:
            sent = self._socket.send(question, to, ancillary)
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
        return Reply(found.data, sent, found.arrival)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _received(self, datagram: Datagram) -> None:
        key = ((datagram.address, datagram.port), datagram.data[self._token.answered])
        self._answer(self._pending.get(key), datagram)

    def _failed(self, error: NetworkError) -> None:
        address = (error.address, error.port)
        # Routers may quote no more than the UDP header (RFC 792): then it is about whoever is waiting.
        found = self._pending.get((address, error.quoted[self._token.asked]))
        if found is None and not error.quoted:
            found = next((waiting for (to, _), waiting in self._pending.items() if to == address), None)
        self._answer(found, error)

    def _answer(
        self, waiting: asyncio.Future[Datagram | NetworkError] | None, found: Datagram | NetworkError
    ) -> None:
        if waiting is None or waiting.done():
            self.strangers_total += 1
        else:
            waiting.set_result(found)


class QuerySockets:
    """The daemon's sockets of one protocol, one per family. A subclass says where its token stands."""

    token: ClassVar[Token]

    def __init__(self, by_version: dict[int, QuerySocket]) -> None:
        self._by_version = by_version

    @classmethod
    async def open(cls, clock: sdk.Clock) -> Self:
        """Open what this host has."""
        found = {4: QuerySocket(socket.AF_INET, clock, cls.token)}
        with contextlib.suppress(OSError):
            found[6] = QuerySocket(socket.AF_INET6, clock, cls.token)
        return cls(found)

    def of(self, version: int) -> QuerySocket:
        """Return the socket of IP version 4 or 6; SourceError where the host does not have the family."""
        if version not in self._by_version:
            raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, f"this host has no IPv{version}")
        return self._by_version[version]

    async def close(self) -> None:
        """Close them."""
        for query_socket in self._by_version.values():
            query_socket.close()
