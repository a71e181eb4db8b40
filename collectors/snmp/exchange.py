"""One request under way: to whom, how patiently, and what happens with its reply."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import NamedTuple

from collectors.snmp.envelope import Envelope
from collectors.snmp.limits import Allowance
from collectors.snmp.message import Header, Request
from collectors.snmp.peer import Patience, Peer
from netmon import sdk


class Line(NamedTuple):
    """The way to one device: where, in which envelope, at most how fast."""

    peer: Peer
    envelope: Envelope
    allowance: Allowance


class Reply(NamedTuple):
    """A reply that belongs to its request; its varbinds are not decoded yet."""

    body: bytes
    header: Header


class Exchange(ABC):
    """What the transport keeps of a request. Subclasses say what a reply means.

    One object may carry several requests, one after the other. All tries of a request carry one id, so
    that a slow reply to the first one is an answer; after the last one it is not.
    """

    __slots__ = (
        "due_at",
        "ends_at",
        "envelope",
        "line",
        "patience",
        "peer",
        "request",
        "request_id",
        "resealed",
        "round_trip_seconds",
        "sent_at",
        "strange",
        "tries",
    )

    def __init__(self, line: Line, request: Request, patience: Patience) -> None:
        self.line = line
        self.peer, self.envelope, _ = line
        self.request = request
        self.patience = patience
        self.request_id = 0
        self.tries = 0
        self.resealed = 0
        self.strange = 0
        """Replies that broke the protocol; they decide only what a silence is called."""
        self.sent_at = self.due_at = 0.0
        self.ends_at = float("inf")
        """When all requests must have ended (the event loop's seconds)."""
        self.round_trip_seconds: float | None = None

    @abstractmethod
    def take(self, body: bytes) -> bool:
        """Take a reply from the right source with the right id; False when it is none, BerError too."""

    @abstractmethod
    def fail(self, error: sdk.SourceError) -> None:
        """End without a reply."""

    def measure(self) -> None:
        """Note the round trip, unless a retry leaves open which of the requests was answered."""
        if self.tries == 1:
            self.round_trip_seconds = asyncio.get_running_loop().time() - self.sent_at

    def own_header(self, body: bytes) -> Header | None:
        """Return the header of a reply to this very request, strictly decoded; BerError when broken."""
        header = self.envelope.header(body)
        return header if header is not None and header.request_id == self.request_id else None

    def silence(self) -> sdk.SourceError:
        """Return the error for a request that stayed without a usable reply."""
        host = self.peer.place[0]
        if self.strange:
            words = f"{host}: no good reply, but {self.strange} that break the protocol"
            return sdk.SourceError(sdk.Outcome.GARBLED, words)
        seconds = self.patience.try_seconds * self.patience.tries
        words = f"{host}: no answer in {seconds:.3g} s (unreachable, or a wrong community)"
        return sdk.SourceError(sdk.Outcome.TIMEOUT, words)


class Question(Exchange):
    """A single request whose reply is awaited."""

    __slots__ = ("answer",)

    def __init__(self, line: Line, request: Request, patience: Patience) -> None:
        super().__init__(line, request, patience)
        self.answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

    def take(self, body: bytes) -> bool:
        """Hand over the first reply that is our own."""
        header = self.own_header(body)
        if header is None:
            return False
        self.measure()
        if not self.answer.done():
            self.answer.set_result(Reply(body, header))
        return True

    def fail(self, error: sdk.SourceError) -> None:
        """Hand over the error."""
        if not self.answer.done():
            self.answer.set_exception(error)
