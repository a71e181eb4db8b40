"""One value all the way: snmpd, the daemon, its history, InfluxDB, VictoriaMetrics and Prometheus."""

import contextlib
import csv
import io
import json
import os
import subprocess
import time
from collections import defaultdict
from datetime import datetime

import pytest
from fakes.daemon import DaemonProcess
from fakes.ports import free_port
from fakes.servers import influxd, prometheus, require, victoria_metrics

POLLS = 5
EVERY_SECONDS = 5
# The whole outage where servers are required; a person who runs the tests by hand waits less.
OUTAGE_SECONDS = 120 if os.environ.get("NETMON_REQUIRE_SERVERS") == "1" else 15
MILLISECONDS = 1000
SCRAPED_AFTER_MS = 2500  # more than a scrape, less than a poll

CONFIG = """
[site]
id = "lib"

[store]
commit_every = "1s"
hold_unsynced = "0s" # the machine that runs this may have no time server

[credential.lab]
version = "2c"
community = {{ env = "LAB_COMMUNITY" }}

[[device]]
name = "agent"
address = "127.0.0.1:{snmp}"
credential = "lab"
every = "{every}s"
collect = ["system", "interfaces"]

[output.influxdb]
url = "{url}"
version = "1"
database = "netmon"
"""

SCRAPE = """
global: {{scrape_interval: 1s}}
scrape_configs:
- job_name: netmon
  static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


@contextlib.contextmanager
def snmpd(folder):
    """Debian's agent with this machine's own interfaces, whose counters live."""
    program, port = require("snmpd"), free_port()
    (folder / "snmpd.conf").write_text(f"agentaddress udp:127.0.0.1:{port}\nrocommunity lab 127.0.0.1\n")
    command = [program, "-f", "-Lo", "-C", "-c", str(folder / "snmpd.conf"), "-p", str(folder / "snmpd.pid")]
    environ = {**os.environ, "SNMP_PERSISTENT_DIR": str(folder / "persist")}
    with (folder / "snmpd.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environ)
    try:
        yield port
    finally:
        process.kill()
        process.wait()


def exported(daemon, measurement="interface", metric="ifHCInOctets"):
    """The history's own words: {(ifName, time in ms): value}."""
    done = daemon.command("export", "--from", "-1h", "--measurement", measurement)
    assert done.returncode == 0, done.stderr
    rows = csv.DictReader(io.StringIO(done.stdout))
    return {
        (row["ifName"], milliseconds(row["time"])): int(row["value"])
        for row in rows
        if row["metric"] == metric and row["value"]
    }


def milliseconds(text):
    return round(datetime.fromisoformat(text).timestamp() * MILLISECONDS)


def in_influx(server):
    query = 'SELECT "ifHCInOctets" FROM "interface" GROUP BY "ifName"'
    document = server.json("/query", db="netmon", q=query, epoch="ms")
    found = document["results"][0].get("series", [])
    return {(one["tags"]["ifName"], at): value for one in found for at, value in one["values"]}


def in_victoria(server):
    server.get("/internal/force_flush")
    found = {}
    status, body = server.get("/api/v1/export", **{"match[]": "interface_ifHCInOctets"})
    assert status == 200
    for line in body.splitlines():
        one = json.loads(line)
        found |= {
            (one["metric"]["ifName"], at): int(value)
            for at, value in zip(one["timestamps"], one["values"], strict=True)
        }
    return found


def in_prometheus(server, name, at_ms):
    """The value that Prometheus holds for a port at a moment; None when there is none."""
    query = f'ifHCInOctets{{job="netmon",site="lib",device="agent",ifName="{name}"}}'
    found = server.json("/api/v1/query", query=query, time=f"{at_ms / MILLISECONDS:.3f}")["data"]["result"]
    return int(float(found[0]["value"][1])) if found else None


