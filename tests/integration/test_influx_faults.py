"""The InfluxDB sink against a server that fails in every way that one can."""

import asyncio
import gc
import ssl
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest
from fakes import records
from fakes.history import MemoryHistory
from fakes.influx import Reply, error, faulty_influx
from fakes.ports import free_port

from netmon.clock import SystemClock
from netmon.delivery.courier import PumpState
from netmon.delivery.influx import InfluxSink
from netmon.delivery.influx_session import InfluxSession
from netmon.delivery.influx_settings import InfluxSettings
from netmon.delivery.pacing import Patience
from netmon.delivery.pump import Pump
from netmon.errors import Parked

SELF_SIGNED = Path(__file__).parents[1] / "fixtures" / "tls" / "self_signed_until_2100.pem"
IMPATIENT = Patience(
    retry_first=0.01, retry_cap=0.03, parked_first=0.02, parked_cap=0.05, poll=0.01, settle=0.1
)


def history(count=20):
    shape = records.shape(rows=("a", "b"))
    return MemoryHistory(records.reading(shape, n, [n + 0.25, n + 0.75]) for n in range(count))


@asynccontextmanager
async def delivering(store, url, **settings):
    sink = InfluxSink(InfluxSettings(url, **{"database": "netmon", "timeout_seconds": 5.0, **settings}))
    pump = Pump(store, sink, SystemClock(), IMPATIENT, Random(1))
    task = asyncio.create_task(pump.run())
    try:
        async with asyncio.timeout(20):
            yield pump
    finally:
        task.cancel()
        await asyncio.wait([task])
    # A transport that was not closed would complain here, not in somebody else's test.
    gc.collect()


async def drained(store):
    while max(store.cursors.values(), default=0) != len(store.committed):  # noqa: ASYNC110 - the pump has no event to wait for
        await asyncio.sleep(0.01)


async def deliver(server, store, **settings):
    async with delivering(store, server.url, **settings) as pump:
        await drained(store)
    return pump


def values(lines):
    return sorted(float(line.split(b"=")[-1].split()[0]) for line in lines)


EVERYTHING = sorted(n + part for n in range(20) for part in (0.25, 0.75))

FAULTS = {
    "401": (error(401, "authorization failed"),) * 3,
    "403": (error(403, "forbidden"),),
    "404": (error(404, 'database not found: "netmon"'),) * 2,
    "408": (error(408, "timeout"),),
    "413": (error(413, "Request Entity Too Large"),) * 4,
    "429": (error(429, "slow down", Retry_After="315360000"),) * 2,
    "500": (error(500, "engine"),) * 5,
    "503": (Reply(503, b"<html>"),) * 5,
    "200 of a captive portal": (Reply(200, b"<html>please log in</html>"),) * 2,
    "302": (Reply(302, headers={"Location": "http://127.0.0.1:9/steal"}),),
    "cut before commit": (Reply(cut=True, status=0),) * 2,
    "cut after commit": (Reply(cut=True, commit=True),) * 2,
}


@pytest.mark.parametrize("replies", FAULTS.values(), ids=FAULTS)
async def test_no_fault_costs_a_line(replies):
    store = history()
    async with faulty_influx() as server:
        server.replies.extend(replies)
        pump = await deliver(server, store)
    assert values(set(server.taken)) == EVERYTHING
    assert pump.state is PumpState.OK
    assert pump.courier.retried_total + len(server.writes()) > len(replies)
    assert store.quarantined == []


async def test_a_server_that_hangs_is_given_up_and_asked_again():
    store = history()
    async with faulty_influx() as server:
        server.replies.append(Reply(hang=True))
        pump = await deliver(server, store, timeout_seconds=0.3)
    assert values(set(server.taken)) == EVERYTHING
    assert pump.courier.retried_total == 1


async def test_an_answer_that_goes_on_for_ever_is_not_read_to_its_end():
    async with faulty_influx() as server:
        server.replies.append(Reply(200, b"x" * 10_000_000))
        settings = InfluxSettings(server.url, version="1", database="netmon")
        async with InfluxSession(settings) as session:
            with pytest.raises(Parked, match="does not end"):
                await session.write(b"a b=1 1", compressed=False)
            await session.write(b"a b=1 1", compressed=False)


