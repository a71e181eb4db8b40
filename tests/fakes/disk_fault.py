"""A disk that fails below the daemon when a test says so, and what it does then (tests/tools/diskfault)."""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from fakes.daemon import DaemonProcess

from netmon.model import Reading
from netmon.store.reader import open_reader

SOURCE = Path(__file__).parents[1] / "tools" / "diskfault" / "diskfault.c"


def compiler() -> str | None:
    return shutil.which("gcc") or shutil.which("cc")


class DiskFault:
    """The disk of a process that is started with `environ`."""

    def __init__(self, work: Path, below: Path) -> None:
        self._state, library = work / "diskfault", work / "diskfault.so"
        self.set("")
        command = [compiler() or "cc", "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"]
        subprocess.run(command, check=True)
        self.environ = {
            "LD_PRELOAD": str(library), "DISKFAULT_STATE": str(self._state), "DISKFAULT_FOLDER": str(below),
        }  # fmt: skip

    def set(self, fault: str) -> None:
        """Fail like this from now on: "full", "read-only", "error", "slow 30000" (ms), "" (well)."""
        with self._state.open("r+b" if self._state.exists() else "wb", buffering=0) as file:
            file.write(fault.encode().ljust(31, b"\n"))


@dataclass(frozen=True, slots=True)
class Endured:
    """What the daemon did while its disk failed, and after."""

    pending: int
    """Most records that waited in memory."""
    page_seconds: float
    """Slowest answer of the page and of `/metrics`."""
    recovery_seconds: float
    """From the end of the fault until nothing waited any more."""
    gap_seconds: float
    """Longest time without a stored reading of one target, fault and recovery included."""
    dropped: int
    """Records that the daemon counted as lost."""


def own_number(daemon: DaemonProcess, name: str) -> float:
    """Return one of the daemon's own numbers."""
    lines = daemon.get("/metrics")[1].splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))


def endure(daemon: DaemonProcess, disk: DiskFault, fault: str, seconds: float) -> Endured:
    """Let the disk fail for a while; wait until the daemon has recovered alone; look what is stored."""
    dropped = own_number(daemon, "netmon_store_dropped_records_total")
    began_ms, ends, pending, slowest = time.time_ns() // 10**6, time.monotonic() + seconds, 0.0, 0.0
    disk.set(fault)
    while time.monotonic() < ends:
        slowest = max(slowest, _page_seconds(daemon))
        pending = max(pending, own_number(daemon, "netmon_store_pending_records"))
        time.sleep(0.1)
    disk.set("")
    well = time.monotonic()
    commits = own_number(daemon, "netmon_store_commits_total")
    daemon.wait_until(
        lambda: (
            own_number(daemon, "netmon_store_commits_total") > commits
            and own_number(daemon, "netmon_store_writable") == 1
            and own_number(daemon, "netmon_store_pending_records") < pending / 2 + 20
        ),
        f"recovery from {fault}",
        90,
    )
    recovery = time.monotonic() - well
    dropped = own_number(daemon, "netmon_store_dropped_records_total") - dropped
    return Endured(int(pending), slowest, recovery, _gap_seconds(daemon.state, began_ms), int(dropped))


def _page_seconds(daemon: DaemonProcess) -> float:
    slowest = 0.0
    for path in ("/", "/metrics"):
        began = time.monotonic()
        assert daemon.get(path)[0] == 200
        slowest = max(slowest, time.monotonic() - began)
    return slowest


def _gap_seconds(state: Path, began_ms: int) -> float:
    """Return the longest time between two readings of a target, from a moment to the newest one."""
    seen: dict[str, list[int]] = {}
    with closing(open_reader(state)) as reader:
        for record in reader.records(began_ms, 2**42, "tcp"):
            if isinstance(record, Reading):
                for row in record.shape.rows:
                    seen.setdefault(dict(row.key)["target"], []).append(record.stamp.boottime_ns)
    return max(b - a for stamps in seen.values() for a, b in pairwise(sorted(stamps))) / 1e9
