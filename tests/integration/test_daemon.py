"""The real daemon, seen from outside."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from fakes.daemon import DaemonProcess
from fakes.ports import free_port

from netmon.model import Reading
from netmon.store.reader import open_reader

CONFIG = """
[site]
id = "lib"

[store]
commit_every = "100ms"

[[probe]]
name = "web"
type = "tcp"
role = "anchor"
targets = ["127.0.0.1:{port}"]
every = "1s"
timeout = "500ms"
"""


@pytest.fixture
def listener():
    """A TCP listener that somebody answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    server.accept()[0].close()

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]


@pytest.fixture
def daemon(tmp_path, listener):
    process = DaemonProcess(tmp_path, CONFIG.format(port=listener))
    yield process
    process.kill()


def readings(state, measurement="tcp"):
    """Every committed reading of a measurement, by position."""
    reader = open_reader(state)
    try:
        entries, found = reader.after(0, 10_000), {}
        while entries:
            found |= {
                e.position: (e.record.stamp, e.record.columns)
                for e in entries
                if isinstance(e.record, Reading) and e.record.shape.measurement == measurement
            }
            entries = reader.after(entries[-1].position, 10_000)
        return found
    finally:
        reader.close()


def test_a_reading_goes_from_the_wire_to_page_metrics_api_and_export(daemon):
    daemon.start()
    daemon.wait_until(
        lambda: 'probe_success{site="lib",probe="web"' in daemon.get("/metrics")[1], "a first reading"
    )
    status, metrics = daemon.get("/metrics")
    assert status == 200
    assert "netmon_up{" in metrics
    assert "netmon_build_info{" in metrics
    assert daemon.get("/-/healthy")[0] == 200
    assert "<html" in daemon.get("/")[1]
    assert daemon.json("/api/v1/verdict")
    daemon.wait_until(lambda: readings(daemon.state), "a commit")
    assert "probe_success" in daemon.command("export", "--from", "-1h").stdout


def test_sigterm_stops_within_five_seconds_and_loses_nothing(daemon):
    daemon.write_config(
        daemon.config.replace("100ms", "1h").replace('commit_every = "1h"', 'commit_every = "5m"')
    )
    daemon.start()
    daemon.wait_until(
        lambda: 'probe_success{site="lib",probe="web"' in daemon.get("/metrics")[1], "a first reading"
    )
    assert daemon.stop() < 5
    assert daemon.process.returncode == 0
    assert readings(daemon.state), "what was measured before the stop must be in the history"
    assert "Traceback" not in daemon.log


def test_nothing_that_was_committed_is_missing_after_twenty_kills(daemon):
    chance, committed = random.Random(1), {}
    for _ in range(20):
        daemon.start()
        before = len(committed)
        daemon.wait_until(lambda before=before: len(readings(daemon.state)) > before, "a commit", 20)
        time.sleep(chance.uniform(0, 0.2))
        committed |= readings(daemon.state)
        daemon.kill()
        after = readings(daemon.state)
        assert {position: after.get(position) for position in committed} == committed
    assert "damaged" not in daemon.log


def test_a_second_daemon_on_the_same_state_says_so_and_leaves(daemon):
    daemon.start()
    second = DaemonProcess(daemon.folder, port=free_port())
    second.start(ready=False)
    assert second.process.wait(20) == 1
    assert "is used by another netmon" in daemon.log
    assert "Traceback" not in daemon.log
    assert daemon.get("/-/ready")[0] == 200


def test_a_state_folder_that_cannot_be_written_is_told_in_words(tmp_path):
    (tmp_path / "state").mkdir()
    daemon = DaemonProcess(tmp_path, '[site]\nid = "lib"\n')
    daemon.write_config(daemon.config)
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    daemon.environ["STATE_DIRECTORY"] = str(blocked)
    daemon.start(ready=False)
    assert daemon.process.wait(20) == 1
    assert "STATE_DIRECTORY" in daemon.log
    assert "Traceback" not in daemon.log


def test_a_port_in_use_is_told_in_words(daemon, listener):
    daemon.port = listener
    daemon.start(ready=False)
    assert daemon.process.wait(20) == 1
    assert "listen" in daemon.log
    assert "Traceback" not in daemon.log


def test_a_broken_reload_keeps_the_old_configuration_and_shows_in_a_metric(daemon):
    daemon.start()
    assert "netmon_config_last_reload_successful 1.0" in daemon.get("/metrics")[1]
    daemon.write_config(daemon.config.replace("every", "evry"))
    status, problem = daemon.post("/-/reload")
    assert status == 500
    assert "every" in json.loads(problem)["detail"] or "every" in problem
    assert "netmon_config_last_reload_successful 0.0" in daemon.get("/metrics")[1]
    count = len(readings(daemon.state))
    daemon.wait_until(lambda: len(readings(daemon.state)) > count, "the old configuration to go on")
    daemon.write_config(daemon.config)
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_until(
        lambda: "netmon_config_last_reload_successful 1.0" in daemon.get("/metrics")[1], "a good reload"
    )


def test_a_reload_ends_the_series_of_what_left_and_keeps_the_rest(daemon):
    daemon.start()
    daemon.wait_until(lambda: 'probe="web"' in daemon.get("/metrics")[1], "a first reading")
    daemon.write_config(daemon.config.replace('name = "web"', 'name = "shop"'))
    assert daemon.post("/-/reload")[0] == 200
    daemon.wait_until(lambda: 'probe="shop"' in daemon.get("/metrics")[1], "the new probe")
    assert 'probe="web"' not in daemon.get("/metrics")[1]


def test_a_reload_moves_the_page_to_another_port_and_stays_when_that_cannot_be_had(daemon, listener):
    daemon.start()
    old, daemon.port = daemon.port, free_port()
    daemon.write_config(daemon.config)
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_until(lambda: daemon.get("/-/ready")[0] == 200, "the page on its new port")
    new, daemon.port = daemon.port, old
    assert daemon.get("/-/ready")[0] == 0
    daemon.port = listener
    daemon.write_config(daemon.config)
    daemon.port = new
    assert daemon.post("/-/reload")[0] == 200
    daemon.wait_until(lambda: "not taken up" in daemon.log, "words in the log")
    daemon.wait_until(lambda: daemon.get("/-/ready")[0] == 200, "the page where it was")


def test_a_broken_configuration_ends_with_78_and_every_mistake(tmp_path):
    config = tmp_path / "netmon.toml"
    config.write_text('[site]\nid = "x y"\n[[probe]]\ntype = "tpc"\ntargets = []\n', "utf-8")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "netmon", "run", "--config", str(config)],
        env={**os.environ, "STATE_DIRECTORY": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 78
    assert 'did you mean "tcp"' in done.stderr
    assert not (tmp_path / "state").exists(), "nothing is touched before the configuration is right"
