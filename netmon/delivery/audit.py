"""Is everything there: counts and checksums per series and hour, of the store and of a receiver."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose, isfinite
from weakref import WeakKeyDictionary

from netmon.model import Event, Reading, Record, Shape, Stamp, Value

HOUR_MS = 3_600_000

Series = Hashable
"""What a receiver calls a series by; equal on both sides."""
Keys = Sequence[Sequence[Series | None]]
"""The series of a shape by metric and row; None where the receiver gets none."""


@dataclass(frozen=True, slots=True)
class Window:
    """An hour, or a part of one; end excluded."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many values a series has in an hour, and their sum (None: texts have none)."""

    count: int
    total: Value = None

    def equals(self, other: Tally) -> bool:
        """Tell whether both are of the same values, as far as sums tell: whole ones modulo 2^64."""
        if self.count != other.count or self.total is None or other.total is None:
            return self.count == other.count
        if isinstance(self.total, int) and isinstance(other.total, int):
            return (self.total - other.total) % 2**64 == 0
        return isclose(self.total, other.total, rel_tol=1e-9, abs_tol=1e-9)


class Auditor(ABC):
    """One receiver, as the audit sees it."""

    @abstractmethod
    def keys(self, shape: Shape, stamp: Stamp) -> Keys:
        """Return what the receiver calls the series of a shape."""

    @abstractmethod
    def event_key(self, event: Event) -> Series:
        """Return what the receiver calls the series of an event."""

    @abstractmethod
    def event_value(self, event: Event) -> Value:
        """Return the event's value; None for a text."""

    @abstractmethod
    async def there(self, window: Window, here: Mapping[Series, Tally]) -> Mapping[Series, Tally]:
        """Return what the receiver has of a window, at least of these series; raises DeliveryError."""

    @abstractmethod
    async def close(self) -> None:
        """Give back connections."""


@dataclass(slots=True)
class _Sum:
    """A tally in the making. A second value of the same moment replaces the first, as receivers do."""

    count: int = 0
    total: int | float = 0
    last_ms: int = -1
    last: int | float = 0
    text: bool = False

    def add(self, at_ms: int, value: Value) -> None:
        self.text = value is None
        number = value or 0
        if at_ms == self.last_ms:
            self.total -= self.last
        else:
            self.count += 1
        self.total += number
        self.last_ms, self.last = at_ms, number


def tally(records: Iterable[Record], auditor: Auditor) -> Mapping[Series, Tally]:
    """Return the tallies of one hour's records, which come in the order of time."""
    sums: dict[Series, _Sum] = {}
    known: dict[bool, WeakKeyDictionary[Shape, Keys]] = {
        True: WeakKeyDictionary(),
        False: WeakKeyDictionary(),
    }
    for record in records:
        if isinstance(record, Reading):
            keys = known[record.stamp.synced].get(record.shape)
            if keys is None:
                keys = known[record.stamp.synced][record.shape] = auditor.keys(record.shape, record.stamp)
            for series, value in _cells(record, keys):
                sums.setdefault(series, _Sum()).add(record.stamp.wall_ms, value)
        elif isinstance(record, Event):
            found = sums.setdefault(auditor.event_key(record), _Sum())
            found.add(record.stamp.wall_ms, auditor.event_value(record))
    return {series: Tally(one.count, None if one.text else one.total) for series, one in sums.items()}


def differences(here: Mapping[Series, Tally], there: Mapping[Series, Tally]) -> Iterator[tuple[Series, int]]:
    """Yield the series that the receiver does not have as the store has them, and how many values lack.

    A receiver may have more: VictoriaMetrics keeps what comes twice.
    """
    for series, mine in here.items():
        theirs = there.get(series, Tally(0, mine.total))
        if theirs.count <= mine.count and not mine.equals(theirs):
            yield series, mine.count - theirs.count


def windows(start_ms: int, end_ms: int) -> Iterator[Window]:
    """Yield the hours of a period, the first and the last one as far as they belong to it."""
    for hour_ms in range(start_ms // HOUR_MS * HOUR_MS, end_ms, HOUR_MS):
        yield Window(max(start_ms, hour_ms), min(end_ms, hour_ms + HOUR_MS))


def _cells(reading: Reading, keys: Keys) -> Iterator[tuple[Series, int | float]]:
    for names, column in zip(keys, reading.columns, strict=True):
        for series, value in zip(names, column, strict=True):
            if series is not None and value is not None and isfinite(value):
                yield series, value
