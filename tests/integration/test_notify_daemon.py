"""The whole daemon: the desk hears of an incident once, across a kill and a reload; `netmon notify test`."""

import json
import signal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from fakes.daemon import DaemonProcess
from fakes.ports import free_port

CONFIG = """
[site]
id = "lib"
name = "Central Library"

[store]
commit_every = "200ms"
hold_unsynced = "0s"

[[rule]]
name = "loop"
metric = "netmon_up"
above = 0
severity = "page"

[[probe]]
name = "nobody"
type = "tcp"
targets = ["127.0.0.1:{closed}"]
every = "1s"
timeout = "500ms"

[notify.desk]
type = "webhook"
url = "{url}"
secret = {{ env = "DESK_SECRET" }}
heartbeat = "10s"
{more}
"""


@pytest.fixture
def desk():
    found = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            found.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/", found
    server.shutdown()
    server.server_close()


@pytest.fixture
def daemon(tmp_path, desk):
    found = DaemonProcess(tmp_path, environ={"DESK_SECRET": "secret-of-the-desk"})
    found.write_config(CONFIG.format(url=desk[0], closed=free_port(), more=""))
    yield found
    found.kill()


def incidents(found):
    """What was told anew; a kill between sending and noting repeats a message, and says so."""
    return [one["id"] for one in found if one["sort"] == "incident" and not one["again"]]


def test_an_incident_is_told_once_across_a_kill_and_a_reload(daemon, desk):
    url, found = desk
    daemon.start()
    # Incidents are decided when a minute is over.
    daemon.wait_until(lambda: incidents(found), "the desk hears of it", 240)
    assert any(one["sort"] == "heartbeat" for one in found)
    daemon.kill()
    daemon.start()
    text = CONFIG.format(url=url, closed=free_port(), more='severities = ["page", "ticket"]')
    daemon.write_config(text)
    beats = len(found)
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_until(lambda: "read again" in daemon.log, "reloaded", 90)
    daemon.wait_until(lambda: len(found) > beats, "the channel that was started again beats", 90)
    ids = incidents(found)
    assert len(ids) == len(set(ids))
    metrics = daemon.get("/metrics")[1]
    assert 'netmon_notify_open{channel="desk"}' in metrics
    assert "netmon_heartbeat_timestamp_seconds" in metrics
    assert "secret-of-the-desk" not in daemon.log


def test_notify_test_tries_each_channel_and_says_how_it_went(daemon, desk):
    _, found = desk
    more = '[notify.dead]\ntype = "webhook"\nurl = "http://127.0.0.1:9/"\n'
    daemon.write_config(CONFIG.format(url=desk[0], closed=free_port(), more=more))
    done = daemon.command("notify", "test", "--config", str(daemon.config_file), "--json")
    results = {one["channel"]: one["ok"] for one in json.loads(done.stdout)}
    assert (results, done.returncode) == ({"desk": True, "dead": False}, 1)
    assert found[0]["title"] == "TEST of netmon at Central Library: nothing is wrong"
    good = daemon.command("notify", "test", "desk", "--config", str(daemon.config_file))
    assert (good.returncode, good.stdout.startswith("desk: ok, taken")) == (0, True)
    unknown = daemon.command("notify", "test", "other", "--config", str(daemon.config_file))
    assert (unknown.returncode, "desk, dead" in unknown.stderr) == (2, True)