async def test_a_server_that_is_not_there_yet_is_waited_for():
    store = history()
    async with delivering(store, f"http://127.0.0.1:{free_port()}") as pump:
        while pump.courier.retried_total < 3:  # noqa: ASYNC110 - the pump has no event to wait for
            await asyncio.sleep(0.01)
        assert pump.state is PumpState.RETRYING
        assert pump.queued_records == len(store.committed) or pump.position == 0


async def test_a_bad_line_of_a_partial_write_is_set_aside_and_the_rest_delivered():
    store = history()
    async with faulty_influx(forbidden=(b"=7.25 ",)) as server:
        await deliver(server, store)
    assert values(set(server.taken)) == [value for value in EVERYTHING if value != 7.25]
    ((_, position, line, reason),) = store.quarantined
    assert (position, "=7.25 " in line, "field type conflict" in reason) == (8, True, True)


async def test_a_limit_on_the_size_is_learnt():
    store = history()
    async with faulty_influx(max_lines=9) as server:
        await deliver(server, store)
    assert values(server.taken) == EVERYTHING


async def test_a_token_is_sent_as_the_library_does_and_never_follows_a_redirect():
    store = history(1)
    async with faulty_influx() as other, faulty_influx() as server:
        server.replies.append(Reply(302, headers={"Location": f"{other.url}/write"}))
        await deliver(server, store, token="s3cret")
    assert {one.headers["authorization"] for one in server.writes()} == {"Token s3cret"}
    assert other.requests == []


async def test_user_and_password_travel_as_basic_authentication():
    async with faulty_influx() as server:
        await deliver(server, history(1), username="netmon", password="pässword")
    assert server.writes()[0].headers["authorization"] == "Basic bmV0bW9uOnDDpHNzd29yZA=="


@pytest.mark.parametrize(
    ("version", "settings", "target"),
    [
        ("1.6.7", {}, "/write?db=netmon&precision=ms"),
        (
            "v2.7.1",
            {"database": "", "bucket": "b 1", "organization": "o"},
            "/api/v2/write?org=o&bucket=b+1&precision=ms",
        ),
        ("3.0.0", {}, "/api/v2/write?bucket=netmon&precision=ms"),
        ("", {}, "/write?db=netmon&precision=ms"),
    ],
)
async def test_the_endpoint_follows_the_servers_version(version, settings, target):
    async with faulty_influx(version=version) as server:
        await deliver(server, history(1), **settings)
    assert [one.target for one in server.writes()] == [target]


async def test_large_requests_are_compressed_in_a_thread_and_say_so():
    store = history(600)
    async with faulty_influx() as server:
        await deliver(server, store)
        await deliver(server, MemoryHistory(entry.record for entry in store.committed), gzip=False)
    assert {one.headers.get("content-encoding") for one in server.writes()} == {"gzip", None}
    assert len(server.taken) == 2400


async def test_a_certificate_that_nobody_vouches_for_parks_and_sends_no_token():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(SELF_SIGNED)
    store = history(1)
    async with faulty_influx(tls=context) as server:
        async with delivering(store, server.url, token="s3cret") as pump:
            while pump.state is not PumpState.PARKED:  # noqa: ASYNC110 - the pump has no event to wait for
                await asyncio.sleep(0.01)
        assert server.requests == []
        await deliver(server, store, token="s3cret", ca_file=str(SELF_SIGNED))
    assert server.writes()[0].headers["authorization"] == "Token s3cret"


async def test_a_file_of_certificates_that_is_not_there_parks(tmp_path):
    async with delivering(history(1), "https://127.0.0.1:9", ca_file=str(tmp_path / "none.pem")) as pump:
        while pump.state is not PumpState.PARKED:  # noqa: ASYNC110 - the pump has no event to wait for
            await asyncio.sleep(0.01)
