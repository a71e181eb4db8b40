"""Remote-write to real servers: VictoriaMetrics, and Prometheus with and without an out-of-order window."""

import asyncio
import json

import pytest
from fakes.delivering import delivering, until
from fakes.history import MemoryHistory
from fakes.servers import prometheus, victoria_metrics

from netmon.clock import SystemClock
from netmon.delivery.courier import PumpState
from netmon.delivery.influx import InfluxSink
from netmon.delivery.influx_settings import InfluxSettings
from netmon.delivery.remote_write import RemoteWriteSink
from netmon.delivery.remote_write_session import RemoteWriteSession
from netmon.delivery.remote_write_settings import RemoteWriteSettings
from netmon.delivery.snappy import compress
from netmon.errors import Outdated, Parked
from netmon.model import Outcome, Reading, Row, Shape, Stamp, counter, gauge, state

pytestmark = pytest.mark.servers
METRICS = (counter("ifHCInOctets", "O."), state("ifOperStatus", "S."), gauge("seconds", "S.", phase="rtt"))
ROWS = tuple(
    Row((("site", "Bücherei, Süd"), ("device", "sw=1 \\"), ("ifName", f'Gi0/{n} "x"'))) for n in range(5)
)
SHAPE = Shape("interface", METRICS, ROWS)
RECEIVER = "--web.enable-remote-write-receiver"
WINDOW = "storage: {tsdb: {out_of_order_time_window: 30d}}\n"
HOUR = 3600


@pytest.fixture
def clock():
    return SystemClock()


def reading(clock, age_seconds, value=1, status=1):
    wall_ms, now_ns = clock.wall_ns() // 1_000_000, clock.boottime_ns()
    at = wall_ms - round(age_seconds * 1000)
    stamp = Stamp("boot", now_ns + (at - wall_ms) * 1_000_000, at)
    return Reading(SHAPE, stamp, ([2**40 + value] * 5, [status] * 5, [value + 0.5] * 5), (Outcome.OK,) * 5)


def sink(url, clock, **settings):
    return RemoteWriteSink(RemoteWriteSettings(url, site="lib", **settings), clock)


async def delivered(store, url, clock, **patience):
    async with delivering(store, sink(url, clock), clock, **patience) as pump:
        pump.committed(len(store.committed))
        await until(lambda: max(store.cursors.values(), default=0) == len(store.committed))
    return pump


def samples(server, metric, seconds=20 * HOUR):
    """Every raw sample that a server holds: {(ifName, ms): value}; VictoriaMetrics may hold one twice."""
    query = f'{metric}{{job="netmon"}}[{seconds}s]'
    result = server.json("/api/v1/query", query=query)["data"]["result"]
    return {
        (one["metric"]["ifName"], round(float(at) * 1000)): float(value)
        for one in result
        for at, value in one["values"]
    }


def truth(store, column=0):
    return {
        (dict(row.key)["ifName"], entry.record.stamp.wall_ms): float(entry.record.columns[column][at])
        for entry in store.committed
        for at, row in enumerate(ROWS)
    }


async def test_prometheus_gets_everything_in_order_although_both_ends_are_killed(tmp_path, clock):
    with prometheus(tmp_path, "", RECEIVER) as server:
        url = f"{server.url}/api/v1/write"
        store = MemoryHistory(reading(clock, 3000 - 10 * n, n) for n in range(100))
        await delivered(store, url, clock)
        server.kill()
        store.accept([reading(clock, 2000 - 10 * n, n) for n in range(100)])
        await store.commit()
        async with delivering(store, sink(url, clock), clock) as pump:
            await until(lambda: pump.courier.retried_total > 0)
            await asyncio.to_thread(server.start)
            await until(lambda: max(store.cursors.values()) == 200)
        store.cursors[f"remote_write {url}"] = 150  # as after a crash of the daemon
        pump = await delivered(store, url, clock)
        assert pump.courier.outdated_total["out_of_order"] > 0
        assert samples(server, "ifHCInOctets") == truth(store)
        assert samples(server, "seconds") == truth(store, 2)
        assert store.quarantined == []


async def test_plain_prometheus_refuses_what_is_too_old_with_words_and_takes_the_rest(
    tmp_path, clock, caplog
):
    with prometheus(tmp_path, "", RECEIVER) as server:
        url = f"{server.url}/api/v1/write"
        await delivered(MemoryHistory([reading(clock, 0)]), url, clock)
        async with RemoteWriteSession(RemoteWriteSettings(url)) as session:
            with pytest.raises(Outdated) as caught:
                await session.write(compress(b"".join(sink(url, clock).encode(reading(clock, 3 * HOUR)))))
            assert caught.value.too_old
            with pytest.raises(Outdated) as caught:
                await session.write(compress(b"".join(sink(url, clock).encode(reading(clock, 600)))))
            assert not caught.value.too_old
            with pytest.raises(Parked):
                await session.write(compress(b"\x0a"))
            with pytest.raises(Parked):
                await session.write(b"not snappy")
        store = MemoryHistory(reading(clock, 4 * HOUR - 60 * n, n) for n in range(120))
        pump = await delivered(store, url, clock)
        assert pump.courier.outdated_total["too_old"] == 120 * 15
        assert "out_of_order_time_window" in caplog.text


