"""Bandwidth tests over the emulated path, whose settings are the truth; and the far end on loopback."""

import asyncio
import json
import subprocess
import sys
from contextlib import suppress

import pytest
from fakes.capacity import TOKEN, capacity_server, megabits, probed, run_test, serving
from fakes.context import FakeLedger, make_context
from fakes.referee import FAR, emulated_path

from netmon import sdk
from probes.bandwidth.layers import Layer
from probes.bandwidth.measured import Ask, Direction, Stop
from probes.bandwidth.ndt7_message import DOWNLOAD_PATH, PROTOCOL
from probes.bandwidth.place import find_place
from probes.bandwidth.probe import BandwidthProbe
from probes.bandwidth.web_session import text_of, web_socket

# The exact figures are the benchmarks': here other work has the processors, too.
TCP_TOLERANCE, TRAIN_TOLERANCE = 0.08, 0.02


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("path")
    with emulated_path(folder) as path, serving(path.far, FAR, folder):
        yield path


def both(rate, more=""):
    return (f"delay=10ms,rate={rate}mbit,buf=50ms{more}",) * 2


def of(records, kind):
    return [one for one in records if isinstance(one, kind)]


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize(
    ("kind", "rate"), [("ndt7", 10), ("ndt7", 100), ("http", 50), ("trains", 10), ("trains", 100)]
)
async def test_a_method_finds_what_the_line_carries(lab, kind, rate, direction):
    with lab.emulating(*both(rate)):
        found, meter = await run_test(lab.near, FAR, kind, Ask(direction, 4.0, 4, True), 10**9)
    tolerance = TRAIN_TOLERANCE if kind == "trains" else TCP_TOLERANCE
    assert megabits(found) == pytest.approx(rate, rel=tolerance)
    assert found.peak is (kind == "trains")
    assert meter.spent_bytes < (2_000_000 if kind == "trains" else rate * 1e6 / 8 * 4.5)
    assert found.server.startswith(FAR)


async def test_iperf3_is_asked_where_there_is_one(lab):
    command = [*lab.far.prefix, "iperf3", "-s", "-1"]
    server = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL)
    try:
        with lab.emulating(*both(20)):
            found, meter = await _when_it_listens(lab, Ask(Direction.DOWN, 3.0, 2, True))
    finally:
        server.kill()
        await server.wait()
    assert megabits(found) == pytest.approx(20, rel=TCP_TOLERANCE)
    assert meter.spent_bytes > 5_000_000


async def _when_it_listens(lab, ask):
    async with asyncio.timeout(10):
        while True:
            with suppress(sdk.SourceError):
                return await run_test(lab.near, FAR, "iperf3", ask, 10**9)
            await asyncio.sleep(0.05)


async def test_trains_refuse_where_delays_vary_too_much(lab):
    with lab.emulating(*both(100, ",jitter=2ms,dist=exp")), pytest.raises(sdk.SourceError) as caught:
        await run_test(lab.near, FAR, "trains", Ask(Direction.DOWN, 4.0, 1, True), 10**9)
    assert "delays vary by" in str(caught.value)


@pytest.mark.parametrize("kind", ["ndt7", "http"])
@pytest.mark.parametrize("direction", list(Direction))
async def test_a_byte_cap_is_not_exceeded(lab, kind, direction):
    with lab.emulating(*both(50)):
        found, meter = await run_test(lab.near, FAR, kind, Ask(direction, 4.0, 4, False), 2_000_000)
    assert found.stop is Stop.BYTES
    assert 1_000_000 < meter.spent_bytes <= 2_000_000


async def test_a_test_leaves_evidence_with_every_input_and_a_row_in_the_contracts_layer(
    lab,
):
    line = sdk.Circuit("line", 20_000_000, 20_000_000, "L2", source_address="10.99.0.1")
    ledger = FakeLedger({"line": 10**9})
    with lab.emulating(*both(20)):
        records, story = await probed(
            lab.near, FAR, lab.folder, method="http", circuits={"line": line}, ledger=ledger
        )
    down, up = of(records, sdk.Event)
    assert [down.data["direction"], up.data["direction"]] == ["down", "up"]
    assert json.loads(json.dumps(down.data)) == down.data
    assert down.retention is sdk.Retention.EVIDENCE
    assert down.data["bits_per_second"]["TCP"] < down.data["bits_per_second"]["IP"]
    assert down.data["contract"] == {"circuit": "line", "bits_per_second": 20_000_000, "rate_layer": "L2"}
    assert down.data["limited_by"] == "circuit"
    assert {"busy_seconds", "release", "own_core_ratio"} <= set(down.data["far_end"])
    assert down.data["host"]["interface"] == "eth0"
    assert ledger.spent["line"] == down.data["spent_bytes"] + up.data["spent_bytes"]
    reading = next(one for one in of(records, sdk.Reading) if one.shape.measurement == "bandwidth_test")
    assert [dict(row.key)["layer"] for row in reading.shape.rows] == [Layer.L2, Layer.L2]
    assert reading.columns[0][0] * 8 / 1e6 == pytest.approx(20.24, rel=TCP_TOLERANCE)
    assert any("Mbit/s" in line for line in story)


