"""The door to influxdb-client: session, authentication, TLS, version; its exceptions end here.

The library is imported on first use, in a thread: it costs 16 MB beside aiohttp and a quarter of a
second, which a daemon without InfluxDB need not pay and a starting one need not wait for. Its WriteApi
is not used: it drops what a server refuses for longer than three minutes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Self

from netmon.delivery.connection_watch import KEPT_SECONDS, ConnectionWatch
from netmon.delivery.influx_answers import Dialect, dialect, failure
from netmon.delivery.influx_settings import InfluxSettings
from netmon.delivery.tls import tls_context
from netmon.errors import Parked, Unreachable

if TYPE_CHECKING:
    import ssl

    import aiohttp
    from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync

Parameters = Sequence[tuple[str, str]]
_TEXT = "text/plain; charset=utf-8"
_ANSWER_BYTES = 65_536
"""Longest answer to a write: a web page of a captive portal, or worse, may go on for ever."""
QUERY_BYTES = 32 * 2**20
"""Longest answer to a query: counts and sums of an hour of some ten thousand series."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class InfluxSession:
    """One connection pool to one server, opened by its first request."""

    def __init__(self, settings: InfluxSettings) -> None:
        self._settings = settings
        self._client: InfluxDBClientAsync | None = None
        self._dialect: Dialect | None = None
        self._watch = ConnectionWatch()

    @property
    def hung_up(self) -> bool:
        """Tell whether the server ended the connection without a word: it may have crashed."""
        return self._watch.hung_up

    async def write(self, body: bytes, *, compressed: bool) -> None:
        """Write line protocol with times in ms; raises DeliveryErrors as `Sink.send` does."""
        spoken = self._dialect = self._dialect or dialect(await self.version(), self._settings)
        path, parameters = _write_request(spoken, self._settings)
        headers = {"Content-Type": _TEXT} | ({"Content-Encoding": "gzip"} if compressed else {})
        answer = await self.call("POST", path, parameters, headers, body)
        if answer.status != 204:
            if answer.status == 404:
                # Perhaps another server stands there now: ask it again who it is.
                self._dialect = None
            raise failure(answer.status, answer.headers, answer.body)
        self._watch.took()
        if self._watch.began_anew:
            # InfluxDB syncs before it answers; VictoriaMetrics, which takes its protocol, does not.
            raise Unreachable("the connection ended without a word: the server may have started anew")

    async def version(self) -> str:
        """Return what the server calls its version; "unknown" for one that is only compatible."""
        answer = await self.call("GET", "/ping")
        if answer.status >= 300:
            raise failure(answer.status, answer.headers, answer.body)
        return answer.headers.get("X-Influxdb-Version", "unknown")

    async def call(
        self,
        method: str,
        path: str,
        parameters: Parameters = (),
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        most_bytes: int = _ANSWER_BYTES,
    ) -> Answer:
        """Ask the server anything; Unreachable when it does not answer, Parked when it cannot be trusted.

        An answer of more than `most_bytes` is none of an InfluxDB: Parked.
        """
        client = self._client or await self._open()
        self._watch.asking()
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                request = _Request(method, path, parameters, dict(headers or {}), body)
                answer = await _call(client, request, most_bytes)
                self._watch.answered(answer.headers)
                return answer
        except TimeoutError as error:
            raise Unreachable(f"no answer in {self._settings.timeout_seconds:g} s") from error

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()  # type: ignore[no-untyped-call] # the library is half typed

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _open(self) -> InfluxDBClientAsync:
        await asyncio.to_thread(import_module, "influxdb_client.client.influxdb_client_async")
        from influxdb_client.client.influxdb_client_async import (  # noqa: PLC0415 - see the module's text
            InfluxDBClientAsync,
        )

        settings = self._settings
        basic = bool(settings.username)
        context = await asyncio.to_thread(tls_context, settings.url, settings.ca_file)
        self._client = InfluxDBClientAsync(
            settings.url,
            token=f"{settings.username}:{settings.password}" if basic else settings.token,
            auth_basic=basic,
            timeout=round(settings.timeout_seconds * 1000),
            ssl_context=context,
            client_session_type=partial(_watched, self._watch, context),
            allow_redirects=False,  # a redirect would carry the token to somebody else
            connection_pool_maxsize=1,
        )
        return self._client


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked."""

    method: str
    path: str
    parameters: Parameters
    headers: dict[str, str]
    body: bytes | None


def _watched(
    watch: ConnectionWatch,
    context: ssl.SSLContext | None,
    *,
    connector: object,
    timeout: aiohttp.ClientTimeout,
    trace_configs: list[aiohttp.TraceConfig] | None,
) -> aiohttp.ClientSession:
    """Return the library's session, over sockets that are watched."""
    import aiohttp  # noqa: PLC0415 - see the module's text

    del connector
    own = aiohttp.TCPConnector(
        limit=1, ssl=context or True, keepalive_timeout=KEPT_SECONDS, socket_factory=watch.socket
    )
    return aiohttp.ClientSession(connector=own, timeout=timeout, trace_configs=trace_configs)


async def _call(client: InfluxDBClientAsync, request: _Request, most_bytes: int) -> Answer:
    """Translate one call of the library, and every way in which it fails."""
    import aiohttp  # noqa: PLC0415 - see the module's text
    from influxdb_client.rest import ApiException  # noqa: PLC0415

    try:
        response = await client.api_client.call_api(  # type: ignore[no-untyped-call] # the library is half typed
            request.path,
            request.method,
            query_params=list(request.parameters),
            header_params=request.headers,
            body=request.body,
            auth_settings=[],
            async_req=False,
            _preload_content=False,  # it would read whatever comes, for as long as something comes
        )
        async with response:
            return Answer(response.status, response.headers, await _body(response, most_bytes))
    except ApiException as error:
        return Answer(error.status, error.headers or {}, error.body or b"")
    except TimeoutError:
        raise
    except aiohttp.ClientSSLError as error:
        raise Parked(f"TLS: {error}") from error
    except aiohttp.InvalidURL as error:
        raise Parked(f"{error} is no address of a server") from error
    except (aiohttp.ClientError, OSError) as error:
        raise Unreachable(str(error) or type(error).__name__) from error


async def _body(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    try:
        await response.content.readexactly(most_bytes)
    except asyncio.IncompleteReadError as error:
        return error.partial
    response.close()
    raise Parked(f"{response.status}, and an answer that does not end: this is no InfluxDB")


def _write_request(spoken: Dialect, settings: InfluxSettings) -> tuple[str, Parameters]:
    # The precision is always said: version 3 would guess it from the size of the number.
    if spoken is Dialect.V1:
        return "/write", [("db", settings.destination), ("precision", "ms")]
    organization = [("org", settings.organization)] if settings.organization else []
    return "/api/v2/write", [*organization, ("bucket", settings.destination), ("precision", "ms")]
