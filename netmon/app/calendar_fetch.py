"""Get a calendar: a file, or a URL by https; bounded in time and size."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp

from netmon.errors import NetmonError
from netmon.text import clean

_SECONDS = 20.0
_MOST_BYTES = 4_000_000


class FetchError(NetmonError):
    """A calendar could not be had; the text says why."""


async def fetch(place: str) -> str:
    """Return the text of a calendar."""
    try:
        async with asyncio.timeout(_SECONDS):
            if place.startswith("https://"):
                return await _from_web(place)
            return await asyncio.to_thread(_from_file, Path(place))
    except aiohttp.ClientResponseError as error:
        # In its own words it tells the whole address, which may be a secret.
        raise FetchError(f"an answer that is no HTTP: {clean(error.message)}") from None
    except (OSError, UnicodeDecodeError, TimeoutError, aiohttp.ClientError) as error:
        raise FetchError(f"{type(error).__name__}: {error}") from error


async def _from_web(url: str) -> str:
    # No redirects: what an address in the configuration leads to is not somebody else's choice.
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, allow_redirects=False, headers={"Accept": "text/calendar"}) as answer,
    ):
        if answer.status != 200:
            raise FetchError(f"the server answered {answer.status}")
        body = await answer.content.read(_MOST_BYTES + 1)
        while len(body) <= _MOST_BYTES and (more := await answer.content.read(_MOST_BYTES)):
            body += more
    return _decoded(body)


def _from_file(path: Path) -> str:
    with path.open("rb") as file:
        return _decoded(file.read(_MOST_BYTES + 1))


def _decoded(body: bytes) -> str:
    if len(body) > _MOST_BYTES:
        raise FetchError(f"it has more than {_MOST_BYTES // 1_000_000} MB")
    return body.decode("utf-8-sig")
