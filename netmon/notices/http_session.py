"""The door to aiohttp for channels: one request within its deadline; the library's exceptions end here."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from urllib.parse import urlsplit

import aiohttp

from netmon.delivery.answers import by_status
from netmon.delivery.tls import tls_context
from netmon.errors import Parked, Rejected, Unreachable
from netmon.text import clean

_ANSWER_BYTES = 4096
_REFUSED_FOR_GOOD = frozenset({400, 422})


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """How to reach a server; the token is not part of the repr."""

    url: str
    token: str = field(default="", repr=False)
    ca_file: str = ""
    timeout_seconds: float = 10.0


class HttpSession:
    """One connection to one server, opened by its first request."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._client: aiohttp.ClientSession | None = None
        self.server_seconds: float | None = None
        """Unix time of the newest answer, as the server sees it; None: it did not say."""

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Post JSON and return when it was taken; DeliveryError otherwise."""
        client = self._client or await self._open()
        seconds = self._settings.timeout_seconds
        try:
            async with (
                asyncio.timeout(seconds),
                # A redirect would carry token and text to somebody else.
                client.post(
                    self._settings.url + path,
                    data=body,
                    headers={"Content-Type": "application/json", **headers},
                    allow_redirects=False,
                ) as response,
            ):
                status, answer = response.status, await response.content.read(_ANSWER_BYTES)
        except TimeoutError as error:
            raise Unreachable(f"no answer in {seconds:g} s") from error
        except aiohttp.ClientSSLError as error:
            raise Parked(f"TLS: {clean(str(error))}") from error
        except aiohttp.InvalidURL as error:
            raise Parked("this is no address of a server: is `url` right?") from error
        except aiohttp.ClientResponseError as error:
            # In its own words it tells the whole address, which may be a secret.
            raise Unreachable(f"an answer that is no HTTP: {clean(error.message)}") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(clean(str(error)) or type(error).__name__) from error
        self.server_seconds = _date_seconds(response.headers)
        _judge(status, response.headers, answer)

    async def connect(self) -> None:
        """Open a connection of its own, with TLS where the address says so, and close it; DeliveryError."""
        url, seconds = urlsplit(self._settings.url), self._settings.timeout_seconds
        context = await asyncio.to_thread(tls_context, self._settings.url, self._settings.ca_file)
        encrypted = url.scheme == "https"
        port = url.port or (443 if encrypted else 80)
        try:
            async with asyncio.timeout(seconds):
                _, writer = await asyncio.open_connection(
                    url.hostname, port, ssl=context if encrypted else None
                )
        except TimeoutError as error:
            raise Unreachable(f"no connection in {seconds:g} s") from error
        except ssl.SSLError as error:
            raise Parked(f"TLS: {clean(str(error))}") from error
        except OSError as error:
            raise Unreachable(clean(str(error)) or type(error).__name__) from error
        writer.transport.abort()

    async def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    async def _open(self) -> aiohttp.ClientSession:
        context = await asyncio.to_thread(tls_context, self._settings.url, self._settings.ca_file)
        if self._client is not None:
            return self._client  # a heartbeat was quicker
        headers = {"User-Agent": f"netmon/{version('netmon-edge')}"}
        if self._settings.token:
            headers["Authorization"] = f"Bearer {self._settings.token}"
        self._client = aiohttp.ClientSession(
            headers=headers,
            connector=aiohttp.TCPConnector(limit=2, ssl=context),
            timeout=aiohttp.ClientTimeout(total=None),
        )
        return self._client


def _date_seconds(headers: Mapping[str, str]) -> float | None:
    try:
        return parsedate_to_datetime(headers.get("Date", "")).timestamp()
    except (TypeError, ValueError):
        return None


def _judge(status: int, headers: Mapping[str, str], answer: bytes) -> None:
    """Raise the verdict of an answer that is not yes."""
    words = clean(answer[:1000])
    if 200 <= status < 300:
        if words.startswith("<"):
            # A captive portal says 200 to everything.
            raise Unreachable(f"{status} with a web page: this is no receiver of alerts")
        return
    said = f"{status}: {words}" if words else str(status)
    if status in _REFUSED_FOR_GOOD and not words.startswith("<"):
        raise Rejected(said)
    raise by_status(status, said, headers)
