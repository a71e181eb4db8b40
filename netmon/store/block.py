"""Readings of one shape in one boot as a block, and back: columns over time instead of rows.

Streams, in this order: positions, moments (ms of boottime), outcomes, epochs of each row, then the
values of each row of each metric. An empty stream says: all outcomes ok, no epochs.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from typing import TypeVar, cast

from netmon.model import Outcome, Reading, Shape, Stamp, Value
from netmon.store.codec import pack_series, unpack_series
from netmon.store.frames import OUTCOME_CODES, OUTCOMES, Cells, Table
from netmon.store.integers import deflate, inflate, pack_integers, unpack_integers
from netmon.store.moments import pack_moments, unpack_moments, unpack_stretches
from netmon.store.streams import Packed, Streams, pack_streams
from netmon.store.undecoded import Undecoded

T = TypeVar("T")

POSITIONS, MOMENTS, _OUTCOMES = range(3)
_EPOCHS = 3
NS_PER_MS = 1_000_000


class Columns:
    """Readings of one shape turned round: what each cell was over time."""

    def __init__(self, readings: Sequence[Cells]) -> None:
        cells, outcomes, epochs = zip(*readings, strict=True)
        self.outcomes: Sequence[tuple[Outcome, ...]] = outcomes
        self.series: list[Sequence[Value]] = list(zip(*cells, strict=True))
        self.epochs: list[Sequence[int]] = []
        """By row; empty when no reading has any."""
        if any(epochs):
            none = (0,) * len(outcomes[0])
            self.epochs += zip(*(one or none for one in epochs), strict=True)


def pack_block(positions: Sequence[int], moments_ms: Sequence[int], columns: Columns) -> Packed:
    """Return readings of one shape and boot, in the order of their positions and moments, as a block."""
    rows = len(columns.outcomes[0])
    return pack_streams(
        [
            pack_integers(positions, (1, 2)),
            pack_moments(moments_ms),
            _pack_outcomes(columns.outcomes),
            *(map(pack_series, columns.epochs) if columns.epochs else [b""] * rows),
            *map(pack_series, columns.series),
        ]
    )


class Block:
    """An open block: decoded lazily, so that it takes little more memory than its bytes.

    A value whose stream is damaged is *not known*; `damaged` counts these streams.
    """

    def __init__(self, shape: Shape, streams: Streams, count: int) -> None:
        self.shape = shape
        self.count = count
        self.damaged = 0
        self._rows = len(shape.rows)
        self._streams = streams
        if len(streams) != _EPOCHS + self._rows * (1 + len(shape.metrics)):
            raise ValueError("a block does not have the streams of its shape")

    def positions(self) -> Iterable[int]:
        """Return the positions of the readings; ValueError when they are damaged."""
        return unpack_integers(self._streams.get(POSITIONS), self.count)

    def moments_ms(self) -> Iterator[int]:
        """Return when each reading was made, in ms of boottime; ValueError when that is damaged."""
        return unpack_moments(self._streams.get(MOMENTS), self.count)

    def series(self, metric: int, row: int) -> Iterator[Value]:
        """Return the values of one row of one metric."""
        return self._known(self._place(metric, row), unpack_series) or repeat(None, self.count)

    def column(self, metric: int, row: int) -> Sequence[Value]:
        """Return the same, to be decoded at once when somebody looks."""
        return self._known(self._place(metric, row), Undecoded) or [None] * self.count

    def all_moments_ms(self) -> Sequence[int]:
        """Return all moments at once, as `Stretches` where many are at equal steps.

        ValueError when they are damaged, or what else every reading needs.
        """
        self.positions()
        self._all_outcomes()
        self._all_epochs()
        return unpack_stretches(self._streams.get(MOMENTS), self.count)

    def epochs(self, row: int) -> Iterator[int] | None:
        """Return the epochs of a row; None when the readings have none."""
        data = self._streams.get(_EPOCHS + row)
        return cast("Iterator[int]", unpack_series(data, self.count)) if data else None

    def rows(self) -> Iterator[Table]:
        """Yield columns, outcomes and epochs of each reading."""
        columns = [
            zip(*(self.series(metric, row) for row in range(self._rows)), strict=True)
            if self._rows
            else repeat((), self.count)
            for metric in range(len(self.shape.metrics))
        ]
        cells = zip(*columns, strict=True) if columns else repeat((), self.count)
        return zip(
            cast("Iterator[tuple[Sequence[Value], ...]]", cells),
            self._all_outcomes(),
            self._all_epochs(),
            strict=True,
        )

    def _place(self, metric: int, row: int) -> int:
        return _EPOCHS + self._rows * (1 + metric) + row

    def _known(self, stream: int, unpack: Callable[[bytes, int], T]) -> T | None:
        """Return an unpacked stream; None, and counted, when it is damaged."""
        try:
            return unpack(self._streams.get(stream), self.count)
        except ValueError:
            self.damaged += 1
            return None

    def _all_outcomes(self) -> Iterator[tuple[Outcome, ...]]:
        data = self._streams.get(_OUTCOMES)
        if not data:
            return repeat((Outcome.OK,) * self._rows, self.count)
        try:
            codes = inflate(data, self._rows * self.count)
            return zip(*(_outcomes(codes[row :: self._rows]) for row in range(self._rows)), strict=True)
        except (zlib.error, IndexError) as error:
            raise ValueError("outcomes of a block are damaged") from error

    def _all_epochs(self) -> Iterator[tuple[int, ...]]:
        epochs = [self.epochs(row) for row in range(self._rows)]
        known = [one for one in epochs if one is not None]
        if len(known) < self._rows or not known:
            return repeat((), self.count)
        return zip(*known, strict=True)


def reading(shape: Shape, stamp: Stamp, row: Table) -> Reading:
    """Return one row of `Block.rows` as a reading."""
    columns, outcomes, epochs = row
    return Reading(shape, stamp, tuple(map(list, columns)), outcomes, epochs)


def _pack_outcomes(outcomes: Sequence[tuple[Outcome, ...]]) -> bytes:
    good = (Outcome.OK,) * len(outcomes[0])
    if outcomes.count(good) == len(outcomes):
        return b""
    return deflate(bytes(OUTCOME_CODES[one] for row in outcomes for one in row))


def _outcomes(codes: bytes) -> list[Outcome]:
    return [OUTCOMES[code] for code in codes]
