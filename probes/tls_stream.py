"""TLS over a stamped stream: the library works on memory, the bytes come and go by our own socket."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from netmon import sdk
from probes.stream import Stream
from probes.timestamping import RoundTrip

T = TypeVar("T")

_READ_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom to believe: the system's authorities, those of one file, or anybody (`verify` false)."""

    verify: bool = True
    ca_file: str = ""

    def context(self) -> ssl.SSLContext:
        """Return an SSL context; UsageError when the file cannot be used."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file or None)
        except (OSError, ssl.SSLError) as error:
            raise sdk.UsageError(f"ca_file {self.ca_file!r} cannot be used: {error}") from error
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


class TlsStream:
    """The same as a Stream, encrypted. Its round trip ends with the bytes that held the answer."""

    def __init__(
        self, stream: Stream, tls: ssl.SSLObject, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO
    ) -> None:
        self._stream = stream
        self._tls = tls
        self._incoming = incoming
        self._outgoing = outgoing

    @property
    def received_bytes(self) -> int:
        """Bytes that came over the wire, TLS included."""
        return self._stream.received_bytes

    @property
    def tls(self) -> ssl.SSLObject:
        """The library's side, to ask it about what was agreed on."""
        return self._tls

    async def send(self, data: bytes) -> None:
        """Encrypt and send all of it."""
        self._tls.write(data)
        await self._flush()

    async def receive(self) -> bytes:
        """Return what has come, decrypted; nothing when the far end has closed."""
        try:
            return await self._until_done(lambda: self._tls.read(_READ_BYTES))
        except ssl.SSLZeroReturnError:
            return b""
        except ssl.SSLEOFError:
            # Closed without the TLS good-bye; whether something is missing, the layer above knows.
            return b""
        except ssl.SSLError as error:
            raise sdk.SourceError(sdk.Outcome.GARBLED, f"TLS: {_reason(error)}") from error

    async def handshake(self) -> None:
        """Shake hands; REJECTED for a certificate that is not to be trusted, GARBLED for all else."""
        try:
            await self._until_done(self._tls.do_handshake)
            await self._flush()
        except ssl.SSLCertVerificationError as error:
            raise sdk.SourceError(sdk.Outcome.REJECTED, f"certificate: {error.verify_message}") from error
        except ssl.SSLError as error:
            raise sdk.SourceError(sdk.Outcome.GARBLED, f"TLS handshake: {_reason(error)}") from error

    def round_trip(self) -> RoundTrip | None:
        """Return the time from the last send to the last receive."""
        return self._stream.round_trip()

    def close(self) -> None:
        """Close at once."""
        self._stream.close()

    async def _until_done(self, step: Callable[[], T]) -> T:
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                await self._flush()
                data = await self._stream.receive()
            if data:
                self._incoming.write(data)
            else:
                self._incoming.write_eof()

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._stream.send(self._outgoing.read())


async def start_tls(stream: Stream, context: ssl.SSLContext, server_name: str) -> TlsStream:
    """Turn a connected stream into an encrypted one."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=server_name)
    encrypted = TlsStream(stream, tls, incoming, outgoing)
    await encrypted.handshake()
    return encrypted


def _reason(error: ssl.SSLError) -> str:
    return sdk.clean(error.reason or type(error).__name__).replace("_", " ").lower()
