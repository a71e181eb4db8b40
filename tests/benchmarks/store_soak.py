"""Thirty days in some minutes: memory, open files and days of a history that keeps house each hour."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Iterator
from pathlib import Path

import _store_site as site
from _store_day import resident_mb, say, tell

from netmon.store.history_file import HistoryFile
from netmon.store.journal import Journal
from netmon.store.retention import Terms

DAYS = 30
KEPT_DAYS = 10
HOUR_NS = 3600 * 10**9


def take(journal: Journal, steps: Iterator[object]) -> None:
    while journal.step(steps):
        pass


def keep_house(journal: Journal, wall_ms: int) -> None:
    """What the history does each hour."""
    take(journal, journal.seal())
    oldest_ms = wall_ms - KEPT_DAYS * 86_400_000
    take(journal, journal.expire(Terms(oldest_ms, oldest_ms, 2**40, 2**60, journal.newest)))
    take(journal, journal.scrub())


def main() -> None:
    memory: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        journal = Journal(HistoryFile(folder), 2**20)
        group, hour, files = [], 0, []
        for reading in site.site_readings(DAYS, pings=3, tables=3):
            group.append(reading)
            if len(group) == 100:
                journal.commit(lambda: group, {})
                group.clear()
            now = reading.stamp.boottime_ns // HOUR_NS
            if now != hour:
                hour = now
                keep_house(journal, reading.stamp.wall_ms)
                if hour % 24 == 0:
                    gc.collect()
                    memory.append(resident_mb())
                    files.append(len(list(Path("/proc/self/fd").iterdir())))
                    say(f"day {hour // 24}: {memory[-1]:.1f} MB, {files[-1]} open files")
        days = len({path.name[:10] for path in (folder / "sealed").iterdir()})
        journal.close()
    slope = (memory[-1] - memory[KEPT_DAYS]) / (len(memory) - KEPT_DAYS - 1)
    tell("store_soak", "rss_mb_per_day", slope, "MB", ("own floor", 1), f"from day {KEPT_DAYS} to day {DAYS}")
    growth = files[-1] - files[KEPT_DAYS]
    tell("store_soak", "open_files_growth", growth, "count", ("own floor", None), f"{files[-1]} at the end")
    tell("store_soak", "days_kept", days, "days", ("own floor", None), f"{KEPT_DAYS} are to be kept")


if __name__ == "__main__":
    main()
