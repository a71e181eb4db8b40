"""Delivery to real servers that are killed and started again."""

import asyncio
import gzip
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random

import pytest
from fakes.history import MemoryHistory
from fakes.servers import influxd, victoria_metrics

from netmon.clock import SystemClock
from netmon.delivery.courier import PumpState
from netmon.delivery.influx import InfluxSink
from netmon.delivery.influx_session import InfluxSession
from netmon.delivery.influx_settings import InfluxSettings
from netmon.delivery.pacing import Patience
from netmon.delivery.pump import Pump
from netmon.errors import Parked, Rejected
from netmon.model import Event, Outcome, Reading, Row, Shape, Stamp, counter, gauge, state

pytestmark = pytest.mark.servers
IMPATIENT = Patience(retry_first=0.05, retry_cap=0.2, parked_first=0.1, parked_cap=0.2, poll=0.05)
METRICS = (
    counter("ifHCInOctets", "Octets."),
    state("ifOperStatus", "State."),
    gauge("seconds", "S.", phase="rtt"),
)
ROWS = tuple(
    Row((("site", "Bücherei, Süd"), ("device", "sw=1 \\"), ("ifName", f'Gi0/{n} "x"'))) for n in range(5)
)
SHAPE = Shape("interface", METRICS, ROWS)


def reading(n, base_ms):
    stamp = Stamp("boot", n * 10**9, base_ms + n * 1000)
    columns = ([2**62 + n] * 5, [1] * 5, [n + 0.5] * 5)
    return Reading(SHAPE, stamp, columns, (Outcome.OK,) * 5)


@pytest.fixture
def base_ms():
    return SystemClock().wall_ns() // 1_000_000 - 3_600_000


@pytest.fixture
def influx(tmp_path):
    with influxd(tmp_path) as server:
        server.get("/query", q="SHOW DATABASES")
        yield server


@asynccontextmanager
async def delivering(store, url, settle_seconds=0.2, **settings):
    sink = InfluxSink(InfluxSettings(url, **{"database": "netmon", "timeout_seconds": 5.0, **settings}))
    pump = Pump(store, sink, SystemClock(), replace(IMPATIENT, settle=settle_seconds), Random(1))
    task = asyncio.create_task(pump.run())
    try:
        async with asyncio.timeout(60):
            yield pump
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(fact):
    while not fact():  # noqa: ASYNC110 - what is waited for happens in another process
        await asyncio.sleep(0.02)


def session(url, **settings):
    return InfluxSession(InfluxSettings(url, **settings))


async def create(url, name="netmon"):
    async with session(url) as opened:
        answer = await opened.call("POST", "/query", [("q", f'CREATE DATABASE "{name}"')])
    assert answer.status == 200


def rows(server, query):
    (result,) = server.json("/query", db="netmon", q=query, epoch="ms")["results"]
    return [row for series in result.get("series", ()) for row in series["values"]]


async def test_everything_arrives_exactly_although_the_server_is_killed_again_and_again(influx, base_ms):
    await create(influx.url)
    store = MemoryHistory()
    async with delivering(store, influx.url) as pump:
        for n in range(300):
            store.accept([reading(n, base_ms)])
            pump.committed(await store.commit())
            await asyncio.sleep(0.005)
            if n % 60 == 30:
                influx.kill()
            if n % 60 == 50:
                await asyncio.to_thread(influx.start)
        await until(lambda: max(store.cursors.values(), default=0) == 300)
    assert pump.courier.retried_total > 0
    assert rows(influx, "SELECT count(ifHCInOctets), count(ifOperStatus), count(seconds) FROM interface") == [
        [0, 1500, 1500, 1500]
    ]
    found = rows(influx, 'SELECT ifHCInOctets FROM interface WHERE "ifName" = \'Gi0/3 "x"\'')
    assert found == [[base_ms + n * 1000, 2**62 + n] for n in range(300)]


