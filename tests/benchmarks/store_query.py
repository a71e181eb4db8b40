"""The p95 of each hour of 90 days of one series of 10 s: from its readings, and from sealed statistics."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import _store_site as site
from _store_day import say, tell

from netmon.store.history_file import HistoryFile
from netmon.store.interface import Query
from netmon.store.journal import Journal
from netmon.store.reader import SqliteReader, open_reader

DAYS = 90
RUNS = 15
METRIC = "probe_rtt_p50_seconds"


def fill(folder: Path) -> None:
    """Write 90 days of two targets; a file has as many blocks as it has subjects, and only ours are read."""
    journal = Journal(HistoryFile(folder), 16 * 2**20)
    group = []
    for reading in site.site_readings(DAYS, pings=2, tables=0):
        group.append(reading)
        if len(group) == 2000:
            journal.commit(lambda: group, {})
            group.clear()
    journal.commit(lambda: group, {})
    steps = journal.seal(everything=True)
    while journal.step(steps) is not None:
        pass
    journal.close()


def ask(reader: SqliteReader, window_ms: int) -> float:
    query = Query("icmp", site.MIDNIGHT_MS, site.MIDNIGHT_MS + DAYS * 86_400_000, (("target", "target-0"),))
    began = time.perf_counter()
    answers = sum(1 for _ in reader.rollup(query, window_ms, [METRIC]))
    assert answers > DAYS * 24 - 2
    return (time.perf_counter() - began) * 1e3


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        fill(Path(name))
        say("filled")
        reader = open_reader(Path(name))
        # The quietest run: what else a machine does at the time shows in the others.
        # Half an hour is what no statistics were sealed for: twice the windows, the same readings.
        raw = min(ask(reader, 1_800_000) for _ in range(RUNS))
        sealed = min(ask(reader, 3_600_000) for _ in range(RUNS))
        reader.close()
    tell(
        "store_query",
        "raw_ms",
        raw,
        "ms",
        ("own floor", 300),
        f"{DAYS} days by half hours, warm, quietest of {RUNS}",
    )
    tell(
        "store_query",
        "rollup_ms",
        sealed,
        "ms",
        ("own floor", 10),
        f"{DAYS} days by hours, warm, quietest of {RUNS}",
    )


if __name__ == "__main__":
    main()
