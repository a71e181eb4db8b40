"""What the rest of netmon may ask of the history, whatever keeps it.

One process writes; many may read. Positions are the log's own order: a sink is a cursor over it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from netmon.model import Event, Fact, Labels, Metric, Reading, Record, Stamp, Value

Position = int
"""Place in the log: grows with each record, never used twice; 0 lies before the first one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of the log, with its place."""

    position: Position
    record: Record


@dataclass(frozen=True, slots=True)
class Query:
    """Which readings: a measurement (empty: all), wall time in ms, end excluded, and labels of their keys."""

    measurement: str
    start_ms: int
    end_ms: int
    key: Labels = ()


Wanted = tuple[str, Labels]
"""A metric by its name and its constant labels."""


class Columns(NamedTuple):
    """Readings of one row, turned round: what each wanted metric was at each moment.

    `moments_ms` is wall time by a clock that was `synced` at all of them or at none. `values` has a
    sequence as long for each wanted metric, in the order of the question; None: not known. It may be one
    that is decoded at each look (`netmon.store.undecoded`).
    """

    key: Labels
    synced: bool
    moments_ms: Sequence[int]
    values: tuple[Sequence[Value], ...]


class Rollup(NamedTuple):
    """One metric of one row over one window; all values None when nothing was known."""

    key: Labels
    metric: Metric
    start_ms: int
    n: int
    minimum: Value
    maximum: Value
    mean: float | None
    p50: Value
    p95: Value
    p99: Value
    increase: Value = None
    """How much a counter grew, discontinuities left out; None for what is no counter or not known."""


class Percentile(NamedTuple):
    """One metric of one row over one window: `n` values were known, `value` is None when none was."""

    key: Labels
    metric: Metric
    start_ms: int
    n: int
    value: Value


class Rate(NamedTuple):
    """How fast a counter of one row grew up to a moment; None when that cannot be known."""

    key: Labels
    metric: Metric
    stamp: Stamp
    per_second: float | None


@dataclass(frozen=True, slots=True)
class StoreStats:
    """How the history is doing."""

    records: int
    size_bytes: int
    newest: Position
    oldest_ms: int | None
    newest_ms: int | None
    damaged_total: int
    format_version: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking all of the history found: damaged positions, and SQLite's own complaints."""

    records: int
    damaged: tuple[Position, ...]
    complaints: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Tell whether nothing is damaged."""
        return not self.damaged and not self.complaints


class HistoryReader(ABC):
    """Reads the history; safe beside the one writer. Iterators stream: memory stays bounded.

    Damaged records are skipped and counted. Wall times come from the boot's settled offset.
    All methods block on the disk: call them from the disk thread or from a command.
    """

    @abstractmethod
    def after(self, position: Position, limit: int) -> Sequence[Entry]:
        """Return up to `limit` committed records after a position, oldest first."""

    @abstractmethod
    def range(self, query: Query) -> Iterator[Reading]:
        """Yield whole readings in time order that have a row with the key."""

    @abstractmethod
    def columns(self, query: Query, metrics: Sequence[Wanted]) -> Iterator[Columns]:
        """Yield what `range` tells of the rows with the key, without making readings: a day at a time.

        Each piece is in the order of time; pieces are not, and may overlap.
        """

    @abstractmethod
    def keys(self, query: Query) -> Sequence[Labels]:
        """Return the keys of the rows that are in readings of a stretch, to a few hours, in order. Cheap."""

    @abstractmethod
    def last(self, measurement: str, key: Labels = ()) -> Reading | None:
        """Return the newest reading that has a row with the key."""

    @abstractmethod
    def rollup(self, query: Query, window_ms: int, metrics: Sequence[str] = ()) -> Iterator[Rollup]:
        """Yield statistics per row, metric (all, if none is named) and window, aligned to UTC.

        Percentiles are nearest-rank over the known values of the window. Counters are rolled up as
        their rate per second between neighbouring readings; discontinuities are left out.
        """

    @abstractmethod
    def percentiles(
        self, query: Query, window_ms: int, share: float, metrics: Sequence[str] = ()
    ) -> Iterator[Percentile]:
        """Yield one nearest-rank percentile per row, metric and window; `share` is in (0, 1].

        Counters as in `rollup`. One window is held in memory, and nothing of it where sealed statistics
        tell: whole hours, 0.5, 0.95 and 0.99.
        """

    @abstractmethod
    def rates(self, query: Query, metrics: Sequence[str] = ()) -> Iterator[Rate]:
        """Yield the rate of each counter at each of its readings but the first, in time order.

        None across what interrupts a counter: another epoch, a fall, a boot without a true time.
        """

    @abstractmethod
    def facts(self, kind: str = "", key: Labels = (), at_ms: int | None = None) -> Sequence[Fact]:
        """Return the facts that held at a moment (None: now), newest per kind and key."""

    @abstractmethod
    def fact_changes(self, start_ms: int, end_ms: int, kind: str = "") -> Iterator[Fact]:
        """Yield the facts that were stored in a stretch of wall time, in its order."""

    @abstractmethod
    def events(self, start_ms: int, end_ms: int, kind: str = "") -> Iterator[Event]:
        """Yield events in time order."""

    @abstractmethod
    def oldest_ms(self) -> int | None:
        """Return the wall time of the oldest record; None when there is none. Cheap."""

    @abstractmethod
    def stats(self) -> StoreStats:
        """Return sizes and counts; they take as long as there are records."""

    @abstractmethod
    def interrupt(self) -> None:
        """Make a question that runs on another thread end soon, with a StoreError; safe from any thread."""

    @abstractmethod
    def close(self) -> None:
        """Give back the file."""


class History(ABC):
    """The one writer, on the event loop; a subscriber of the hub."""

    @abstractmethod
    def accept(self, records: Sequence[Record]) -> None:
        """Take records without waiting; facts are kept when they differ from the last one of their key.

        When the bounded queue is full (a disk that hangs), the oldest readings go first and are counted.
        """

    @abstractmethod
    async def commit(self) -> Position:
        """Make everything accepted so far durable; StoreError when the disk refuses, nothing is forgotten."""

    @abstractmethod
    async def after(self, position: Position, limit: int) -> Sequence[Entry]:
        """Return committed records after a position (see HistoryReader.after)."""

    @abstractmethod
    async def cursor(self, name: str) -> Position:
        """Return where a sink stands; a new name starts before the oldest record.

        From now on, until the process ends, `expire()` keeps what this sink has not passed.
        """

    @abstractmethod
    async def advance(self, name: str, position: Position) -> None:
        """Move a sink's cursor; durable with the next commit, since sending again is harmless."""

    @abstractmethod
    async def quarantine(self, name: str, position: Position, line: str, reason: str) -> None:
        """Set aside what a sink will never take, with the reason; bounded, oldest go first."""

    @abstractmethod
    async def read_state(self, key: str) -> str | None:
        """Return a small value that survives restarts; None when it was never written."""

    @abstractmethod
    async def write_state(self, key: str, value: str) -> None:
        """Keep a small value durably (byte ledger, queues)."""

    @abstractmethod
    async def expire(self, keep_seconds: float, keep_bytes: int, evidence_seconds: float) -> int:
        """Delete what is older than its retention class allows, and oldest first above the byte budget.

        Evidence never goes before its time, nor what a sink has not passed before the byte budget forces
        it, nor the newest fact of a key. Age deletes nothing while the clock is not synchronised, and
        nothing of a boot whose clock never was. Returns the number of records deleted.
        """
