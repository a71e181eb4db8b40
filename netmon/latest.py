"""The newest reading of every row and the facts that hold now: what scrapes, pages and other sources see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from netmon.model import Event, Fact, Labels, Reading, Record, Row, Value


@dataclass(frozen=True, slots=True)
class LatestRow:
    """One row of the newest reading that has it; `before` is the reading before that (None: the first)."""

    row: Row
    at: int
    reading: Reading
    before: LatestRow | None = None

    def value(self, metric: str) -> Value:
        """Return a value by metric name, the first of those with several constant labels; None: not known."""
        for index, declared in enumerate(self.reading.shape.metrics):
            if declared.name == metric:
                return self.reading.columns[index][self.at]
        return None

    def label(self, name: str) -> str:
        """Return a key, info or text label of the row; empty when it has none of that name."""
        for labels in (self.row.key, self.row.info, self.row.texts):
            for label, text in labels:
                if label == name:
                    return text
        return ""


class Latest:
    """A subscriber that keeps one reading per row, two with the one before, and no history.

    Rows that have not been read for `keep_seconds` of CLOCK_BOOTTIME are forgotten, so that a device
    that left the configuration leaves the page as well.
    """

    def __init__(self, keep_seconds: float = 86_400.0, max_events: int = 200) -> None:
        self._keep_ns = int(keep_seconds * 1e9)
        self._max_events = max_events
        self._rows: dict[str, dict[Labels, LatestRow]] = {}
        self._facts: dict[tuple[str, Labels], Fact] = {}
        self._events: list[Event] = []

    def accept(self, records: Sequence[Record]) -> None:
        """Take records without waiting."""
        for record in records:
            if isinstance(record, Reading):
                self._take(record)
            elif isinstance(record, Fact):
                self._facts[record.kind, record.key] = record
            else:
                self._events = [*self._events[-self._max_events + 1 :], record]

    def _take(self, reading: Reading) -> None:
        rows = self._rows.setdefault(reading.shape.measurement, {})
        for at, row in enumerate(reading.shape.rows):
            old = rows.get(row.key)
            before = None if old is None else LatestRow(old.row, old.at, old.reading)
            rows[row.key] = LatestRow(row, at, reading, before)

    def forget(self, now_boottime_ns: int) -> None:
        """Drop rows that nobody has read for too long."""
        for rows in self._rows.values():
            for key in [
                k for k, r in rows.items() if now_boottime_ns - r.reading.stamp.boottime_ns > self._keep_ns
            ]:
                del rows[key]

    def drop(self, labels: Labels) -> None:
        """Drop every row and fact whose key has all these labels: it left the configuration."""
        wanted = set(labels)
        for rows in self._rows.values():
            for key in [key for key in rows if wanted <= set(key)]:
                del rows[key]
        for fact in [fact for fact in self._facts if wanted <= set(fact[1])]:
            del self._facts[fact]

    def rows(self, measurement: str, key: Labels = ()) -> Iterator[LatestRow]:
        """Yield the rows of a measurement whose key contains `key`, in the order they were first seen."""
        wanted = set(key)
        for row_key, row in self._rows.get(measurement, {}).items():
            if wanted <= set(row_key):
                yield row

    def facts(self, kind: str = "", key: Labels = ()) -> Iterator[Fact]:
        """Yield the facts that hold now."""
        wanted = set(key)
        for fact in self._facts.values():
            if (not kind or fact.kind == kind) and wanted <= set(fact.key):
                yield fact

    def events(self) -> tuple[Event, ...]:
        """Return the last events, oldest first."""
        return tuple(self._events)

    def reading(self, measurement: str, key: Labels) -> Reading | None:
        """Return the newest reading that has a row whose key contains all of `key`."""
        newest = max(self.rows(measurement, key), key=lambda r: r.reading.stamp.boottime_ns, default=None)
        return None if newest is None else newest.reading

    def value(self, measurement: str, key: Labels, metric: str) -> Value:
        """Return the newest value of that row, by metric name; None when it is not known."""
        newest = max(self.rows(measurement, key), key=lambda r: r.reading.stamp.boottime_ns, default=None)
        return None if newest is None else newest.value(metric)
