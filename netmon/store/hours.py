"""Statistics of whole hours, as they are sealed with the readings they were made of.

A block of hours has these streams: hours (of wall time since 1970), then for each row of each metric the
counts, the least, largest and middle values as they are, and means (for counters: all of them, since they
are rates) with 13 bits of mantissa.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import cast

from netmon.model import Kind, Metric, Shape, Value
from netmon.store.codec import pack_series, unpack_series
from netmon.store.integers import (
    deflate,
    inflate,
    pack_integers,
    pack_planes,
    pack_varint,
    unpack_integers,
    unpack_planes,
    unpack_varint,
)
from netmon.store.interface import Rollup
from netmon.store.statistics import CUMULATIVE, Summary
from netmon.store.streams import Packed, Streams, pack_streams

HOUR_MS = 3_600_000


def pack_hours(hours: Sequence[int], series: Sequence[Sequence[Summary]], shape: Shape) -> Packed:
    """Return the summaries of each row of each metric, metric by metric, as a block."""
    metrics = chain.from_iterable([metric] * len(shape.rows) for metric in shape.metrics)
    return pack_streams(
        [pack_integers(hours, (1,))]
        + [_pack(metric, summaries) for metric, summaries in zip(metrics, series, strict=True)]
    )


def hours_of(streams: Streams, count: int) -> list[int]:
    """Return the hours that a block has; ValueError when they are damaged."""
    return list(unpack_integers(streams.get(0), count))


def summaries_of(streams: Streams, shape: Shape, metric: int, row: int, count: int) -> list[Summary]:
    """Return the summaries of one row of one metric; ValueError when they are damaged."""
    data = streams.get(1 + metric * len(shape.rows) + row)
    return _unpack(shape.metrics[metric], data, count)


def rollup(key: tuple[tuple[str, str], ...], metric: Metric, start_ms: int, summary: Summary) -> Rollup:
    """Return a summary as the answer to a question."""
    n, minimum, p50, p95, p99, maximum, mean, increase = summary
    return Rollup(key, metric, start_ms, n, minimum, maximum, mean, p50, p95, p99, increase)


def _pack(metric: Metric, summaries: Sequence[Summary]) -> bytes:
    if metric.kind is Kind.INFO or not any(summary[0] for summary in summaries):
        return b""
    columns = list(zip(*summaries, strict=True))
    counts = pack_series(columns[0])
    if metric.kind in CUMULATIVE:
        exact, rough = columns[7], list(chain.from_iterable(columns[1:7]))
    else:
        exact, rough = tuple(chain.from_iterable(columns[1:6])), list(columns[6])
    parts = [counts, pack_series(exact), _pack_rough(cast("list[float | None]", rough))]
    return pack_varint(len(parts[0])) + pack_varint(len(parts[1])) + b"".join(parts)


def _unpack(metric: Metric, data: bytes, count: int) -> list[Summary]:
    if not data:
        return [(0, None, None, None, None, None, None, None)] * count
    first, offset = unpack_varint(data, 0)
    second, offset = unpack_varint(data, offset)
    counts = unpack_series(data[offset : offset + first], count)
    middle, rest = data[offset + first : offset + first + second], data[offset + first + second :]
    columns: list[Iterator[Value]]
    if metric.kind in CUMULATIVE:
        columns = [*_columns(_unpack_rough(rest, 6 * count), count, 6), unpack_series(middle, count)]
    else:
        nothing: list[Value] = [None] * count
        exact = list(unpack_series(middle, 5 * count))
        columns = [*_columns(exact, count, 5), iter(_unpack_rough(rest, count)), iter(nothing)]
    return cast("list[Summary]", list(zip(counts, *columns, strict=True)))


def _columns(values: Sequence[Value], count: int, columns: int) -> list[Iterator[Value]]:
    return [iter(values[at * count : (at + 1) * count]) for at in range(columns)]


def _pack_rough(values: list[float | None]) -> bytes:
    """Return numbers with four digits that count; what is not known as NaN."""
    cells = array("f", [float("nan") if value is None else value for value in values])
    raw = array("I", cells.tobytes())
    # Round to 13 bits of mantissa, 1 in 10,000: a mean or a rate is not known better, and no bit of it packs.
    for at, bits in enumerate(raw):
        if bits & 0x7F800000 != 0x7F800000:
            raw[at] = bits + 0x200 & 0xFFFFFC00
    return deflate(pack_planes(raw))


def _unpack_rough(data: bytes, count: int) -> list[Value]:
    raw = unpack_planes("I", inflate(data, 4 * count))
    cells = array("f", raw.tobytes())
    return [None if cell != cell else cell for cell in cells]  # noqa: PLR0124 - NaN alone differs
