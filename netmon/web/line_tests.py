"""Bandwidth tests as the page shows them: what is planned today, what came of it, and the last figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from netmon.latest import LatestRow
from netmon.model import Value
from netmon.web.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class LastTest:
    """The last figure of one direction: bit/s of a layer; None: not known."""

    direction: str
    layer: str
    bits_per_second: float | None
    verdict: str
    limited_by: str


@dataclass(frozen=True, slots=True)
class LineTests:
    """One probe's day, and its last figures. `decision` is why the last test took place or not."""

    probe: str
    circuit: str
    planned: Value
    done: Value
    skipped: Value
    next: datetime | None
    decision: str
    last: tuple[LastTest, ...]


def line_tests(snapshot: Snapshot, timezone: tzinfo | None) -> tuple[LineTests, ...]:
    """Return the bandwidth probes that have a plan, in the order of their first word."""
    return tuple(_line_tests(snapshot, row, timezone) for row in snapshot.plans)


def _line_tests(snapshot: Snapshot, row: LatestRow, timezone: tzinfo | None) -> LineTests:
    following = row.value("netmon_bandwidth_next_test_timestamp_seconds")
    probe = row.label("probe")
    return LineTests(
        probe,
        row.label("circuit"),
        row.value("netmon_bandwidth_planned_tests"),
        row.value("netmon_bandwidth_planned_tests_done"),
        row.value("netmon_bandwidth_planned_tests_skipped"),
        None if following is None else datetime.fromtimestamp(following, timezone),
        row.label("netmon_bandwidth_decision_info"),
        tuple(_last(test) for test in snapshot.tests if test.label("probe") == probe),
    )


def _last(row: LatestRow) -> LastTest:
    rate = row.value("netmon_bandwidth_bytes_per_second")
    return LastTest(
        row.label("direction"),
        row.label("layer"),
        None if rate is None else rate * 8,
        row.label("netmon_bandwidth_verdict_info"),
        row.label("netmon_bandwidth_limited_by_info"),
    )