async def test_latency_beside_a_load_is_the_queue_that_the_load_made(lab):
    with lab.emulating("delay=10ms,rate=100mbit,buf=50ms", "delay=10ms,rate=20mbit,buf=100ms") as truth:
        records, _ = await probed(
            lab.near, FAR, lab.folder,
            method="http", latency="stamp", directions="down", duration="2s",
        )  # fmt: skip
    (event,) = of(records, sdk.Event)
    assert event.data["idle_latency"]["p50_seconds"] == pytest.approx(0.0201, abs=0.001)
    queued = event.data["loaded_latency"]["p95_seconds"] - event.data["idle_latency"]["min_seconds"]
    waits = sorted(packet.queue_bytes * 8 / 20e6 for packet in truth.packets(6) if packet.direction == 1)
    assert queued == pytest.approx(waits[int(0.95 * len(waits))], abs=0.012)


async def test_a_burst_finds_the_depth_of_the_buffer(lab):
    with lab.emulating(*both(20)):
        records, _ = await probed(
            lab.near, FAR, lab.folder, method="trains", buffer=True, directions="down", max_bytes="12MB"
        )
    (event,) = of(records, sdk.Event)
    assert event.data["buffer_full"] is True
    assert event.data["buffer_seconds"] == pytest.approx(0.05, rel=0.06)


@pytest.mark.parametrize(
    ("line", "cap", "words"),
    [
        (sdk.Circuit("line", metered=True), None, "metered"),
        (sdk.Circuit("line"), 400_000_000, "left this month"),
    ],
)
async def test_a_test_that_must_not_run_sends_nothing_and_says_why(lab, line, cap, words):
    ledger = FakeLedger({} if cap is None else {"line": cap})
    with lab.emulating() as truth:
        records, _ = await probed(lab.near, FAR, lab.folder, circuits={"line": line}, ledger=ledger)
    (reading,), (event,) = of(records, sdk.Reading), of(records, sdk.Event)
    assert reading.outcomes == (sdk.Outcome.UNSUPPORTED,)
    assert words in event.data["refused"]
    assert truth.packets() == []
    assert not ledger.spent


# The far end, on loopback


@pytest.fixture
async def port():
    async with capacity_server(TOKEN, test_bytes=30_000_000) as made:
        yield made


async def place_of(port, token=TOKEN):
    return await find_place(make_context(), f"http://127.0.0.1:{port}/", "any", None, token)


async def test_a_wrong_token_is_denied_with_words(port):
    place = await place_of(port, "not-the-token-at-all")
    with pytest.raises(sdk.SourceError) as caught:
        async with web_socket(place, DOWNLOAD_PATH, PROTOCOL, None, {}):
            pass
    assert caught.value.outcome == sdk.Outcome.DENIED
    assert "token" in str(caught.value)


async def test_who_comes_second_waits_for_another_time(port):
    first, second = await place_of(port), await place_of(port)
    async with web_socket(first, DOWNLOAD_PATH, PROTOCOL, None, {}):
        with pytest.raises(sdk.SourceError) as caught:
            async with web_socket(second, DOWNLOAD_PATH, PROTOCOL, None, {}):
                pass
    assert caught.value.outcome == sdk.Outcome.BUSY


async def test_the_server_ends_a_test_that_has_had_its_bytes_and_measures_on_the_way(port):
    received, measured = 0, []
    async with web_socket(await place_of(port), DOWNLOAD_PATH, PROTOCOL, None, {}) as ws:
        async with asyncio.timeout(10):
            async for message in ws:
                found = text_of(message)
                received += len(message.data) if found is None else 0
                measured += [found] if found is not None else []
                await asyncio.sleep(0.02)
    assert 30_000_000 <= received < 32_000_000
    assert {"AppInfo", "TCPInfo", "Origin", "Test", "Netmon"} <= set(measured[-1])


async def http(port, text):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text.encode())
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_librespeeds_clients_find_what_they_look_for(port):
    for method, path, size in (
        ("GET", f"/backend/garbage.php?ckSize=2&access_token={TOKEN}", 2 << 20),
        ("GET", f"/backend/getIP.php?access_token={TOKEN}", 10),
        ("POST", f"/backend/empty.php?access_token={TOKEN}", 0),
        ("GET", f"/empty?access_token={TOKEN}", 0),
    ):
        answer = await http(port, f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert len(body) >= size


async def test_the_command_shows_the_test_and_its_event_as_json(port, tmp_path):
    (tmp_path / "token").write_text(TOKEN)
    words = ["bandwidth", f"127.0.0.1:{port}", "--method", "http", "--json", "--timeout", "4s"]
    settings = [
        "--set",
        "max_bytes=10MB",
        "--set",
        f"token_file={tmp_path / 'token'}",
        "--set",
        "directions=up",
    ]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "netmon", "probe", *words, *settings, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(20):
        output, _ = await process.communicate()
    documents = [json.loads(line) for line in output.splitlines()]
    assert [one.get("measurement", one.get("event")) for one in documents] == [
        "bandwidth", "bandwidth_test", "bandwidth_test",
    ]  # fmt: skip
    assert documents[-1]["data"]["limited_by"] == "policy"


def test_the_probe_is_alone_on_the_line_and_leaves_by_its_circuit():
    assert BandwidthProbe.exclusive
    assert BandwidthProbe.binds