async def test_names_arrive_as_they_were_declared(influx, base_ms):
    await create(influx.url)
    store = MemoryHistory(
        [reading(0, base_ms), Event("reboot", (("site", "lib"),), 'a "b"\\', Stamp("b", 1, base_ms))]
    )
    async with delivering(store, influx.url):
        await until(lambda: max(store.cursors.values(), default=0) == 2)
    assert rows(influx, 'SHOW TAG VALUES WITH KEY = "site"') == [["site", "lib"], ["site", "Bücherei, Süd"]]
    # The one character that line protocol cannot say: a backslash at the end.
    assert rows(influx, 'SHOW TAG VALUES WITH KEY = "device"') == [["device", "sw=1 \uff3c"]]
    assert rows(influx, 'SELECT "text" FROM event') == [[base_ms, 'a "b"\\']]


async def test_a_missing_database_parks_the_sink_until_somebody_makes_it(influx, base_ms):
    store = MemoryHistory([reading(0, base_ms)])
    async with delivering(store, influx.url) as pump:
        await until(lambda: pump.state is PumpState.PARKED)
        await create(influx.url)
        await until(lambda: max(store.cursors.values(), default=0) == 1)
    assert len(rows(influx, "SELECT * FROM interface")) == 10


async def test_a_field_of_another_type_is_set_aside_and_the_rest_arrives(influx, base_ms):
    await create(influx.url)
    async with session(influx.url, database="netmon") as opened:
        await opened.write(b"other,a=b seconds=1i %d" % base_ms, compressed=False)
        with pytest.raises(Rejected, match="partial write") as caught:
            await opened.write(b"other,a=b seconds=0.5 %d\nother,a=c good=1 2" % base_ms, compressed=False)
        assert caught.value.partial
        with pytest.raises(Rejected, match="unable to parse"):
            await opened.write(gzip.compress(b"no fields"), compressed=True)
    bad = Shape("other", (gauge("seconds", "S."),), (Row((("a", "b"),)),))
    store = MemoryHistory(
        [
            reading(0, base_ms),
            Reading(bad, Stamp("b", 1, base_ms), ([0.5],), (Outcome.OK,)),
            reading(1, base_ms),
        ]
    )
    async with delivering(store, influx.url):
        await until(lambda: max(store.cursors.values(), default=0) == 3)
    assert [(position, line) for _, position, line, _ in store.quarantined] == [
        (2, f"other,a=b seconds=0.5 {base_ms}")
    ]
    assert len(rows(influx, "SELECT ifHCInOctets FROM interface")) == 10


async def test_a_wrong_password_parks(tmp_path):
    with influxd(tmp_path, http="auth-enabled = true") as server:
        account = {"database": "x", "username": "admin"}
        async with session(server.url) as first:
            q = "CREATE USER admin WITH PASSWORD 'right' WITH ALL PRIVILEGES"
            assert (await first.call("POST", "/query", [("q", q)])).status == 200
        async with session(server.url, **account, password="wrong") as wrong:
            with pytest.raises(Parked, match="401"):
                await wrong.write(b"m f=1", compressed=False)
        async with session(server.url, **account, password="right") as right:
            assert (await right.call("POST", "/query", [("q", "CREATE DATABASE x")])).status == 200
            await right.write(b"m f=1", compressed=False)


async def test_victoria_metrics_loses_nothing_although_it_acknowledges_from_memory(tmp_path, base_ms):
    with victoria_metrics(tmp_path) as server:
        store = MemoryHistory(reading(n, base_ms) for n in range(100))
        async with delivering(store, server.url, settle_seconds=6.0) as pump:
            await until(lambda: pump.position == 100)
            server.kill()
            store.accept([reading(n, base_ms) for n in range(100, 200)])
            await store.commit()
            await until(lambda: pump.state is PumpState.RETRYING)
            await asyncio.to_thread(server.start)
            await until(lambda: max(store.cursors.values(), default=0) == 200)
        server.get("/internal/force_flush")
        exported = server.get("/api/v1/export", **{"match[]": "interface_ifOperStatus"})[1]
    series = [json.loads(line) for line in exported.splitlines()]
    expected = [base_ms + n * 1000 for n in range(200)]
    assert [sorted(set(one["timestamps"])) for one in series] == [expected] * 5
