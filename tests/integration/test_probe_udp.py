"""The UDP echo probe against servers on loopback."""

import socket

import pytest
from fakes.loopback import udp_server
from fakes.ports import free_port
from fakes.probing import probe_once

from netmon.sdk import Outcome
from probes.udp import UdpProbe

RTT = "netmon_probe_udp_duration_seconds rtt"
FAST = {"packets": 5, "spacing": "2ms"}


async def echo(answer, settings=None, timeout_seconds=2.0):
    async with udp_server(answer) as server:
        found = await probe_once(UdpProbe, f"127.0.0.1:{server.port}", settings or FAST, timeout_seconds)
        return found, server


def counts(found):
    return tuple(found[f"netmon_probe_packets_{what}"] for what in ("sent", "received", "duplicated"))


async def test_a_train_comes_back_as_it_was_sent():
    found, server = await echo(lambda data: [data], FAST | {"size_bytes": 200})
    assert (found.outcome, counts(found)) == (Outcome.OK, (5, 5, 0)), found.detail
    assert 0 < found["netmon_probe_rtt_min_seconds"] <= found[RTT] < 0.1
    assert found["netmon_probe_kernel_timestamps"] == 1
    assert found["netmon_probe_late_seconds"] >= 0
    assert {len(data) for data in server.heard} == {208}


@pytest.mark.parametrize(
    "answer",
    [
        lambda data: [data[:-1]],
        lambda data: [data + b"x"],
        lambda _data: [b""],
        lambda data: [bytes(len(data))],
    ],
    ids=["cut off", "amplified", "empty", "zeros"],
)
async def test_a_reply_that_is_not_what_was_sent_is_a_loss(answer):
    found, _ = await echo(answer, timeout_seconds=0.2)
    assert (found.outcome, found["netmon_probe_loss_ratio"]) == (Outcome.TIMEOUT, 1.0)


async def test_duplicates_hide_no_loss():
    heard = []

    def twice_or_never(data):
        heard.append(data)
        return [data] * 3 if len(heard) == 1 else []

    found, _ = await echo(twice_or_never, timeout_seconds=0.3)
    assert counts(found) == (5, 1, 2)


async def test_a_host_without_echo_service_refuses():
    port = free_port(socket.SOCK_DGRAM)
    found = await probe_once(UdpProbe, f"127.0.0.1:{port}", FAST)
    assert found.outcome is Outcome.REFUSED
    assert found["probe_duration_seconds"] < 1
