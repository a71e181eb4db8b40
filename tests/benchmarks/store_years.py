"""400 days of the model site's files: how long the history takes to open with them, and what it then answers.

A day has as many blocks and hours as the model site's: 110 shapes, a reading of each every four hours.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from heapq import merge
from itertools import islice
from pathlib import Path

import _store_site as site
from _store_day import resident_mb, say, tell

from netmon.store.history_file import HistoryFile
from netmon.store.interface import Query
from netmon.store.journal import Journal
from netmon.store.reader import SqliteReader, open_reader

DAYS = int(os.environ.get("DAYS", "400"))
SHAPES = 110
PERIOD_MS = 4 * 3_600_000
DAY_MS = 86_400_000
RUNS = 5
FLOORS = {
    "open_ms": ("ms", 500), "rollups_of_all_ms": ("ms", 1000), "raw_day_ms": ("ms", 300),
    "rss_mb": ("MB", 30),
}  # fmt: skip


def fill(folder: Path) -> None:
    """Write and seal the days."""
    groups = [site.ping_group(number) for number in range(SHAPES)]
    readings = merge(
        *(site.group_readings(*group, PERIOD_MS, n * 250, DAYS, str(n)) for n, group in enumerate(groups)),
        key=lambda reading: reading.stamp.boottime_ns,
    )
    journal = Journal(HistoryFile(folder), 16 * 2**20)
    while group := list(islice(readings, 10_000)):
        journal.commit(lambda group=group: group, {})
        steps = journal.seal()
        while journal.step(steps) is not None:
            pass
    steps = journal.seal(everything=True)
    while journal.step(steps) is not None:
        pass
    journal.close()


def ask(reader: SqliteReader) -> dict[str, float]:
    """Time a question for all hours of one series, and one for its readings of a day in the middle."""
    began, middle_ms = time.perf_counter(), site.MIDNIGHT_MS + DAYS // 2 * DAY_MS
    target, end_ms = (("target", "target-0"),), site.MIDNIGHT_MS + DAYS * DAY_MS
    query = Query("icmp", site.MIDNIGHT_MS, end_ms, target)
    hours = sum(window.n for window in reader.rollup(query, 3_600_000, ["probe_rtt_p50_seconds"]))
    asked = time.perf_counter()
    readings = sum(1 for _ in reader.range(Query("icmp", middle_ms, middle_ms + DAY_MS, target)))
    assert hours > DAYS * 5
    assert readings > 5
    return {"rollups_of_all_ms": (asked - began) * 1e3, "raw_day_ms": (time.perf_counter() - asked) * 1e3}


def look(folder: Path) -> dict[str, float]:
    """Open the history and ask, in this process."""
    before_mb, opened = resident_mb(), []
    for _ in range(RUNS):
        began = time.perf_counter()
        journal = Journal(HistoryFile(folder), 2**20)
        opened.append((time.perf_counter() - began) * 1e3)
        journal.close()
    reader = open_reader(folder)
    found = ask(reader)
    reader.close()
    return {"open_ms": sorted(opened)[RUNS // 2], **found, "rss_mb": resident_mb() - before_mb}


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        fill(Path(name))
        say("filled")
        done = subprocess.run([sys.executable, __file__, name], stdout=subprocess.PIPE, check=True)
    note = f"{DAYS} days with the blocks of the model site, nothing in the log; median of {RUNS} openings"
    for metric, value in json.loads(done.stdout).items():
        unit, floor = FLOORS[metric]
        tell("store_years", metric, value, unit, ("own floor", floor), note)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(look(Path(sys.argv[1]))))
    else:
        main()
