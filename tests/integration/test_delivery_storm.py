"""Daemon and servers are killed again and again: every reading is everywhere, exactly once."""

import contextlib

import pytest
from fakes.daemon import DaemonProcess
from fakes.servers import influxd, victoria_metrics
from fakes.storm import Storm, config, listener, stored, wait_for_all

DAEMON_KILLS, SERVER_KILLS, SERVER_SECONDS = 6, 3, 3.0


@pytest.mark.servers
def test_every_reading_is_everywhere_exactly_once_whoever_is_killed(tmp_path):
    for name in ("influx", "victoria", "daemon"):
        (tmp_path / name).mkdir()
    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(listener()) for _ in range(4)]
        influx = stack.enter_context(influxd(tmp_path / "influx"))
        # As its operators should run it: what comes twice is one.
        victoria = stack.enter_context(
            victoria_metrics(tmp_path / "victoria", "-dedup.minScrapeInterval=1ms")
        )
        daemon = DaemonProcess(tmp_path / "daemon")
        stack.callback(daemon.kill)
        daemon.write_config(config(ports, influx, victoria, tmp_path / "files"))
        assert daemon.command("influx", "setup", "--config", str(daemon.config_file)).returncode == 0
        daemon.start()
        daemon.wait_until(lambda: stored(daemon.state), "a first reading")
        storm = Storm(daemon, (influx, victoria), DAEMON_KILLS, SERVER_KILLS, SERVER_SECONDS)
        storm.rage()
        found = wait_for_all(storm, tmp_path / "files")
        for name, (count, lost, doubled) in found.items():
            assert count > 20
            assert (name, lost, doubled) == (name, 0, 0), daemon.log[-3000:]
        assert "Traceback" not in daemon.log
