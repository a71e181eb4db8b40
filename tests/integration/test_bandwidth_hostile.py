"""Servers that mean no good, or break off in the middle: a test ends in time, and with words."""

import asyncio
import json
import shutil
import socket
import threading
import time
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
from fakes.capacity import capacity_server
from fakes.context import FakeLedger, make_context

from netmon import sdk
from probes.bandwidth.http_streams import HttpStreams, Paths
from probes.bandwidth.iperf3 import Iperf3
from probes.bandwidth.measured import Ask, Direction
from probes.bandwidth.meter import Meter
from probes.bandwidth.ndt7_message import own_record, parse_object, server_record
from probes.bandwidth.ndt7_socket import FrameReader
from probes.bandwidth.place import find_place
from probes.bandwidth.train_session import train_session
from probes.bandwidth.train_talk import (
    LARGEST_ARRIVALS_BYTES,
    MOST_PACKETS,
    decode_arrivals,
    encode_arrivals,
    order_of,
)
from probes.bandwidth.train_wire import Arrivals, Order, TrainSocket
from probes.bandwidth.web_session import text_of, web_socket


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


async def test_a_web_socket_is_not_led_to_another_server():
    asked = []

    async def other(reader, writer):
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    async with server(other) as elsewhere:

        async def sends_away(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(
                f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{elsewhere}/\r\n"
                "Content-Length: 0\r\n\r\n".encode()
            )
            await writer.drain()
            writer.close()

        async with server(sends_away) as port:
            place = await find_place(make_context(), f"ws://127.0.0.1:{port}/", "any", None, "secret")
            with pytest.raises(sdk.SourceError, match="elsewhere"):
                async with asyncio.timeout(10), web_socket(place, "/", "any", None, {}):
                    pass
    assert asked == []


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


async def test_an_upload_that_is_turned_away_is_no_measure_of_anything():
    async with capacity_server("a-token-nobody-has") as port:
        with pytest.raises(sdk.SourceError) as caught:
            await http_test(port, Direction.UP)
    assert caught.value.outcome == sdk.Outcome.DENIED


async def test_a_header_in_two_pieces_is_read():
    async def handle(reader, writer):
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-")
            await writer.drain()
            await asyncio.sleep(0.03)
            writer.write(b"Length: 1000000\r\n\r\n" + bytes(1_000_000))

    async with server(handle) as port:
        assert (await http_test(port)).bits_per_second


def test_a_receiver_ends_when_its_session_does():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    wire = TrainSocket(sock, 1)
    order = Order(1, 100, 1400, 0.0)
    thread = threading.Thread(target=wire.receive, args=(order, 30.0), daemon=True)
    thread.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        address = sock.getsockname()
        time.sleep(0.05)
        sock.close()
        other.sendto(b"x", address)
    thread.join(5.0)
    assert not thread.is_alive()


def order(**more):
    return order_of({"train": 1, "packets": 100, "packet_bytes": 1400, "bits_per_second": 10e6, **more})


@pytest.mark.parametrize(
    "more",
    [{"bits_per_second": 1e-6}, {"packets": 20_000, "bits_per_second": 1e6}, {"packet_bytes": 9000}],
)
def test_a_train_that_would_never_end_or_never_leave_is_not_sent(more):
    assert order() is not None
    assert order(**more) is None


def test_frames_of_no_length_do_not_hold_the_loop():
    near, far = socket.socketpair()
    with near, far:
        far.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                far.send(b"\x82\x00" * 4096)
        reader = FrameReader(near, lambda _text: None)
        near.setblocking(False)
        assert 0 < reader.read() <= 2 * 4096
        reader.close()


async def test_a_token_of_strange_octets_is_only_a_wrong_one():
    async with capacity_server("a-token-nobody-has") as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /empty HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\n\r\n")
        async with asyncio.timeout(5):
            assert b" 401 " in await reader.readline()
        writer.close()


async def test_a_stranger_cannot_go_on_sending():
    async with capacity_server("a-token-nobody-has") as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /empty HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n")
        assert b" 401 " in await reader.readline()
        with suppress(ConnectionError):
            async with asyncio.timeout(5):
                while True:
                    writer.write(bytes(1000))
                    await writer.drain()
                    await asyncio.sleep(0.01)
        writer.close()


class Silent(Iperf3):
    """An iperf3 that ends without a word about what it took."""

    async def _said(self, _program, _words, _seconds):
        await asyncio.sleep(0.2)
        raise sdk.SourceError(sdk.Outcome.GARBLED, "iperf3 gave no JSON")


async def test_what_iperf3_took_and_did_not_tell_is_spent_all_the_same():
    if shutil.which("iperf3") is None:
        pytest.skip("iperf3 is not installed")
    place = await find_place(make_context(), "http://127.0.0.1:5201/", "any", None, "")
    ledger = FakeLedger()
    meter = Meter(ledger, "line", 10_000_000)
    with pytest.raises(sdk.SourceError):
        await Silent(place).run(Ask(Direction.DOWN, 10.0, 1, False), meter)
    assert 200_000 <= ledger.spent["line"] <= 10_000_000
