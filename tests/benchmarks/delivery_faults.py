"""The daemon killed 100 times, influxd and VictoriaMetrics 25 times and down half of the time."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from pathlib import Path

from fakes.daemon import DaemonProcess
from fakes.servers import influxd, victoria_metrics
from fakes.storm import Storm, config, listener, stored, wait_for_all

DAEMON_KILLS, SERVER_KILLS, SERVER_SECONDS = 100, 25, 10.0


def storm(folder: Path) -> dict[str, tuple[int, int, int]]:
    with contextlib.ExitStack() as stack:
        for name in ("influx", "victoria", "daemon"):
            (folder / name).mkdir()
        ports = [stack.enter_context(listener()) for _ in range(16)]
        influx = stack.enter_context(influxd(folder / "influx"))
        victoria = stack.enter_context(victoria_metrics(folder / "victoria", "-dedup.minScrapeInterval=1ms"))
        daemon = DaemonProcess(folder / "daemon")
        stack.callback(daemon.kill)
        daemon.write_config(config(ports, influx, victoria, folder / "files"))
        daemon.command("influx", "setup", "--config", str(daemon.config_file))
        daemon.start()
        daemon.wait_until(lambda: stored(daemon.state), "a first reading")
        raging = Storm(daemon, (influx, victoria), DAEMON_KILLS, SERVER_KILLS, SERVER_SECONDS)
        raging.rage()
        return wait_for_all(raging, folder / "files")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = storm(Path(folder))
    bad = 0
    for name, (readings, lost, doubled) in found.items():
        bad += lost + doubled
        note = f"{name}: {readings} values; kills: daemon {DAEMON_KILLS}, servers {SERVER_KILLS} each"
        for metric, value in (("lost", lost), ("doubled", doubled)):
            row = {"bench": "delivery_faults", "metric": metric, "value": value, "unit": "values"}
            print(json.dumps({**row, "peer": "", "peer_value": None, "ratio": None, "runs": 1, "note": note}))
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
