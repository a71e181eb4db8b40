"""The last hours of some series, for small charts: windows of the history, read once and then kept up.

A page is refreshed every few seconds while somebody looks at it. What lies in the past does not change,
so only the newest windows are read again; what nobody looked at for a while is forgotten.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from netmon.errors import StoreError
from netmon.model import Kind, Labels
from netmon.store.interface import HistoryReader, Query, Rollup

log = logging.getLogger(__name__)

T = TypeVar("T")
SeriesKey = tuple[Labels, str, Labels]
"""Key labels of the row, name of the metric, its constant labels."""

WINDOWS = 72
"""Windows of a chart: as many as a small one can show, and with five minutes each six hours."""
_REREAD_WINDOWS = 2
"""The last complete window may still get late records; the newest one is not complete."""
_SLICE_WINDOWS = 12
"""Windows per question: what was read stays read when the rest does not come in time."""
_FRESH_MS = 5_000
_MAX_KEPT = 64


class Ask(Protocol):
    """Puts a question to the history, off the event loop."""

    async def __call__(self, question: Callable[[HistoryReader], T], /) -> T:
        """Return the answer; StoreError when the history cannot be read."""


@dataclass(frozen=True, slots=True)
class TrendQuery:
    """Which series, in windows of how many ms, and how many windows back from now."""

    measurement: str
    key: Labels
    metrics: tuple[str, ...]
    window_ms: int
    windows: int = WINDOWS


@dataclass(slots=True)
class _Kept:
    """What is known of one query: per series one value per window, oldest first; None: nothing known."""

    start_ms: int = 0
    series: dict[SeriesKey, list[float | None]] = field(default_factory=dict)
    read_until_ms: int = 0
    next_read_ms: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Trends:
    """Keeps the windows of the queries that somebody looks at."""

    def __init__(self, ask: Ask, timeout_seconds: float = 2.0) -> None:
        self._ask = ask
        self._timeout_seconds = timeout_seconds
        self._kept: dict[TrendQuery, _Kept] = {}
        self._failing = False

    async def series(self, query: TrendQuery, now_ms: int) -> Mapping[SeriesKey, Sequence[float | None]]:
        """Return the series up to now; as far as they are known when the history does not answer in time."""
        kept = self._kept.pop(query, None) or _Kept()
        self._kept[query] = kept
        while len(self._kept) > _MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        async with kept.lock:
            set_back = now_ms < kept.read_until_ms - query.window_ms
            if now_ms >= kept.next_read_ms or set_back:
                if set_back:
                    kept.series, kept.read_until_ms = {}, 0
                await self._keep_up(query, kept, now_ms)
        return {series: tuple(values) for series, values in kept.series.items()}

    async def _keep_up(self, query: TrendQuery, kept: _Kept, now_ms: int) -> None:
        kept.next_read_ms = now_ms + _FRESH_MS
        end_ms = (now_ms // query.window_ms + 1) * query.window_ms
        start_ms = end_ms - query.windows * query.window_ms
        _shift(kept, query, start_ms)
        at_ms = max(start_ms, kept.read_until_ms - _REREAD_WINDOWS * query.window_ms)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                while at_ms < end_ms:
                    until_ms = min(at_ms + _SLICE_WINDOWS * query.window_ms, end_ms)
                    for rollup in await self._read(query, at_ms, until_ms):
                        _put(kept, query, rollup)
                    at_ms = kept.read_until_ms = until_ms
        except (StoreError, TimeoutError) as error:
            self._note(str(error) or "the history does not answer in time")
        else:
            self._note("")

    async def _read(self, query: TrendQuery, at_ms: int, until_ms: int) -> list[Rollup]:
        # From a little earlier: a rate needs the reading before.
        wanted = Query(query.measurement, at_ms - _REREAD_WINDOWS * query.window_ms, until_ms, query.key)
        rollups = await self._ask(lambda r: list(r.rollup(wanted, query.window_ms, query.metrics)))
        return [rollup for rollup in rollups if rollup.start_ms >= at_ms]

    def _note(self, problem: str) -> None:
        if bool(problem) != self._failing:
            self._failing = bool(problem)
            if problem:
                log.warning("charts are not complete: %s", problem)
            else:
                log.info("charts are complete again")


def _shift(kept: _Kept, query: TrendQuery, start_ms: int) -> None:
    """Move the kept windows so that the first one starts at `start_ms`; forget series without a value."""
    gone = max(0, (start_ms - kept.start_ms) // query.window_ms)
    for series, values in list(kept.series.items()):
        moved = (values[gone:] + [None] * gone)[-query.windows :]
        if all(value is None for value in moved):
            del kept.series[series]
        else:
            kept.series[series] = moved
    kept.start_ms = start_ms


def _put(kept: _Kept, query: TrendQuery, rollup: Rollup) -> None:
    at = (rollup.start_ms - kept.start_ms) // query.window_ms
    if 0 <= at < query.windows:
        key = (rollup.key, rollup.metric.name, rollup.metric.labels)
        kept.series.setdefault(key, [None] * query.windows)[at] = _level(rollup)


def _level(rollup: Rollup) -> float | None:
    """Return what stands for a window: the mean of what flows or is counted, the median of what is timed."""
    return rollup.p50 if rollup.metric.kind is Kind.GAUGE else rollup.mean
