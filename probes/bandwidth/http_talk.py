"""Just enough HTTP/1.1 to ask for a lot of bytes and to find where they begin."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from netmon import sdk
from probes.bandwidth.place import Place
from probes.error_queue import failure

_LARGEST_HEADER_BYTES = 16_384
# The rest of a header may come a few trips later.
_LOOKS, _LOOK_SECONDS = 1000, 0.002
_NO_MORE: Mapping[str, str] = {}
_END = b"\r\n\r\n"
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,15})[ \t]*\r\n", re.IGNORECASE)
_REASON = re.compile(rb"\r\nnetmon-reason:[ \t]*([^\r\n]*)", re.IGNORECASE)
_OUTCOMES = {401: sdk.Outcome.DENIED, 403: sdk.Outcome.DENIED, 429: sdk.Outcome.BUSY, 503: sdk.Outcome.BUSY}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer's status, how long its body is (None: until the connection ends), and its header."""

    status: int
    body_bytes: int | None
    header: bytes = b""


def request(
    place: Place, method: str, path: str, body_bytes: int | None = None, more: Mapping[str, str] = _NO_MORE
) -> bytes:
    """Return a request's header."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {place.url.authority}"]
    lines += [f"{name}: {value}" for name, value in (place.headers | dict(more)).items()]
    if body_bytes is not None:
        lines += ["Content-Type: application/octet-stream", f"Content-Length: {body_bytes}"]
    return "\r\n".join([*lines, "Accept-Encoding: identity", "", ""]).encode()


async def ask(sock: socket.socket, header: bytes) -> None:
    """Send a request's header; SourceError when the connection broke."""
    try:
        await asyncio.get_running_loop().sock_sendall(sock, header)
    except OSError as error:
        raise failure(error, "the connection") from error


async def answer(sock: socket.socket, place: Place, status: int = 200) -> Answer:
    """Take an answer's header, and not one byte of what follows; SourceError unless it has this status."""
    loop = asyncio.get_running_loop()
    for _ in range(_LOOKS):
        await _readable(loop, sock)
        try:
            seen = sock.recv(_LARGEST_HEADER_BYTES, socket.MSG_PEEK)
        except BlockingIOError:
            continue
        except OSError as error:
            raise failure(error, "the connection") from error
        end = seen.find(_END)
        if end >= 0:
            return _checked(sock.recv(end + len(_END)), place, status)
        if len(seen) in (0, _LARGEST_HEADER_BYTES):
            break
        await asyncio.sleep(_LOOK_SECONDS)  # what was only looked at is readable still
    raise sdk.SourceError(sdk.Outcome.GARBLED, f"{place.server} does not answer as HTTP does")


def _checked(header: bytes, place: Place, wanted: int) -> Answer:
    found = _STATUS.match(header)
    if found is None:
        raise sdk.SourceError(sdk.Outcome.GARBLED, f"{place.server} does not answer as HTTP does")
    status = int(found[1])
    if status != wanted:
        reason = _REASON.search(header)
        why = f": {sdk.clean(reason[1])}" if reason else ""
        raise sdk.SourceError(
            _OUTCOMES.get(status, sdk.Outcome.REJECTED), f"{place.server} answers {status}{why}"
        )
    length = _LENGTH.search(header)
    return Answer(status, int(length[1]) if length else None, header)


async def _readable(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
    ready: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(sock.fileno(), wake)
    try:
        await ready
    finally:
        loop.remove_reader(sock.fileno())
