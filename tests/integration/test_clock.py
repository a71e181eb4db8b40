"""A machine without a clock battery: what its history, its sinks and its schedule make of the true time."""

import asyncio
import contextlib
import socket
import threading
import time
from dataclasses import replace
from itertools import accumulate, pairwise
from random import Random

import pytest
from fakes import records
from fakes.daemon import DaemonProcess
from fakes.servers import influxd
from fakes.store_clock import HandClock
from fakes.wallclock import WallClock

from netmon.delivery.gate import HoldLimits
from netmon.delivery.influx import InfluxSink
from netmon.delivery.influx_session import InfluxSession
from netmon.delivery.influx_settings import InfluxSettings
from netmon.delivery.pacing import Patience
from netmon.delivery.pump import Pump, PumpState
from netmon.model import Event, Reading
from netmon.store.history import open_history
from netmon.store.reader import open_reader

BEHIND_SECONDS = 10_800
SOON = Patience(retry_first=0.05, poll=0.05, settle=0.1)
OCTETS = records.shape("interface", (records.OCTETS,))
PROBES = 10
YEAR_SECONDS = 31_557_600
STEPS_SECONDS = (
    3600,
    -3600,
    -30 * 86_400,
    30 * 86_400,
    10 * YEAR_SECONDS,
    -20 * YEAR_SECONDS,
    10 * YEAR_SECONDS,
)
CONFIG = """
[site]
id = "lib"

[store]
commit_every = "200ms"

"""
INFLUX = """
[output.influxdb]
url = "{url}"
version = "1"
database = "netmon"
"""
PROBE = """
[[probe]]
name = "web-{n}"
type = "tcp"
role = "anchor"
targets = ["127.0.0.{n}:{port}"]
every = "1s"
timeout = "500ms"
"""


@pytest.fixture
def influx(tmp_path):
    (tmp_path / "influx").mkdir()
    with influxd(tmp_path / "influx") as server:
        server.get("/query", q="SHOW DATABASES")
        yield server


@pytest.fixture
def listener():
    """Return the port of a listener that answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    server.accept()[0].close()

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]


@pytest.fixture
def start(tmp_path):
    """Return a function that starts a daemon with a wall clock of its own."""
    with contextlib.ExitStack() as stack:

        def started(config, **state):
            clock = WallClock(tmp_path, **state)
            stack.callback(clock.close)
            daemon = DaemonProcess(tmp_path / "daemon", config, environ=clock.environ)
            daemon.folder.mkdir()
            stack.callback(daemon.kill)
            return daemon.start(), clock

        yield started


def points(influx, query):
    """Return the rows of an InfluxQL answer, times in ms."""
    (result,) = influx.json("/query", db="netmon", epoch="ms", q=query)["results"]
    return [row for series in result.get("series", ()) for row in series["values"]]


def history_of(daemon):
    reader = open_reader(daemon.state)
    try:
        return [entry.record for entry in reader.after(0, 100_000)]
    finally:
        reader.close()


def own_number(daemon, name):
    lines = (line for line in daemon.get("/metrics")[1].splitlines() if line.startswith(name))
    return sum(float(line.rpartition(" ")[2]) for line in lines)


@contextlib.asynccontextmanager
async def delivering(history, url, clock, limits=None):
    pump = Pump(history, InfluxSink(InfluxSettings(url, database="netmon")), clock, SOON, Random(1))
    pump.gate.limits = limits or HoldLimits()
    history.on_commit = pump.committed
    task = asyncio.create_task(pump.run())
    try:
        async with asyncio.timeout(30):
            yield pump
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(fact):
    while not fact():  # noqa: ASYNC110 - what is waited for happens in another process
        await asyncio.sleep(0.02)


async def count_octets(history, clock, number, first=0):
    """Read a counter every 10 s of the test's time."""
    for n in range(first, first + number):
        clock.move(10)
        reading = replace(records.reading(OCTETS, 0, [1000 * n]), stamp=clock.stamp())
        history.accept([reading])
        await history.commit()


async def created(influx):
    async with InfluxSession(InfluxSettings(influx.url)) as session:
        answer = await session.call("POST", "/query", [("q", "CREATE DATABASE netmon")])
    assert answer.status == 200


@pytest.mark.servers
async def test_a_counter_read_three_hours_behind_arrives_once_in_its_time_and_never_falls(tmp_path, influx):
    clock = HandClock(synced=False)
    truth_ms = clock.wall_ns() // 1_000_000
    clock.step(-BEHIND_SECONDS)
    history = open_history(tmp_path, clock)
    await created(influx)
    async with delivering(history, influx.url, clock) as pump:
        await count_octets(history, clock, 100)
        await until(lambda: pump.state is PumpState.HELD)
        assert points(influx, "SELECT * FROM interface") == []
        clock.step(BEHIND_SECONDS)
        clock.synced = True
        await count_octets(history, clock, 20, first=100)
        await until(lambda: pump.queued_records == 0)
    await history.close()
    found = points(influx, "SELECT ifHCInOctets FROM interface")
    assert found == [[truth_ms + 10_000 * (n + 1), 1000 * n] for n in range(120)]
    assert {rate for _, rate in points(influx, "SELECT derivative(ifHCInOctets, 1s) FROM interface")} == {100}


