"""The far end by TLS, with an authority of the test's own; and M-Lab's JavaScript client against it."""

import asyncio
import json
import os
import shutil
import ssl
from pathlib import Path

import pytest
from fakes.authority import make_authority
from fakes.capacity import TOKEN, capacity_server
from fakes.context import make_context

from netmon import sdk
from probes.bandwidth.measured import Ask, Direction
from probes.bandwidth.meter import Meter
from probes.bandwidth.ndt7 import Ndt7
from probes.bandwidth.place import find_place
from probes.bandwidth.probe import BandwidthProbe, BandwidthSettings
from probes.bandwidth.trains import Trains

CLIENT = Path(__file__).parents[1] / "tools" / "ndt7_client.cjs"
MODULES = os.environ.get("NETMON_NDT7_MODULES", "")
CAP_BYTES, PLENTY_BYTES = 20_000_000, 10**11


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
async def port(authority):
    async with capacity_server(TOKEN, authority.server(), test_bytes=PLENTY_BYTES) as made:
        yield made


async def place_of(port):
    return await find_place(make_context(), f"https://localhost:{port}/", "any", None, TOKEN)


@pytest.mark.parametrize("direction", list(Direction))
async def test_ndt7_is_measured_through_tls(port, authority, direction):
    context = make_context()
    method = Ndt7(await place_of(port), context.clock, authority.client())
    found = await method.run(Ask(direction, 0.9, 1, False), Meter(context.ledger, "", PLENTY_BYTES))
    assert found.bits_per_second > 1e6
    assert {"app_bytes", "release", "own_core_ratio"} <= set(found.far_record)


async def test_an_authority_that_nobody_knows_is_refused_in_words(port):
    context = make_context()
    method = Ndt7(await place_of(port), context.clock, ssl.create_default_context())
    with pytest.raises(sdk.SourceError, match="certificate"):
        await method.run(Ask(Direction.DOWN, 1.0, 1, False), Meter(context.ledger, "", CAP_BYTES))


async def test_trains_agree_on_their_terms_through_tls(port, authority):
    context = make_context()
    method = Trains(await place_of(port), context.clock, authority.client())
    meter = Meter(context.ledger, "", CAP_BYTES)
    # On loopback all packets of a train have one stamp, so that it is refused; its session was held by TLS.
    with pytest.raises(sdk.SourceError, match="trains are refused"):
        await method.run(Ask(Direction.DOWN, 2.0, 1, True), meter)
    assert meter.spent_bytes > 0


async def test_librespeeds_pages_are_there_by_https(port, authority):
    reader, writer = await asyncio.open_connection("localhost", port, ssl=authority.client())
    writer.write(
        f"GET /backend/garbage.php?ckSize=1&access_token={TOKEN} HTTP/1.1\r\n"
        "Host: localhost\r\nConnection: close\r\n\r\n".encode()
    )
    async with asyncio.timeout(10):
        found = await reader.read()
    writer.close()
    assert found.startswith(b"HTTP/1.1 200")
    assert len(found) > 1 << 20


async def test_the_probe_trusts_the_authority_that_it_is_told(port, authority, tmp_path):
    (tmp_path / "token").write_text(TOKEN)
    settings = BandwidthSettings(
        ca_file=str(authority.trusted), token_file=str(tmp_path / "token"),
        max_bytes="20MB", directions="up", peak_tests=0, off_peak_tests=0,
    )  # fmt: skip
    target = f"wss://localhost:{port}/"
    probe = BandwidthProbe(sdk.Assignment("b", (target,), 60.0, 10.0), settings)
    await probe.open(make_context())
    try:
        records = await probe.read()
    finally:
        await probe.close()
    (event,) = [one for one in records if isinstance(one, sdk.Event)]
    assert event.data["refused"] is None
    assert event.data["bits_per_second"]["TCP"] > 1e6


@pytest.mark.skipif(not MODULES or shutil.which("node") is None, reason="needs node and NETMON_NDT7_MODULES")
@pytest.mark.parametrize("protocol", ["ws", "wss"])
async def test_mlabs_own_client_is_served(authority, protocol):
    tls = authority.server() if protocol == "wss" else None
    async with capacity_server(TOKEN, tls, test_bytes=200_000_000) as port:
        process = await asyncio.create_subprocess_exec(
            "node", CLIENT, MODULES, protocol, f"localhost:{port}", TOKEN,
            stdout=asyncio.subprocess.PIPE, env=os.environ | {"NODE_EXTRA_CA_CERTS": str(authority.trusted)},
        )  # fmt: skip
        async with asyncio.timeout(40):
            output, _ = await process.communicate()
    found = json.loads(output)
    assert found["code"] == 0
    assert found["download"]["LastClientMeasurement"]["NumBytes"] > 100_000_000
    assert found["upload"]["LastServerMeasurement"]["TCPInfo"]["BytesReceived"] > 50_000_000
