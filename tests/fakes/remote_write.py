"""A receiver of remote-write that keeps Prometheus' rules of order, and fails as told."""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from cramjam import snappy
from fakes.influx import Reply, Request, encoded, read_request

Series = frozenset[tuple[str, str]]
Sample = tuple[Series, float, int]
STALE_BITS = 0x7FF0_0000_0000_0002


def fields(message: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """Yield (field number, wire type, value) of a protobuf message; ValueError when it is none."""
    at = 0
    while at < len(message):
        tag, at = varint(message, at)
        wire = tag & 7
        if wire == 0:
            value, at = varint(message, at)
        elif wire == 1:
            value, at = message[at : at + 8], at + 8
        elif wire == 2:
            size, at = varint(message, at)
            value, at = message[at : at + size], at + size
        else:
            raise ValueError(f"wire type {wire}")
        if at > len(message):
            raise ValueError("the message is cut off")
        yield tag >> 3, wire, value


def varint(message: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = message[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return number, at


def decode(message: bytes) -> list[Sample]:
    """Return the samples of a WriteRequest, with the stale marker's exact bits as None."""
    samples = []
    for number, wire, series in fields(message):
        assert (number, wire) == (1, 2)
        labels, points = [], []
        for inner, _, body in fields(series):
            if inner == 1:
                parts = {n: text.decode() for n, _, text in fields(body)}
                labels.append((parts[1], parts[2]))
            else:
                found = {n: value for n, _, value in fields(body)}
                points.append((found[1], found[2]))
        assert labels == sorted(labels, key=lambda pair: pair[0].encode()), "labels are not in order"
        assert len(dict(labels)) == len(labels), "a label comes twice"
        assert all(text for _, text in labels), "a label is empty"
        for bits, time_ms in points:
            stale = int.from_bytes(bits, "little") == STALE_BITS
            samples.append((frozenset(labels), None if stale else struct.unpack("<d", bits)[0], time_ms))
    return samples


def series(**labels: str) -> Series:
    return frozenset(labels.items())


@dataclass
class FaultyReceiver:
    """Takes remote-write; `replies` are used up first.

    `window_ms`: how far behind the newest sample of all a sample may be, in any order (None: nothing is
    taken that is older than its series' newest, nor `bound_ms` behind the newest of all).
    """

    window_ms: int | None = None
    bound_ms: int = 3_600_000
    replies: deque[Reply] = field(default_factory=deque)
    forbidden: frozenset[str] = frozenset()
    max_samples: int = 1_000_000
    taken: list[Sample] = field(default_factory=list)
    newest: dict[Series, int] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    url: str = ""

    def values(self, name: str) -> dict[tuple[Series, int], float]:
        """What it holds of one metric, by series and time."""
        return {
            (one, at): value
            for one, value, at in self.taken
            if dict(one)["__name__"] == name and value is not None
        }

    def reply(self, request: Request) -> Reply:
        reply = self.replies.popleft() if self.replies else None
        if reply is not None and not reply.commit:
            return reply
        samples = decode(bytes(snappy.decompress_raw(request.body)))
        return self._take(samples) if reply is None else (self._take(samples), reply)[1]

    def _take(self, samples: list[Sample]) -> Reply:
        """As Prometheus: the first bad sample refuses all."""
        if len(samples) > self.max_samples:
            return Reply(413, b"too large")
        newest, head = dict(self.newest), max(self.newest.values(), default=0)
        for one, _, at in samples:
            if dict(one)["__name__"] in self.forbidden:
                return Reply(400, b"label name is not valid")
            if self.window_ms is not None:
                if at < head - self.window_ms:
                    return Reply(500, b"too old sample")
            elif at < head - self.bound_ms:
                return Reply(400, b"out of bounds")
            elif at < newest.get(one, 0):
                return Reply(400, b"out of order sample")
            newest[one] = max(newest.get(one, 0), at)
        self.newest = newest
        self.taken += samples
        return Reply(204)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await read_request(reader):
                self.requests.append(request)
                reply = self.reply(request)
                if reply.hang:
                    await reader.read()
                if reply.hang or reply.cut:
                    break
                writer.write(encoded(reply))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def faulty_receiver(**settings: object) -> AsyncIterator[FaultyReceiver]:
    """Serve on a loopback port until the test ends."""
    fake = FaultyReceiver(**settings)
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/v1/write"
    async with server:
        yield fake