@pytest.mark.servers
async def test_past_the_limit_points_are_marked_and_the_true_time_does_not_double_them(tmp_path, influx):
    clock = HandClock(synced=False)
    clock.step(-BEHIND_SECONDS)
    history = open_history(tmp_path, clock)
    await created(influx)
    async with delivering(history, influx.url, clock, HoldLimits(seconds=300)) as pump:
        await count_octets(history, clock, 60)
        await until(lambda: pump.queued_records == 0)
        clock.step(BEHIND_SECONDS)
        clock.synced = True
        await count_octets(history, clock, 10, first=60)
        await until(lambda: pump.queued_records == 0)
    await history.close()
    marked = points(influx, "SELECT ifHCInOctets FROM interface WHERE clock = 'unsynced'")
    assert [value for _, value in marked] == [1000 * n for n in range(60)]
    (total,) = points(influx, "SELECT count(ifHCInOctets) FROM interface")
    assert total[1] == 70
    # At the site itself the truth is known now, for all of them.
    reader = open_reader(tmp_path)
    assert all(entry.record.stamp.synced for entry in reader.after(0, 100))
    reader.close()


@pytest.mark.servers
def test_the_daemon_holds_back_until_the_time_is_known_over_a_restart_too(influx, listener, start):
    began_ms = time.time() * 1000
    config = CONFIG + INFLUX.format(url=influx.url)
    config += "".join(PROBE.format(n=n, port=listener) for n in range(1, PROBES + 1))
    daemon, clock = start(config, behind_seconds=BEHIND_SECONDS, synchronised=False)
    assert daemon.command("influx", "setup", "--config", str(daemon.config_file)).returncode == 0
    daemon.wait_until(lambda: own_number(daemon, "netmon_sink_held_records") >= 80, "80 records wait")
    daemon.stop()
    daemon.start()
    daemon.wait_until(lambda: own_number(daemon, "netmon_sink_held_records") >= 250, "250 records wait")
    assert points(influx, "SELECT * FROM tcp") == []
    assert 'netmon_sink_state{sink="influxdb",state="held"} 1.0' in daemon.get("/metrics")[1]
    clock.step(BEHIND_SECONDS)
    daemon.wait_until(
        lambda: own_number(daemon, "netmon_sink_lag_seconds") < 2 and points(influx, "SELECT * FROM event"),
        "all that waited is there",
    )
    found = [(at, target) for at, target, _ in points(influx, "SELECT target, probe_success FROM tcp")]
    daemon.stop()
    kept = {
        (record.stamp.wall_ms, dict(row.key)["target"])
        for record in history_of(daemon)
        if isinstance(record, Reading) and record.shape.measurement == "tcp"
        for row in record.shape.rows
    }
    assert len(found) == len(set(found)) >= 100
    newest_ms = max(at for at, _ in found)
    assert {one for one in kept if one[0] < newest_ms - 1000} <= set(found) <= kept
    assert began_ms - 1000 <= min(at for at, _ in found)
    assert newest_ms <= time.time() * 1000 + 1000
    assert points(influx, "SELECT * FROM tcp WHERE clock = 'unsynced'") == []
    (step,) = [r for r in history_of(daemon) if isinstance(r, Event) and r.kind == "clock_step"]
    assert abs(step.data["seconds"] - BEHIND_SECONDS) < 0.5


def test_polls_go_on_whatever_the_clock_is_set_to_and_each_step_is_evidence(listener, start):
    daemon, clock = start(CONFIG + PROBE.format(n=1, port=listener))
    for seconds in STEPS_SECONDS:
        time.sleep(1.1)  # a poll before each step
        clock.step(seconds)
    time.sleep(2.2)
    daemon.stop()
    found = history_of(daemon)
    tcp = [r for r in found if isinstance(r, Reading) and r.shape.measurement == "tcp"]
    polls = sorted(reading.stamp.boottime_ns for reading in tcp)
    assert len(polls) >= len(STEPS_SECONDS)
    assert max(later - earlier for earlier, later in pairwise(polls)) < 2e9
    steps = [r for r in found if isinstance(r, Event) and r.kind == "clock_step"]
    assert [round(step.data["seconds"]) for step in steps] == list(STEPS_SECONDS)
    # Each step begins a new segment: what is told of the time before it does not move.
    off = [step.stamp.wall_ms / 1e3 - time.time() for step in steps]
    assert off == pytest.approx(list(accumulate(STEPS_SECONDS)), abs=20)
