"""The door to aiohttp for remote-write: session, authentication, TLS; its exceptions end here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib.metadata import version
from typing import Self

import aiohttp

from netmon.delivery.connection_watch import KEPT_SECONDS, ConnectionWatch
from netmon.delivery.remote_write_answers import failure
from netmon.delivery.remote_write_settings import RemoteWriteSettings
from netmon.delivery.tls import tls_context
from netmon.errors import Parked, RetryLater, Unreachable

_HEADERS: Mapping[str, str] = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
_ANSWER_BYTES = 16_384
_QUERY_BYTES = 512 * 2**20


class RemoteWriteSession:
    """One connection to one receiver, opened by its first request."""

    def __init__(self, settings: RemoteWriteSettings) -> None:
        self._settings = settings
        self._client: aiohttp.ClientSession | None = None
        self._watch = ConnectionWatch()

    @property
    def hung_up(self) -> bool:
        """Tell whether the server ended the connection without a word: it may have crashed."""
        return self._watch.hung_up

    async def write(self, body: bytes) -> None:
        """Post a compressed WriteRequest; raises DeliveryErrors as `Sink.send` does.

        Unreachable also when it was taken over a new connection and nobody had ended the one before: the
        server may have crashed between two requests, and forgotten what it had acknowledged.
        """
        status, headers, answer = await self._call("POST", self._settings.url, _HEADERS, body, _ANSWER_BYTES)
        error = failure(status, headers, answer)
        if error is not None:
            raise error
        self._watch.took()
        if self._watch.began_anew:
            raise Unreachable("the connection ended without a word: the server may have started anew")

    async def query(self, promql: str, time_seconds: float) -> bytes:
        """Return the JSON answer to an instant query; DeliveryError when there is none."""
        if not self._settings.query_base:
            raise Parked("where its query API is cannot be told from `url`: set query_url")
        url = f"{self._settings.query_base}/api/v1/query"
        form = aiohttp.FormData({"query": promql, "time": f"{time_seconds:.3f}"})
        status, headers, answer = await self._call("POST", url, {}, form, _QUERY_BYTES)
        if status != 200:
            raise failure(status, headers, answer) or RetryLater(f"{status} instead of 200")
        return answer

    async def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _call(
        self, method: str, url: str, headers: Mapping[str, str], body: object, most_bytes: int
    ) -> tuple[int, Mapping[str, str], bytes]:
        client = self._client or await self._open()
        timeout_seconds = self._settings.timeout_seconds
        self._watch.asking()
        try:
            async with (
                asyncio.timeout(timeout_seconds),
                # A redirect would carry the token to somebody else.
                client.request(method, url, headers=headers, data=body, allow_redirects=False) as response,
            ):
                answer = await _read(response, most_bytes)
                self._watch.answered(response.headers)
                return response.status, response.headers, answer
        except TimeoutError as error:
            raise Unreachable(f"no answer in {timeout_seconds:g} s") from error
        except aiohttp.ClientSSLError as error:
            raise Parked(f"TLS: {error}") from error
        except aiohttp.InvalidURL as error:
            raise Parked(f"{error} is no address of a server") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(str(error) or type(error).__name__) from error

    async def _open(self) -> aiohttp.ClientSession:
        settings = self._settings
        context = await asyncio.to_thread(tls_context, settings.url, settings.ca_file)
        headers = {"User-Agent": f"netmon/{version('netmon-edge')}"}
        if settings.token:
            headers["Authorization"] = f"Bearer {settings.token}"
        elif settings.username:
            headers["Authorization"] = aiohttp.encode_basic_auth(
                settings.username, settings.password, "utf-8"
            )
        self._client = aiohttp.ClientSession(
            headers=headers,
            connector=aiohttp.TCPConnector(
                limit=1, ssl=context, keepalive_timeout=KEPT_SECONDS, socket_factory=self._watch.socket
            ),
            timeout=aiohttp.ClientTimeout(total=None),
        )
        return self._client


async def _read(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    """Return the body up to a size: an answer of any length may come."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) >= most_bytes:
            break
    return bytes(body[:most_bytes])
