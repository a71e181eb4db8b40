"""Servers that mean no good, or break off in the middle: a test ends in time, and with words."""

import asyncio
import json
from contextlib import asynccontextmanager

import aiohttp
import pytest
from fakes.capacity import capacity_server
from fakes.context import FakeLedger, make_context

from probes.bandwidth.http_streams import HttpStreams, Paths
from probes.bandwidth.measured import Ask, Direction
from probes.bandwidth.meter import Meter
from probes.bandwidth.ndt7_message import own_record, parse_object, server_record
from probes.bandwidth.place import find_place
from probes.bandwidth.train_session import train_session
from probes.bandwidth.train_talk import LARGEST_ARRIVALS_BYTES, MOST_PACKETS, decode_arrivals, encode_arrivals
from probes.bandwidth.train_wire import Arrivals
from probes.bandwidth.web_session import text_of


@asynccontextmanager
async def server(handle):
    """Serve connections by a coroutine; gives the port."""
    made = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield made.sockets[0].getsockname()[1]
    finally:
        made.close()


async def http_test(port, direction=Direction.DOWN):
    context = make_context()
    place = await find_place(context, f"http://127.0.0.1:{port}/", "any", None, "")
    method = HttpStreams(place, context.clock, Paths())
    async with asyncio.timeout(10):
        return await method.run(Ask(direction, 0.5, 2, True), Meter(FakeLedger(), "", 10**7))


async def test_a_record_that_breaks_off_does_not_stop_the_loop():
    async def handle(reader, writer):
        while b"/record" not in await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + bytes(1_000_000))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        writer.close()

    async with server(handle) as port:
        found = await http_test(port)
    assert found.far_record == {}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, -(10**30), [1], {"a": 1}])
def test_a_number_that_nobody_can_count_with_is_left_out_of_the_record(value):
    assert own_record({"seconds": value, "streams": 2}) == {"streams": 2}
    assert server_record({"TCPInfo": {"RTT": value}, "AppInfo": {"NumBytes": value}})["rtt_seconds"] == 0


def test_text_that_is_nested_without_end_is_no_record():
    for text in ("[" * 60_000, '{"a":' * 12_000, "[]", "", b"\xff"):
        assert parse_object(text) is None
    assert parse_object('{"a": 1}') == {"a": 1}


def test_the_stamps_of_the_longest_train_fit_into_one_message():
    numbers = tuple(range(MOST_PACKETS))
    times = tuple(number * 750_000 for number in numbers)
    text = json.dumps(encode_arrivals(Arrivals(numbers, times, times)))
    message = aiohttp.WSMessage(aiohttp.WSMsgType.TEXT, text, None)
    said = text_of(message, LARGEST_ARRIVALS_BYTES)
    assert said is not None
    assert len(decode_arrivals(said).numbers) == MOST_PACKETS


async def test_a_long_train_upwards_is_answered():
    async with capacity_server() as port:
        place = await find_place(make_context(), f"127.0.0.1:{port}", "any", None, "")
        async with train_session(place, None, Meter(FakeLedger(), "", 10**9)) as session:
            found = await session.train(Direction.UP, 4000, 1400, 200e6)
    assert len(found.numbers) > 3000
