"""How the history is doing, as samples for netmon's own metrics."""

from __future__ import annotations

from collections.abc import Iterator

from netmon.model import Labels, Metric, counter, gauge, integer, state
from netmon.store.history import SqliteHistory

SIZE = integer("netmon_store_size_bytes", "Size of the history on disk, write-ahead log included.")
NEWEST = counter(
    "netmon_store_records_total", "Records written since the history began; some may have expired."
)
PENDING = integer("netmon_store_pending_records", "Records accepted and not yet durable.")
COMMITS = counter("netmon_store_commits_total", "Group commits since the start.")
COMMIT_SECONDS = gauge(
    "netmon_store_commit_duration_seconds", "How long the last commit took; an SD card may pause."
)
REFUSED = counter(
    "netmon_store_refused_commits_total",
    "Commits that the disk refused since the start; nothing is lost by one.",
)
DROPPED = counter(
    "netmon_store_dropped_records_total", "Records lost because the disk refused or hung for too long."
)
UNSTORABLE = counter(
    "netmon_store_unstorable_records_total",
    "Records left out because a source filled them with what cannot be stored; the log names each kind once.",
)
DAMAGED = counter(
    "netmon_store_damaged_records_total", "Damaged records and files met and set aside since the start."
)
EXPIRED = counter("netmon_store_expired_records_total", "Records deleted by age or size since the start.")
UNSENT = counter(
    "netmon_store_unsent_records_total",
    "Records that the byte budget deleted before every sink had them, since the start.",
)
WRITABLE = state("netmon_store_writable", "1 while the disk takes records, 0 while they wait in memory.")
STORE_METRICS: tuple[Metric, ...] = (
    SIZE, NEWEST, PENDING, COMMITS, COMMIT_SECONDS, REFUSED, DROPPED, UNSTORABLE,
    DAMAGED, EXPIRED, UNSENT, WRITABLE,
)  # fmt: skip


def store_samples(history: SqliteHistory) -> Iterator[tuple[Metric, Labels, float]]:
    """Yield the state of the history."""
    yield SIZE, (), history.size_bytes
    yield NEWEST, (), history.newest
    yield PENDING, (), history.pending_records
    yield COMMITS, (), history.commits_total
    yield COMMIT_SECONDS, (), history.commit_seconds_last
    yield REFUSED, (), history.refused_commits_total
    yield DROPPED, (), history.dropped_total
    yield UNSTORABLE, (), history.unstorable_total
    yield DAMAGED, (), history.damaged_total
    yield EXPIRED, (), history.expired_total
    yield UNSENT, (), history.dropped_unsent_total
    yield WRITABLE, (), int(not history.refusal)
