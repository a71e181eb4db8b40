"""What the daemon costs: memory, time to ready and CPU, with switches of 48 ports and a real InfluxDB.

Two sizes: a usual site (5 devices), and the largest one (50 devices). No peer does all of this in one
process, so `ratio` is against the project's own floor for that size. Memory is measured before the first
scrape, which has the texts written that later ones join, and after it.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from fakes.daemon import DaemonProcess
from fakes.ports import free_port
from fakes.servers import influxd

AGENT = Path(__file__).parents[1] / "tools" / "simagent" / "agent.c"
STARTS = 5
SECONDS = 90
TICKS = os.sysconf("SC_CLK_TCK")
FLOORS = {
    5: {"rss_mb": 90, "rss_scraped_mb": 100, "ready_seconds": 1.5, "cpu_percent": 6},
    50: {"rss_mb": 110, "rss_scraped_mb": 120, "ready_seconds": 1.5, "cpu_percent": 10},
}

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
address = "127.1.0.{n}:{port}"
credential = "lab"
every = "30s"
collect = ["system", "interfaces"]
"""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def start_agent(stack: ExitStack, folder: Path) -> int:
    binary, port = folder / "simagent", free_port()
    subprocess.run([shutil.which("gcc") or "cc", "-O3", "-o", str(binary), str(AGENT)], check=True)
    process = subprocess.Popen([str(binary), "-p", str(port), "-n", "48", "-L", "-q"])
    stack.callback(process.kill)
    return port


def resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure(devices: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        port = start_agent(stack, folder)
        influx = stack.enter_context(influxd(folder))
        daemon = DaemonProcess(folder / "daemon", environ={"LAB_COMMUNITY": "public"})
        stack.callback(daemon.kill)
        daemon.folder.mkdir()
        daemon.write_config(
            HEAD.format(influx=influx.url)
            + "".join(DEVICE.format(n=n, port=port) for n in range(1, devices + 1))
        )
        assert daemon.command("influx", "setup", "--config", str(daemon.config_file)).returncode == 0
        ready = []
        for again in range(STARTS):
            began = time.monotonic()
            daemon.start()
            ready.append(time.monotonic() - began)
            if again < STARTS - 1:
                daemon.stop()
        assert daemon.process is not None
        time.sleep(30)
        before, began = cpu_seconds(daemon.process.pid), time.monotonic()
        time.sleep(SECONDS)
        spent = cpu_seconds(daemon.process.pid) - before
        unscraped_mb = resident_mb(daemon.process.pid)
        seen = daemon.get("/metrics")[1]
        assert f'device="switch-{devices}"' in seen, "every device must have been polled"
        assert 'netmon_sink_state{sink="influxdb",state="ok"} 1.0' in seen, "InfluxDB must be on"
        return {
            "rss_mb": unscraped_mb,
            "rss_scraped_mb": resident_mb(daemon.process.pid),
            "ready_seconds": statistics.median(ready),
            "cpu_percent": 100 * spent / (time.monotonic() - began),
        }


def main() -> None:
    for devices, floors in FLOORS.items():
        say(f"{devices} devices ...")
        for metric, value in measure(devices).items():
            row = {
                "bench": "daemon_footprint",
                "metric": metric,
                "value": round(value, 3),
                "unit": metric.split("_")[-1],
            }
            row |= {
                "peer": "own floor",
                "peer_value": floors[metric],
                "ratio": round(floors[metric] / value, 2),
            }
            row |= {"runs": STARTS if metric == "ready_seconds" else 1}
            print(
                json.dumps(row | {"note": f"{devices} devices x 48 ports every 30 s, InfluxDB on"}),
                flush=True,
            )


if __name__ == "__main__":
    main()