@pytest.mark.servers
@pytest.mark.filterwarnings("default")
def test_the_same_value_is_everywhere_and_an_outage_of_influxdb_loses_nothing(tmp_path):
    for folder in ("influx", "victoria", "prometheus", "daemon", "snmp"):
        (tmp_path / folder).mkdir()
    with contextlib.ExitStack() as stack:
        snmp_port = stack.enter_context(snmpd(tmp_path / "snmp"))
        influx = stack.enter_context(influxd(tmp_path / "influx"))
        daemon = DaemonProcess(tmp_path / "daemon", environ={"LAB_COMMUNITY": "lab"})
        stack.callback(daemon.kill)
        daemon.write_config(CONFIG.format(snmp=snmp_port, every=EVERY_SECONDS, url=influx.url))
        assert daemon.command("influx", "setup", "--config", str(daemon.config_file)).returncode == 0
        scraper = stack.enter_context(prometheus(tmp_path / "prometheus", SCRAPE.format(port=daemon.port)))
        daemon.start()

        daemon.wait_until(lambda: polls(exported(daemon)) >= POLLS, "five polls", POLLS * EVERY_SECONDS + 30)
        the_scrape_agrees(daemon, scraper)
        daemon.wait_until(lambda: set(exported(daemon)) <= set(in_influx(influx)), "delivery", 20)
        truth = exported(daemon)
        assert {key: value for key, value in in_influx(influx).items() if key in truth} == truth

        influx.kill()
        time.sleep(OUTAGE_SECONDS)
        influx.start()
        daemon.wait_until(lambda: set(exported(daemon)) <= set(in_influx(influx)), "the outage's data", 90)
        during = exported(daemon)
        assert polls(during) >= polls(truth) + OUTAGE_SECONDS // EVERY_SECONDS - 2
        every_point_is_there_once(influx, during)

        daemon.stop()
        the_move_to_victoria_metrics(daemon, stack, tmp_path / "victoria", snmp_port)


def polls(points):
    return len({at for _, at in points})


def the_scrape_agrees(daemon, scraper):
    """A while after each poll, Prometheus had the poll's value."""
    by_time = defaultdict(dict)
    for (name, at), value in exported(daemon).items():
        by_time[at][name] = value
    moments = sorted(by_time)[1:]
    daemon.wait_until(
        lambda: time.time() * MILLISECONDS > moments[-1] + SCRAPED_AFTER_MS + 1000,
        "a scrape after the last poll",
    )
    compared = 0
    for at in moments:
        for name, value in by_time[at].items():
            assert in_prometheus(scraper, name, at + SCRAPED_AFTER_MS) == value, (name, at)
            compared += 1
    assert compared >= POLLS - 1


def every_point_is_there_once(influx, truth):
    counts = influx.json(
        "/query", db="netmon", q='SELECT count("ifHCInOctets") FROM "interface" GROUP BY "ifName"'
    )
    counted = {one["tags"]["ifName"]: one["values"][0][1] for one in counts["results"][0]["series"]}
    there = in_influx(influx)
    assert {key: there[key] for key in truth} == truth
    for name, count in counted.items():
        assert count == len([key for key in there if key[0] == name])
    types = influx.json("/query", db="netmon", q='SHOW FIELD KEYS FROM "interface"')["results"][0]["series"][
        0
    ]["values"]
    assert dict(types)["ifHCInOctets"] == "integer"
    tags = influx.json("/query", db="netmon", q='SHOW TAG KEYS FROM "interface"')["results"][0]["series"][0][
        "values"
    ]
    # A machine whose clock follows nobody says so with a tag of its own.
    assert {tag for (tag,) in tags} - {"clock"} == {"device", "ifName", "site"}


def the_move_to_victoria_metrics(daemon, stack, folder, snmp_port):
    """Another server gets the whole history, for it has a cursor of its own."""
    victoria = stack.enter_context(victoria_metrics(folder))
    daemon.write_config(CONFIG.format(snmp=snmp_port, every=EVERY_SECONDS, url=victoria.url))
    daemon.start()
    truth = exported(daemon)
    daemon.wait_until(lambda: set(truth) <= set(in_victoria(victoria)), "the history in VictoriaMetrics", 60)
    there = in_victoria(victoria)
    assert {key: there[key] for key in truth} == truth
