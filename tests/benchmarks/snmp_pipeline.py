"""The whole daemon per poll against the peer's scrape alone: CPU milliseconds per 673 values.

The daemon polls simulated switches, keeps shapes and epochs, renders the exposition, stores, and sends
to a real InfluxDB; /metrics is read every fifteen seconds, as a Prometheus would. The peer only scrapes.
The collector reads more than 673 values per poll (other columns and names as well), so its cost is
scaled by the number of values that it stores.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from _snmp_lab import (
    COMMUNITY,
    EXPORTER,
    OURS,
    PORTS,
    THEIRS,
    VARBINDS,
    address,
    agents,
    attempt,
    cpu_seconds,
    exporter,
    exporter_version,
    report,
    say,
    status_kb,
)
from fakes.daemon import DaemonProcess
from fakes.servers import influxd

from collectors.snmp.interface_fields import FAST

DEVICES = 50
EVERY_SECONDS = 2
WARM_SECONDS = 40
RUNS = 5
RUN_SECONDS = 15
FLOOR = 1.5
"""The daemon may need so much more than the peer's scrape."""

HEAD = """
[site]
id = "bench"
[store]
hold_unsynced = "0s"
[credential.lab]
version = "2c"
community = {{ env = "LAB_COMMUNITY" }}
[output.influxdb]
url = "{influx}"
version = "1"
database = "bench"
"""
DEVICE = """
[[device]]
name = "switch-{n}"
address = "{address}:{port}"
credential = "lab"
every = "{every}s"
collect = ["interfaces"]
"""


def job_runs(daemon: DaemonProcess) -> float:
    """Count the polls so far; there are no other jobs."""
    text = daemon.get("/metrics")[1]
    return float(
        next(line for line in text.splitlines() if line.startswith("netmon_job_runs_total")).split()[-1]
    )


def daemon_ms(folder: Path, agent_port: int) -> tuple[float, int]:
    """Return CPU milliseconds per poll, and resident kilobytes."""
    with ExitStack() as stack:
        os.sched_setaffinity(0, THEIRS)
        influx = stack.enter_context(influxd(folder))
        os.sched_setaffinity(0, OURS)
        daemon = DaemonProcess(folder / "daemon", environ={"LAB_COMMUNITY": COMMUNITY})
        stack.callback(daemon.kill)
        daemon.folder.mkdir()
        daemon.write_config(
            HEAD.format(influx=influx.url)
            + "".join(
                DEVICE.format(n=n, address=address(n), port=agent_port, every=EVERY_SECONDS)
                for n in range(DEVICES)
            )
        )
        assert daemon.command("influx", "setup", "--config", str(daemon.config_file)).returncode == 0
        daemon.start()
        assert daemon.process is not None
        os.sched_setaffinity(0, THEIRS)
        time.sleep(WARM_SECONDS)
        pid, runs = daemon.process.pid, []
        for _ in range(RUNS):
            before, done = cpu_seconds(pid), job_runs(daemon)
            time.sleep(RUN_SECONDS)
            seen = daemon.get("/metrics")[1]
            runs.append(1000 * (cpu_seconds(pid) - before) / (job_runs(daemon) - done))
        assert f'device="switch-{DEVICES - 1}"' in seen, "every device must have been polled"
        assert 'netmon_sink_state{sink="influxdb",state="ok"} 1.0' in seen, "InfluxDB must be on"
        say(f"the daemon: {runs} ms per poll")
        return statistics.median(runs), status_kb("VmRSS", pid)


def peer_ms(agent_port: int) -> float:
    if shutil.which(EXPORTER) is None:
        raise FileNotFoundError(EXPORTER)
    with tempfile.TemporaryDirectory() as name, exporter(Path(name), agent_port) as peer:
        peer.ms_per_scrape(DEVICES, 25, 1.0)
        found = statistics.median(peer.ms_per_scrape(DEVICES, 25, 3.0) for _ in range(RUNS))
        say(f"{EXPORTER}: {found} ms per scrape")
        return found


def main() -> None:
    with agents() as port, tempfile.TemporaryDirectory() as name:
        theirs, missing = attempt(EXPORTER, lambda: peer_ms(port))
        mine, resident = daemon_ms(Path(name), port)
        values = PORTS * len(FAST)
        scaled = mine * VARBINDS / values
        peer = EXPORTER if theirs is None else exporter_version()
        note = missing or (
            f"{DEVICES} devices every {EVERY_SECONDS} s; {mine:.3f} ms for {values} values and names;"
            f" {resident // 1024} MB; floor: ratio {1 / FLOOR:.2f}"
        )
        report(
            "snmp_pipeline",
            "cpu_ms_per_poll",
            scaled,
            "ms",
            peer=peer,
            peer_value=theirs,
            lower=True,
            runs=RUNS,
            note=note,
        )


if __name__ == "__main__":
    main()
