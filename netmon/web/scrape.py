"""How a scrape goes out: which format, compressed or not, and in pieces so that nothing waits for it."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterator, Sequence

from aiohttp import web

from netmon.metrics.exposition import chunks
from netmon.metrics.own import negotiate
from netmon.metrics.text_format import TextFormat
from netmon.web.press import Press

_PIECE_BYTES = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS
_LEVEL = 1


def wanted_format(request: web.Request) -> TextFormat:
    """Return the format that a request asks for."""
    return negotiate(request.headers.get("Accept", ""))


async def send(
    request: web.Request, pieces: Sequence[bytes], form: TextFormat, press: Press
) -> web.StreamResponse:
    """Answer with the pieces. A scrape that is cut off ends its connection: half must not look like all."""
    zipped = _takes_gzip(request.headers.get("Accept-Encoding", ""))
    headers = {"Content-Type": form.value, "Vary": "Accept, Accept-Encoding"}
    if zipped:
        headers["Content-Encoding"] = "gzip"
    response = web.StreamResponse(headers=headers)
    try:
        await response.prepare(request)
        if request.method != "HEAD":
            await _write(response, pieces, press if zipped else None)
        await response.write_eof()
    except asyncio.CancelledError:
        if request.transport is not None:
            request.transport.abort()
        raise
    return response


async def _write(response: web.StreamResponse, pieces: Sequence[bytes], press: Press | None) -> None:
    if press is None:
        for chunk in chunks(pieces, _PIECE_BYTES):
            await response.write(chunk)
            await asyncio.sleep(0)
        return
    compressor = zlib.compressobj(_LEVEL, wbits=_GZIP)

    def pack(batch: list[bytes]) -> bytes:
        return compressor.compress(b"".join(batch))

    for batch in _batches(pieces):
        packed = await press.render(pack, batch)
        if packed:
            await response.write(packed)
    await response.write(compressor.flush())


def _batches(pieces: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Yield pieces together that are worth a walk to another thread."""
    batch: list[bytes] = []
    size_bytes = 0
    for piece in pieces:
        batch.append(piece)
        size_bytes += len(piece)
        if size_bytes >= 4 * _PIECE_BYTES:
            yield batch
            batch, size_bytes = [], 0
    if batch:
        yield batch


def _takes_gzip(accepted: str) -> bool:
    """Tell whether an Accept-Encoding header names gzip and does not rule it out (RFC 9110 §12.5.3)."""
    for part in accepted.lower().split(","):
        coding, _, weight = part.replace(" ", "").partition(";q=")
        if coding == "gzip":
            return weight.strip("0.") != "" or weight == ""
    return False
