"""The estate's year, 200 sites by the minute, read from their stores and reported; and a site's month.

Some sites are written minute by minute through the real store; the others are copies of their folders under
other names. DISTINCT, SITES and DAYS make it smaller; PROCESSES is how many read.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from _evidence_inputs import write_inputs
from _evidence_site import copy, write
from _results import report, say

SITES = int(os.environ.get("SITES", "200"))
DISTINCT = min(int(os.environ.get("DISTINCT", "4")), SITES)
DAYS = int(os.environ.get("DAYS", "365"))
PROCESSES = int(os.environ.get("PROCESSES", str(len(os.sched_getaffinity(0)))))
FIRST = date(2026, 1, 1)
LAST = FIRST + timedelta(days=DAYS - 1)
MONTH = LAST.replace(day=1)
START_MINUTE = int(datetime(FIRST.year, 1, 1, tzinfo=UTC).timestamp()) // 60
NAMES = [f"site-{number:03d}" for number in range(SITES)]
RUNS = 3
LOOK_SECONDS = 0.1
FLOORS = {"report_seconds": 60, "rss_mb": 500, "site_month_seconds": 5}


def fill(folder: Path) -> None:
    """Write the distinct sites, and copy them until there are enough."""
    with ProcessPoolExecutor(PROCESSES) as pool:
        one = partial(write_one, folder)
        list(pool.map(one, range(DISTINCT)))
    for number in range(DISTINCT, SITES):
        copy(folder / NAMES[number % DISTINCT], folder / NAMES[number], NAMES[number])


def write_one(folder: Path, number: int) -> None:
    path = folder / NAMES[number]
    path.mkdir()
    write(path, NAMES[number], number, START_MINUTE, DAYS)


def measured(*words: str) -> tuple[float, float, float]:
    """Run the command; return seconds, its processor seconds, and the most MB that all its processes had."""
    began, before, most = time.monotonic(), sum(os.times()[2:4]), 0.0
    process = subprocess.Popen([sys.executable, "-m", "netmon", "report", *words])
    while process.poll() is None:
        most = max(most, sum(map(held_mb, [process.pid, *children(process.pid)])))
        time.sleep(LOOK_SECONDS)
    if process.returncode:
        sys.exit(f"netmon report {' '.join(words)} ended with {process.returncode}")
    return time.monotonic() - began, sum(os.times()[2:4]) - before, most


def children(pid: int) -> list[int]:
    try:
        found = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [*found, *(one for child in found for one in children(child))]


def held_mb(pid: int) -> float:
    """Return what a process holds; what several share counts for each of them."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))
    except (OSError, StopIteration):
        return 0.0


def tell(metric: str, value: float, unit: str, note: str, runs: int = 1) -> None:
    floor = FLOORS[metric] if (SITES, DAYS) == (200, 365) else None
    report(
        "evidence_year",
        metric,
        value,
        unit,
        lower=True,
        peer="own floor",
        peer_value=floor,
        runs=runs,
        note=note,
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        sites, inputs, page = Path(name, "sites"), Path(name, "inputs"), Path(name, "report.json")
        sites.mkdir()
        began = time.monotonic()
        fill(sites)
        write_inputs(inputs, NAMES)
        size_mb = sum(path.stat().st_size for path in sites.rglob("*") if path.is_file()) / 1e6
        say(f"written in {time.monotonic() - began:.0f} s: {size_mb:.0f} MB")
        common = ("--sites", str(sites), "--inputs", str(inputs), "--output", str(page))
        days = ("--from", str(FIRST), "--to", str(LAST))
        seconds, busy, most = measured("estate", *days, *common, "--processes", str(PROCESSES))
        size_kb = page.stat().st_size / 1e3
        note = (
            f"{SITES} lines x {DAYS} days of minutes in {size_mb:.0f} MB of stores, {PROCESSES} processes, "
            f"{busy:.0f} s of processor time; {DISTINCT} sites were written, the others are copies; "
            f"a document of {size_kb:.0f} kB"
        )
        tell("report_seconds", seconds, "s", note)
        tell("rss_mb", most, "MB", "of all processes together, shared pages counted for each")
        month = ("--month", f"{MONTH:%Y-%m}", *common[:4], "--output", str(Path(name, "site.html")))
        found = [measured("site", NAMES[SITES // 2], *month) for _ in range(RUNS)]
        note = f"command and page included, {min(busy for _, busy, _ in found):.1f} s of processor time"
        tell("site_month_seconds", min(one for one, _, _ in found), "s", note, RUNS)
        shutil.rmtree(sites)


if __name__ == "__main__":
    main()
