"""The door to aiohttp's client: sessions whose connections leave by a circuit, to an address we know."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from netmon import sdk
from probes.bandwidth.ndt7_message import parse_object
from probes.bandwidth.place import Place
from probes.binding import bind
from probes.error_queue import failure

LARGEST_MESSAGE_BYTES = 1 << 24
_CLOSE_SECONDS = 0.5
_LARGEST_TEXT = 65_536
_TURNS_TO_CLOSE = 4

WebSocket = aiohttp.ClientWebSocketResponse[Any]


class _Known(AbstractResolver):
    """Answers with the address that was found already."""

    def __init__(self, place: Place) -> None:
        self._place = place

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        del family
        return [
            ResolveResult(
                hostname=host,
                host=self._place.resolved.address,
                port=port,
                family=self._place.family,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        """There is nothing to close."""


@asynccontextmanager
async def web_socket(
    place: Place, path: str, protocol: str, tls: ssl.SSLContext | None, query: Mapping[str, str]
) -> AsyncIterator[WebSocket]:
    """Open a WebSocket; SourceError with the server's or the network's reason when that fails."""

    def bound(address: aiohttp.AddrInfoType) -> socket.socket:
        sock = socket.socket(address[0], address[1], address[2])
        try:
            bind(sock, place.circuit)
        except BaseException:
            sock.close()
            raise
        return sock

    connector = aiohttp.TCPConnector(
        resolver=_Known(place), socket_factory=bound, ssl=tls if tls is not None else True, force_close=True
    )
    stay = aiohttp.TraceConfig()
    stay.on_request_redirect.append(_refuse_redirect)
    url = place.url
    async with aiohttp.ClientSession(
        connector=connector, headers=place.headers, trace_configs=[stay]
    ) as session:
        try:
            ws = await session.ws_connect(
                f"{url.scheme}://{url.authority}{url.path.partition('?')[0].rstrip('/')}{path}",
                params=query,
                protocols=(protocol,),
                max_msg_size=LARGEST_MESSAGE_BYTES,
                timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_SECONDS),
            )
        except (aiohttp.ClientError, OSError) as error:
            raise _refusal(error, place) from error
        try:
            yield ws
        finally:
            await _end(ws)


async def _refuse_redirect(
    _session: aiohttp.ClientSession, _context: object, redirect: aiohttp.TraceRequestRedirectParams
) -> None:
    """Go nowhere else: another machine is not the one that is to be measured, nor may it see the token."""
    raise aiohttp.ClientError(f"it sends us elsewhere ({redirect.response.status}): name the server itself")


async def _end(ws: WebSocket) -> None:
    """Say goodbye, and drop what was written and not sent: nobody counts it any more."""
    sock = ws.get_extra_info("socket")
    await ws.close()
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        for _ in range(_TURNS_TO_CLOSE):
            await asyncio.sleep(0)


def text_of(message: aiohttp.WSMessage, most_bytes: int = _LARGEST_TEXT) -> Mapping[str, sdk.Json] | None:
    """Return the JSON object of a text message; None for another kind, or what is none."""
    if message.type is not aiohttp.WSMsgType.TEXT or len(message.data) > most_bytes:
        return None
    return parse_object(message.data)


def socket_of(ws: WebSocket) -> socket.socket:
    """Return the connection's socket, to ask the kernel about it."""
    found: socket.socket | None = ws.get_extra_info("socket")
    if found is None:
        raise sdk.SourceError(sdk.Outcome.GARBLED, "the connection was lost as soon as it was there")
    return found


def _refusal(error: aiohttp.ClientError | OSError, place: Place) -> sdk.SourceError:
    if isinstance(error, aiohttp.WSServerHandshakeError):
        outcome = {401: sdk.Outcome.DENIED, 403: sdk.Outcome.DENIED, 429: sdk.Outcome.BUSY}.get(
            error.status, sdk.Outcome.BUSY if error.status == 503 else sdk.Outcome.REJECTED
        )
        reason = sdk.clean(error.headers.get("Netmon-Reason", "")) if error.headers else ""
        said = f": {reason}" if reason else ""
        return sdk.SourceError(outcome, f"{place.server} answers {error.status}{said}")
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return sdk.SourceError(sdk.Outcome.REJECTED, f"{place.server}: {sdk.clean(str(error))}")
    if isinstance(error, OSError):
        return failure(error, place.server)
    return sdk.SourceError(sdk.Outcome.GARBLED, f"{place.server}: {sdk.clean(str(error))}")
