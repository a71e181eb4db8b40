"""The remote-write sink against a receiver with Prometheus' rules that fails in every way."""

import asyncio
import re
from collections import deque
from contextlib import nullcontext

import pytest
from fakes import records
from fakes.clock import START_WALL_NS, FakeClock
from fakes.delivering import delivering, until
from fakes.history import MemoryHistory
from fakes.influx import Reply
from fakes.remote_write import faulty_receiver

from netmon.delivery.courier import PumpState
from netmon.delivery.remote_write import RemoteWriteSink
from netmon.delivery.remote_write_session import RemoteWriteSession
from netmon.delivery.remote_write_settings import RemoteWriteSettings
from netmon.errors import Unreachable

ROWS = ("a", "b", "c")
METRIC = "probe_duration_seconds"


def history(seconds=range(60)):
    shape = records.shape(rows=ROWS)
    return MemoryHistory(records.reading(shape, n, [n + 0.5] * len(ROWS)) for n in seconds)


def everything(seconds=range(60)):
    return sorted((name, 1_800_000_000_000 + n * 1000, n + 0.5) for n in seconds for name in ROWS)


def held(server):
    return sorted((dict(one)["target"], at, value) for (one, at), value in server.values(METRIC).items())


def clock_at(second):
    """A clock whose boottime and wall time are those of the records' world, at a second."""
    clock = FakeClock(wall_ns=START_WALL_NS)
    clock.move(second - clock.monotonic())
    return clock


async def deliver(server, store, clock=None, out_of_order="auto", **patience):
    settings = RemoteWriteSettings(server.url, site="lib", out_of_order=out_of_order, timeout_seconds=0.5)
    clock = clock or clock_at(100)
    async with delivering(store, RemoteWriteSink(settings, clock), clock, **patience) as pump:
        await until(lambda: max(store.cursors.values(), default=0) == len(store.committed))
    return pump


FAULTS = {
    "401": (Reply(401),) * 3,
    "403": (Reply(403),),
    "404": (Reply(404, b"remote write receiver needs to be enabled"),) * 2,
    "413": (Reply(413),) * 4,
    "429": (Reply(429, b"slow", {"Retry-After": "0"}),) * 2,
    "500": (Reply(500, b"engine"),) * 3,
    "503": (Reply(503, b"<html>"),) * 5,
    "200 of a captive portal": (Reply(200, b"<html>please log in</html>"),) * 2,
    "400 of a proxy": (Reply(400, b"<html>Bad Request</html>"),),
    "302": (Reply(302, headers={"Location": "http://127.0.0.1:9/steal"}),),
    "hang": (Reply(hang=True),),
    "cut before commit": (Reply(cut=True, status=0),) * 2,
    "cut after commit": (Reply(cut=True, status=0, commit=True),) * 2,
    "503 after commit": (Reply(503, commit=True),),
}


@pytest.mark.parametrize("window_ms", [None, 10**9], ids=["in order", "in any order"])
@pytest.mark.parametrize("replies", FAULTS.values(), ids=FAULTS)
async def test_no_fault_costs_a_sample(replies, window_ms):
    store = history()
    async with faulty_receiver(window_ms=window_ms) as server:
        server.replies.extend(replies)
        pump = await deliver(server, store)
    assert held(server) == everything()
    assert (pump.state, store.quarantined) == (PumpState.OK, [])