async def test_prometheus_with_a_window_gets_the_present_first_and_all_of_the_past(tmp_path, clock):
    with prometheus(tmp_path, WINDOW, RECEIVER, "--storage.tsdb.retention.time=40d") as server:
        url = f"{server.url}/api/v1/write"
        ages = [10 * HOUR - 30 * n for n in range(1200)]
        store = MemoryHistory(reading(clock, age, n) for n, age in enumerate(ages))
        pump = await delivered(store, url, clock, catch_up_lines=1e6)
        assert pump.courier.outdated_total == {"too_old": 0, "out_of_order": 0}
        assert samples(server, "ifHCInOctets") == truth(store)
        probe = server.json("/api/v1/query", query="count_over_time(netmon_delivery_probe[20h])")
        assert probe["data"]["result"][0]["value"][1] == "4"


async def test_asking_a_plain_prometheus_for_its_order_costs_none_of_what_it_would_take(tmp_path, clock):
    with prometheus(tmp_path, "", RECEIVER) as server:
        url = f"{server.url}/api/v1/write"
        # Nobody else writes to it: an outage of three hours is no reason to refuse anything.
        store = MemoryHistory(reading(clock, 3 * HOUR - 60 * n, n) for n in range(170))
        pump = await delivered(store, url, clock)
        assert pump.courier.outdated_total == {"too_old": 0, "out_of_order": 0}
        assert samples(server, "ifHCInOctets") == truth(store)


@pytest.mark.parametrize("config", ["", WINDOW], ids=["in order", "in any order"])
async def test_a_series_that_ends_is_gone_at_once(tmp_path, clock, config):
    with prometheus(tmp_path, config, RECEIVER) as server:
        url = f"{server.url}/api/v1/write"
        store = MemoryHistory([reading(clock, 30), reading(clock, 10, status=None)])
        await delivered(store, url, clock)
        found = server.json("/api/v1/query", query='ifOperStatus{job="netmon"}')["data"]["result"]
        device = 'instance="Bücherei, Süd/sw=1 \\\\"'
        there = server.json("/api/v1/query", query=f'ifHCInOctets{{job="netmon",{device}}}')
        assert (found, len(there["data"]["result"])) == ([], 5)
        assert len(samples(server, "ifOperStatus")) == 5


async def test_a_prometheus_that_does_not_receive_parks_the_sink_with_its_remedy(tmp_path, clock):
    with prometheus(tmp_path, "") as server:
        store = MemoryHistory([reading(clock, 30)])
        async with delivering(store, sink(f"{server.url}/api/v1/write", clock), clock) as pump:
            await until(lambda: pump.trouble != "")
            assert "--web.enable-remote-write-receiver" in pump.trouble


async def test_victoria_metrics_loses_nothing_although_it_is_killed_and_takes_two_weeks_behind_the_present(
    tmp_path, clock
):
    with victoria_metrics(tmp_path) as server:
        url = f"{server.url}/api/v1/write"
        store = MemoryHistory(reading(clock, 14 * 24 * HOUR - 10 * n, n) for n in range(300))
        store.accept([reading(clock, 5 - n, n) for n in range(5)])
        await store.commit()
        async with delivering(store, sink(url, clock), clock, settle=6.0, catch_up_lines=1e6) as pump:
            pump.committed(305)
            await until(lambda: pump.queued_records == 0)
            server.kill()
            store.accept([reading(clock, 0, 9)])
            pump.committed(await store.commit())
            await until(lambda: pump.state is PumpState.RETRYING)
            await asyncio.to_thread(server.start)
            await until(lambda: max(store.cursors.values(), default=0) == 306)
        server.get("/internal/force_flush")
        exported = server.get("/api/v1/export", **{"match[]": "ifHCInOctets"})[1]
    found = {
        (one["metric"]["ifName"], at): value
        for one in map(json.loads, exported.splitlines())
        for at, value in zip(one["timestamps"], one["values"], strict=True)
    }
    assert found == truth(store)


INFLUX = {"version": "1", "database": "netmon"}


@pytest.mark.parametrize("protocol", ["remote_write", "influxdb"])
async def test_victoria_metrics_loses_nothing_although_it_crashes_while_nothing_is_sent(
    tmp_path, clock, protocol
):
    with victoria_metrics(tmp_path) as server:
        receiver = sink(f"{server.url}/api/v1/write", clock)
        if protocol == "influxdb":
            receiver = InfluxSink(InfluxSettings(server.url, **INFLUX))
        store = MemoryHistory(reading(clock, 5 - n, n) for n in range(5))
        async with delivering(store, receiver, clock, settle=2.0) as pump:
            pump.committed(5)
            await until(lambda: pump.queued_records == 0)
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            # Longer than it takes until a place is believed to be safe.
            await asyncio.sleep(3)
            assert not max(store.cursors.values(), default=0)
            store.accept([reading(clock, 0, 9)])
            pump.committed(await store.commit())
            await until(lambda: max(store.cursors.values(), default=0) == 6)
        server.get("/internal/force_flush")
        exported = server.get("/api/v1/export", **{"match[]": '{__name__=~"(interface_)?ifHCInOctets"}'})[1]
    found = {at for line in exported.splitlines() for at in json.loads(line)["timestamps"]}
    assert found == {entry.record.stamp.wall_ms for entry in store.committed}
