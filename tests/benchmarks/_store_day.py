"""One day of the model site into the history and into its peers, and what that cost each of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import _store_site as site
from fakes.servers import Server, influxd, victoria_metrics

from netmon.model import Number, Reading
from netmon.store.history_file import HistoryFile
from netmon.store.journal import Journal

DAYS = float(os.environ.get("DAYS", "1"))
COMMIT_NS = 5 * 10**9
BATCH_RECORDS = 2000
TICKS = os.sysconf("SC_CLK_TCK")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def written_bytes(pid: int | str = "self") -> int:
    """What a process has sent towards the disk, as the kernel counts it."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


def resident_mb(pid: int | str = "self") -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def commits(readings: Iterable[Reading]) -> Iterator[list[Reading]]:
    """Cut readings into groups of five seconds."""
    group: list[Reading] = []
    now = -1
    for reading in readings:
        at = reading.stamp.boottime_ns // COMMIT_NS
        if at != now and group:
            yield group
            group = []
        now = at
        group.append(reading)
    yield group


def work(folder: Path) -> dict[str, float]:
    """Commit, seal and read back a day in this process; return what it cost."""
    journal = Journal(HistoryFile(folder), 16 * 2**20)
    before_mb, samples, spent, longest = resident_mb(), 0, 0.0, 0.0
    for group in commits(site.site_readings(DAYS)):
        samples += sum(map(site.samples, group))
        began = time.process_time()
        journal.commit(lambda group=group: group, {})
        spent += time.process_time() - began
    committed_bytes = written_bytes()
    began = time.process_time()
    steps = journal.seal(everything=True)
    more: object = True
    while more:
        step = time.perf_counter()
        more = journal.step(steps)
        longest = max(longest, time.perf_counter() - step)
    sealed = time.process_time() - began
    sealing_mb, position, began = resident_mb(), 0, time.process_time()
    while entries := journal.after(position, 256):
        position = entries[-1].position
    size = sum(path.stat().st_size for path in folder.glob("sealed/*/*"))
    journal.close()
    began_opening = time.perf_counter()
    Journal(HistoryFile(folder), 2**20).close()
    return {
        "samples": samples, "bytes_per_sample": size / samples, "commit_us": spent / samples * 1e6,
        "seal_us": sealed / samples * 1e6, "read_us": (time.process_time() - began) / samples * 1e6,
        "mb_per_day": written_bytes() / 1e6 / DAYS, "commit_mb": committed_bytes / 1e6 / DAYS,
        "rss_mb": max(sealing_mb, resident_mb()) - before_mb, "longest_step_ms": longest * 1e3,
        "open_ms": (time.perf_counter() - began_opening) * 1e3,
    }  # fmt: skip


def ours() -> dict[str, float]:
    """Do that in a process of its own, so that nothing else is counted."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, __file__, folder], stdout=subprocess.PIPE, check=True, env={**os.environ}
        )
    found: dict[str, float] = json.loads(done.stdout)
    say(f"netmon: {found}")
    return found


def lines(reading: Reading) -> Iterator[str]:
    """Return a reading in line protocol."""
    for at, row in enumerate(reading.shape.rows):
        tags = "".join(f",{name}={value}" for name, value in row.key)
        fields = ",".join(
            f"{metric.name}={column[at]}{'i' if metric.number is Number.INTEGER else ''}"
            for metric, column in zip(reading.shape.metrics, reading.columns, strict=True)
        )
        yield f"{reading.shape.measurement}{tags} {fields} {reading.stamp.wall_ms}"


def feed(server: Server, path: str) -> None:
    readings = site.site_readings(DAYS)
    while batch := list(islice(readings, BATCH_RECORDS)):
        body = "\n".join(line for reading in batch for line in lines(reading)).encode()
        # Without a type of content it would be taken for a form.
        headers = {"Content-Type": "text/plain"}
        urllib.request.urlopen(urllib.request.Request(f"{server.url}{path}", body, headers)).close()


def disk_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def peer(name: str) -> dict[str, float]:
    """Feed the day to a server in as few requests as it likes, let it settle, and look what it cost."""
    with tempfile.TemporaryDirectory() as path, ExitStack() as stack:
        folder = Path(path)
        if name == "influxd":
            server = stack.enter_context(influxd(folder))
            urllib.request.urlopen(
                urllib.request.Request(f"{server.url}/query?q=CREATE+DATABASE+bench", b"", method="POST")
            ).close()
            feed(server, "/write?db=bench&precision=ms")
            data = [folder / "data", folder / "wal"]
        else:
            server = stack.enter_context(victoria_metrics(folder))
            feed(server, "/write?precision=ms")
            server.get("/internal/force_flush")
            server.get("/internal/force_merge")
            data = [folder / "victoria"]
        time.sleep(15)
        assert server.process is not None
        pid = server.process.pid
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        samples = DAYS * 86_400 * site.SAMPLES_PER_SECOND * 0.998
        found = {
            "bytes_per_sample": sum(map(disk_bytes, data)) / samples,
            "cpu_us_per_sample": (int(fields[11]) + int(fields[12])) / TICKS / samples * 1e6,
            "mb_per_day": written_bytes(pid) / 1e6 / DAYS, "rss_mb": resident_mb(pid),
        }  # fmt: skip
    say(f"{name}: {found}")
    return found


def tell(
    bench: str, metric: str, value: float, unit: str, other: tuple[str, float | None], note: str
) -> None:
    """Print one result; less is better in all of them."""
    name, theirs = other
    ratio = None if theirs is None or not value else round(theirs / value, 2)
    row = {
        "bench": bench, "metric": metric, "value": round(value, 3), "unit": unit, "peer": name,
        "peer_value": None if theirs is None else round(theirs, 3), "ratio": ratio, "runs": 1, "note": note,
    }  # fmt: skip
    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    print(json.dumps(work(Path(sys.argv[1]))))