@pytest.mark.parametrize(("farewell", "doubts"), [(b"", True), (b"Connection: close\r\n", False)])
async def test_a_connection_that_ends_without_a_word_may_have_been_a_crash(farewell, doubts):
    async def answer_once(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(re.search(rb"Content-Length: (\d+)", head)[1]))
        writer.write(b"HTTP/1.1 204 No Content\r\n" + farewell + b"\r\n")
        await writer.drain()
        writer.close()
        closed.set()

    closed = asyncio.Event()
    server = await asyncio.start_server(answer_once, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, RemoteWriteSession(RemoteWriteSettings(url, site="lib")) as session:
        await session.write(b"first")
        await closed.wait()
        # The client has to hear of it before it writes, or it is told in another way.
        pool = session._client.connector._conns
        await until(lambda: not any(one.is_connected() for held in pool.values() for one, _ in held))
        with pytest.raises(Unreachable, match="without a word") if doubts else nullcontext():
            await session.write(b"second")


async def test_a_token_never_follows_a_redirect_and_passwords_are_basic():
    async with faulty_receiver() as other, faulty_receiver() as server:
        server.replies.append(Reply(302, headers={"Location": other.url}))
        settings = RemoteWriteSettings(server.url, token="s3cret")
        store = history(range(1))
        async with delivering(store, RemoteWriteSink(settings, clock_at(1))):
            await until(lambda: bool(store.cursors))
        assert other.requests == []
        assert {one.headers["authorization"] for one in server.requests} == {"Bearer s3cret"}
        settings = RemoteWriteSettings(other.url, username="netmon", password="pässword")
        store = history(range(1))
        async with delivering(store, RemoteWriteSink(settings, clock_at(1))):
            await until(lambda: bool(store.cursors))
        assert other.requests[0].headers["authorization"] == "Basic bmV0bW9uOnDDpHNzd29yZA=="
        assert other.requests[0].headers["x-prometheus-remote-write-version"] == "0.1.0"


async def test_a_series_that_is_refused_for_its_name_is_set_aside_and_the_rest_delivered():
    shape = records.shape(metrics=(records.SECONDS, records.OCTETS), rows=ROWS)
    store = MemoryHistory(records.reading(shape, n, [n + 0.5] * 3, [n] * 3) for n in range(4))
    async with faulty_receiver(forbidden=frozenset({"ifHCInOctets"})) as server:
        pump = await deliver(server, store)
    assert held(server) == everything(range(4))
    assert (len(store.quarantined), pump.courier.quarantined_total) == (12, 12)


async def test_after_a_crash_between_sending_and_noting_only_what_is_missing_is_taken_in_order(caplog):
    async with faulty_receiver() as server:
        store = history(range(40))
        await deliver(server, store)
        requests, store = len(server.requests), history()
        pump = await deliver(server, store)
    assert held(server) == everything()
    assert pump.courier.outdated_total == {"too_old": 0, "out_of_order": 39 * 3}
    assert len(server.requests) - requests < 40 * 3 + 20
    assert len([r for r in caplog.records if "come late" in r.message]) == 1


async def test_what_plain_prometheus_finds_too_old_is_counted_with_its_reason_and_costs_few_requests(caplog):
    others = MemoryHistory([records.reading(records.shape(rows=("other",)), 10_000, [1.0])])
    seconds = range(0, 12_000, 50)
    async with faulty_receiver(bound_ms=3_600_000) as server:
        await deliver(server, others)
        store = history(seconds)
        pump = await deliver(server, store, clock_at(12_000))
    assert [one for one in held(server) if one[0] != "other"] == everything(range(6400, 12_000, 50))
    assert pump.courier.outdated_total == {"too_old": len(range(0, 6400, 50)) * 3, "out_of_order": 0}
    assert len(server.requests) < 60
    assert [r.message for r in caplog.records if "out_of_order_time_window" in r.message]


async def test_a_receiver_of_any_order_gets_the_present_first_and_the_rest_behind_it():
    async with faulty_receiver(window_ms=10**10) as server:
        store = history(range(0, 6000, 2))
        clock = clock_at(6000)
        server.replies = deque([Reply(503)])
        settings = RemoteWriteSettings(server.url, site="lib")
        async with delivering(store, RemoteWriteSink(settings, clock), clock, catch_up_lines=1e5) as pump:
            pump.committed(len(store.committed))
            await until(lambda: bool(pump.queued_records) and pump.position > 0)
            store.accept([records.reading(records.shape(rows=ROWS), 6000, [6000.5] * 3)])
            pump.committed(await store.commit())
            await until(lambda: ("a", 1_800_006_000_000, 6000.5) in held(server))
            early = len(held(server))
            await until(lambda: max(store.cursors.values(), default=0) == len(store.committed))
            assert pump.lag_seconds == 0
    assert early < 9000
    assert held(server) == everything([*range(0, 6000, 2), 6000])


@pytest.mark.parametrize("window_ms", [None, 1_000_000])
async def test_a_receiver_that_wants_order_keeps_one_lane(window_ms):
    """Whether it knows no other order at all, or its window is too short for what waits."""
    async with faulty_receiver(window_ms=window_ms, bound_ms=10**10) as server:
        store = history(range(0, 6000, 10))
        clock = clock_at(6000)
        settings = RemoteWriteSettings(server.url, site="lib")
        async with delivering(store, RemoteWriteSink(settings, clock), clock) as pump:
            pump.committed(len(store.committed))
            await until(lambda: max(store.cursors.values(), default=0) == len(store.committed))
    moments = [at for one, _, at in server.taken if dict(one)["__name__"] == METRIC]
    assert moments == sorted(moments)
