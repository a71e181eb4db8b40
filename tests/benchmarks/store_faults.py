"""The daemon on a disk that is full, read-only, broken, or takes 30 s for each sync: a minute of each.

No peer offers such a figure: `ratio` is against a floor of our own. SECONDS makes it shorter or longer.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from _results import report, say
from fakes.daemon import DaemonProcess
from fakes.disk_fault import DiskFault, Endured, endure
from fakes.storm import listener

SECONDS = float(os.environ.get("SECONDS", "60"))
FAULTS = ("full", "read-only", "error", "slow 30000")
TARGETS = 20
CONFIG = """
[site]
id = "lib"

[[probe]]
name = "web"
type = "tcp"
role = "anchor"
targets = [{targets}]
every = "1s"
timeout = "500ms"
"""


def suffer(folder: Path) -> dict[str, Endured]:
    found = {}
    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(listener()) for _ in range(TARGETS)]
        targets = ", ".join(f'"127.0.0.1:{port}"' for port in ports)
        daemon = DaemonProcess(folder, CONFIG.format(targets=targets))
        disk = DiskFault(folder, daemon.state)
        daemon.environ = disk.environ
        stack.callback(daemon.kill)
        daemon.start()
        for fault in FAULTS:
            found[fault] = endure(daemon, disk, fault, SECONDS)
            say(f"{fault}: {found[fault]}")
        assert "Traceback" not in daemon.log, daemon.log
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = suffer(Path(folder))
    for fault, seen in found.items():
        note = f"{fault} for {SECONDS:.0f} s; {TARGETS} targets each second; {seen.pending} records waited"
        report(
            "store_faults",
            "poll_gap_s",
            seen.gap_seconds,
            "s",
            peer="own floor",
            peer_value=2,
            lower=True,
            note=note,
        )
        report(
            "store_faults",
            "page_s",
            seen.page_seconds,
            "s",
            peer="own floor",
            peer_value=1,
            lower=True,
            note=note,
        )
        report("store_faults", "dropped", seen.dropped, "count", note=note)
        report("store_faults", "recovery_s", seen.recovery_seconds, "s", note=note)


if __name__ == "__main__":
    main()
