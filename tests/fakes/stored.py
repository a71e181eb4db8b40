"""A reader over records in a list: the history as a later start of netmon finds it."""

from __future__ import annotations

from netmon.model import Event, Fact, Reading


class StoredRecords:
    """As much of a HistoryReader as those need who begin anew."""

    def __init__(self, records) -> None:
        self._records = list(records)

    def facts(self, kind="", key=(), at_ms=None):
        newest = {}
        for one in self._records:
            wanted = isinstance(one, Fact) and (not kind or one.kind == kind) and set(key) <= set(one.key)
            if wanted and (at_ms is None or one.stamp.wall_ms <= at_ms):
                newest[one.kind, one.key] = one
        return list(newest.values())

    def range(self, query):
        found = [
            one
            for one in self._records
            if isinstance(one, Reading)
            and one.shape.measurement == query.measurement
            and query.start_ms <= one.stamp.wall_ms < query.end_ms
        ]
        return iter(sorted(found, key=lambda one: one.stamp.wall_ms))

    def fact_changes(self, start_ms, end_ms, kind=""):
        found = [
            one
            for one in self._records
            if isinstance(one, Fact) and start_ms <= one.stamp.wall_ms < end_ms and kind in ("", one.kind)
        ]
        return iter(sorted(found, key=lambda one: one.stamp.wall_ms))

    def events(self, start_ms, end_ms, kind=""):
        found = [
            one
            for one in self._records
            if isinstance(one, Event) and start_ms <= one.stamp.wall_ms < end_ms and kind in ("", one.kind)
        ]
        return iter(sorted(found, key=lambda one: one.stamp.wall_ms))

    def last(self, measurement, key=()):
        found = [
            one for one in self._records if isinstance(one, Reading) and one.shape.measurement == measurement
        ]
        wanted = [one for one in found if any(set(key) <= set(row.key) for row in one.shape.rows)]
        return max(wanted, key=lambda one: one.stamp.wall_ms, default=None)
