"""One HTTP/1.1 request and its response on a stream of our own; the one door for h11."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import h11

from netmon import sdk
from probes.stream import Stream
from probes.timestamping import RoundTrip
from probes.tls_stream import TlsStream

# What a response may need beside its body: header lines, chunk sizes, TLS records.
_MAX_HEADER_BYTES = 65_536
_MAX_OVERHEAD_RATIO = 2

Header = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask: method, path with query, and header lines (Host among them)."""

    method: str
    path: str
    headers: Sequence[Header]


@dataclass(slots=True)
class Response:
    """What was answered. The body is as transferred, never decompressed, and cut at the caller's limit."""

    status: int
    version: str
    headers: Sequence[tuple[bytes, bytes]]
    first_byte: RoundTrip | None
    body: bytearray = field(default_factory=bytearray)
    complete: bool = False

    def header(self, name: bytes) -> str:
        """Return the first header of that (lower-case) name, cleaned; empty when there is none."""
        return next((sdk.clean(value) for found, value in self.headers if found == name), "")


class Exchange:
    """Asks once, then reads the answer: `head()` up to the body, `finish()` the body."""

    def __init__(self, stream: Stream | TlsStream, max_body_bytes: int) -> None:
        self._stream = stream
        self._max_body_bytes = max_body_bytes
        self._max_received_bytes = (
            stream.received_bytes + _MAX_HEADER_BYTES + _MAX_OVERHEAD_RATIO * max_body_bytes
        )
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEADER_BYTES)
        self._first_byte: RoundTrip | None = None

    async def head(self, request: Request) -> Response:
        """Send the request and return the response without its body; GARBLED when it is none."""
        try:
            message = h11.Request(method=request.method, target=request.path, headers=list(request.headers))
            packet = (self._connection.send(message) or b"") + (
                self._connection.send(h11.EndOfMessage()) or b""
            )
        except h11.LocalProtocolError as error:
            raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, f"the request cannot be sent: {error}") from error
        await self._stream.send(packet)
        while True:
            event = await self._event()
            if isinstance(event, h11.Response):
                version = event.http_version.decode("ascii")
                return Response(event.status_code, version, list(event.headers), self._first_byte)
            if not isinstance(event, h11.InformationalResponse):
                raise sdk.SourceError(sdk.Outcome.GARBLED, "the connection was closed before an answer")

    async def finish(self, response: Response) -> None:
        """Read the body, up to the limit; `complete` says whether it ended before."""
        while len(response.body) <= self._max_body_bytes:
            event = await self._event()
            if not isinstance(event, h11.Data):
                response.complete = True
                return
            response.body += event.data
        del response.body[self._max_body_bytes :]

    async def _event(self) -> object:
        while True:
            try:
                event = self._connection.next_event()
            except h11.RemoteProtocolError as error:
                raise sdk.SourceError(sdk.Outcome.GARBLED, f"HTTP: {sdk.clean(str(error))}") from error
            if event is not h11.NEED_DATA:
                return event
            if self._stream.received_bytes > self._max_received_bytes:
                raise sdk.SourceError(sdk.Outcome.GARBLED, "HTTP: far more overhead than content")
            data = await self._stream.receive()
            if self._first_byte is None:
                self._first_byte = self._stream.round_trip()
            self._feed(data)

    def _feed(self, data: bytes) -> None:
        try:
            self._connection.receive_data(data)
        except h11.RemoteProtocolError as error:
            raise sdk.SourceError(sdk.Outcome.GARBLED, f"HTTP: {sdk.clean(str(error))}") from error
