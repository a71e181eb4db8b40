"""Open a WebSocket on a socket of our own: the handshake of RFC 6455, section 4.1."""

from __future__ import annotations

import asyncio
import base64
import re
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from netmon import sdk
from probes.bandwidth import frames
from probes.bandwidth.http_talk import answer, ask, request
from probes.bandwidth.place import Place, hang_up_at_once

_PATIENCE_SECONDS = 5.0
_ACCEPT = re.compile(rb"\r\nsec-websocket-accept:[ \t]*([^\r\n ]*)", re.IGNORECASE)


@asynccontextmanager
async def upgraded(place: Place, path: str, protocol: str) -> AsyncIterator[socket.socket]:
    """Give a socket on which frames come and go; SourceError with the server's reason where there is none."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            sock = await place.connect()
    except TimeoutError as error:
        raise sdk.SourceError(sdk.Outcome.TIMEOUT, f"{place.server} does not answer") from error
    try:
        await _shake_hands(sock, place, path, protocol)
        hang_up_at_once(sock)
        yield sock
        with suppress(OSError):
            sock.send(frames.client_frame(frames.CLOSE, b"", secrets.token_bytes(4)))
    finally:
        sock.close()


async def _shake_hands(sock: socket.socket, place: Place, path: str, protocol: str) -> None:
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    more = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Protocol": protocol,
    }
    folder = place.url.path.partition("?")[0].rstrip("/")
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await ask(sock, request(place, "GET", f"{folder}{path}", more=more))
            found = await answer(sock, place, 101)
    except TimeoutError as error:
        raise sdk.SourceError(sdk.Outcome.TIMEOUT, f"{place.server} does not answer") from error
    accept = _ACCEPT.search(found.header)
    if accept is None or accept[1].decode("ascii", "replace") != frames.accept_of(key):
        raise sdk.SourceError(sdk.Outcome.GARBLED, f"{place.server} speaks no WebSocket")
