"""The remote-write sink: Prometheus, VictoriaMetrics, Mimir and whoever else receives version 1.0."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from netmon.clock import Clock
from netmon.delivery.remote_write_lines import SeriesEncoder
from netmon.delivery.remote_write_session import RemoteWriteSession
from netmon.delivery.remote_write_settings import RemoteWriteSettings
from netmon.delivery.sink import Sink
from netmon.delivery.snappy import compress
from netmon.errors import Outdated, Rejected
from netmon.model import Record
from netmon.threads import DaemonThreads

_INLINE_BYTES = 262_144
"""Compressed on the event loop up to here: under 1 ms."""


class RemoteWriteSink(Sink):
    """Writes series of one sample each, as Prometheus itself does; equal samples may come again."""

    name = "remote_write"

    def __init__(self, settings: RemoteWriteSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self.batch_lines = settings.batch_lines
        self._session = RemoteWriteSession(settings)
        self._encoder = SeriesEncoder(settings.external_labels)
        self._thread = DaemonThreads(1, "remote_write")
        self._proven_ms: int | None = None

    @property
    def cursor(self) -> str:
        """The receiver: data that went elsewhere is not here yet."""
        return self._settings.cursor

    @property
    def left_out_total(self) -> int:
        """Records of times that a sample cannot have."""
        return self._encoder.left_out_total

    @property
    def hung_up(self) -> bool:
        """Tell whether the server ended the connection without a word."""
        return self._session.hung_up

    def encode(self, record: Record) -> Sequence[bytes]:
        """Return the record's samples, and markers for the series that end with it."""
        return self._encoder.encode(record)

    def encode_past(self, record: Record) -> Sequence[bytes]:
        """Return the record's samples alone: the present knows what has ended since."""
        return self._encoder.encode_past(record)

    async def send(self, lines: Sequence[bytes]) -> None:
        """Write samples in one request."""
        body = b"".join(lines)
        if len(body) > _INLINE_BYTES:
            loop = asyncio.get_running_loop()
            packed = await loop.run_in_executor(self._thread, compress, body)
        else:
            packed = compress(body)
        await self._session.write(packed)

    async def welcomes(self, wall_ms: int) -> bool:
        """Tell whether this moment is taken after newer ones: by the settings, or by trying with a probe."""
        if self._settings.out_of_order != "auto":
            return self._settings.out_of_order == "yes"
        if self._proven_ms is None or wall_ms < self._proven_ms:
            if not await self._takes_any_order(wall_ms):
                return False
            self._proven_ms = wall_ms
        return True

    async def too_old(self, wall_ms: int) -> bool:
        """Tell whether a sample of this moment is refused for its age, by trying with a probe."""
        try:
            await self._try(wall_ms)
        except Outdated as error:
            return error.too_old
        except Rejected:
            return False
        return False

    async def close(self) -> None:
        """Close the session and end the thread."""
        self._thread.shutdown(wait=False)
        await self._session.close()

    async def _takes_any_order(self, wall_ms: int) -> bool:
        """Try it with times that lie close together first, then with now.

        A plain Prometheus that is asked with now, after an outage in which it got nothing else, refuses from
        then on all that is older than an hour: what the question was about.
        """
        now_ms = self._clock.wall_ns() // 1_000_000
        for moment_ms in (wall_ms + 1, wall_ms, now_ms, wall_ms - 1):
            if not await self._takes(moment_ms):
                return False
        return True

    async def _takes(self, wall_ms: int) -> bool:
        try:
            await self._try(wall_ms)
        except Rejected:
            return False
        return True

    async def _try(self, wall_ms: int) -> None:
        await self.send([self._encoder.probe(self._settings.site, wall_ms)])
