"""The ping probe in network namespaces of the tests' own, and its fall-back where ping is not permitted."""

import asyncio
import logging
import socket
import subprocess
import time
from contextlib import ExitStack

import pytest
from fakes.context import make_context
from fakes.echo_host import TIME_EXCEEDED, UNREACHABLE, EchoHost
from fakes.loopback import silence, tcp_server
from fakes.namespaces import network_namespace
from fakes.probing import probe_once

from netmon import sdk
from netmon.sdk import Outcome
from probes.closed_port import Method, reset_time
from probes.echo import Train
from probes.icmp import IcmpProbe
from probes.icmp_socket import EchoSockets
from probes.timestamping import StampKeeper

RTT = "probe_icmp_duration_seconds rtt"
FAST = {"packets": 5, "spacing": "2ms"}
ALL_GROUPS, NOBODY = "0 2147483647", "1 0"


@pytest.fixture
def network():
    with network_namespace(net_ipv4_ping_group_range=ALL_GROUPS):
        yield


@pytest.fixture
def mute_network():
    """Nobody answers echo requests here but the test's own host."""
    with network_namespace(net_ipv4_ping_group_range=ALL_GROUPS, net_ipv4_icmp_echo_ignore_all="1"):
        yield


@pytest.fixture
def strict_network():
    with network_namespace(net_ipv4_ping_group_range=NOBODY):
        yield


def counts(found):
    return tuple(found[f"netmon_probe_packets_{what}"] for what in ("sent", "received", "duplicated"))


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("target", ["127.0.0.1", "::1"])
async def test_both_ends_of_a_ping_are_stamped_by_the_kernel(target):
    found = await probe_once(IcmpProbe, target, FAST)
    assert found.outcome is Outcome.OK, found.detail
    assert counts(found) == (5, 5, 0)
    assert (found["netmon_probe_loss_ratio"], found["netmon_probe_kernel_timestamps"]) == (0.0, 1)
    assert 0 < found["netmon_probe_rtt_min_seconds"] <= found[RTT] <= found["netmon_probe_rtt_max_seconds"]
    assert found["probe_icmp_reply_hop_limit"] == 64
    assert found.texts == {"netmon_probe_method_info": "icmp"}


@pytest.mark.usefixtures("network")
async def test_many_targets_share_one_socket():
    targets = tuple(f"127.0.1.{n}" for n in range(1, 101))
    found = await probe_once(IcmpProbe, targets, FAST)
    assert set(found.reading.outcomes) == {Outcome.OK}


@pytest.mark.usefixtures("mute_network")
async def test_size_and_dscp_are_on_the_wire():
    async with EchoHost(lambda request: [request.reply()]) as host:
        await probe_once(IcmpProbe, "127.0.0.1", FAST | {"size_bytes": 1000, "dscp": 46})
    assert {len(request.payload) for request in host.requests} == {1000}
    assert {request.ip_header[1] >> 2 for request in host.requests} == {46}


@pytest.mark.usefixtures("mute_network")
async def test_lost_packets_are_counted_and_the_rest_is_measured():
    async with EchoHost(lambda request: [request.reply()] if request.number % 2 else []):
        found = await probe_once(IcmpProbe, "127.0.0.1", FAST, 0.3)
    assert (found.outcome, counts(found)) == (Outcome.OK, (5, 2, 0))
    assert found["netmon_probe_loss_ratio"] == pytest.approx(0.6)


@pytest.mark.usefixtures("mute_network")
async def test_no_reply_at_all_is_a_timeout_with_its_loss():
    async with EchoHost(lambda _request: []):
        found = await probe_once(IcmpProbe, "127.0.0.1", FAST, 0.2)
    assert (found.outcome, found["netmon_probe_loss_ratio"], found[RTT]) == (Outcome.TIMEOUT, 1.0, None)


@pytest.mark.usefixtures("mute_network")
async def test_duplicates_are_counted_and_no_loss_is_hidden_by_them():
    def twice_or_never(request):
        return [request.reply()] * 3 if request.number == 0 else []

    async with EchoHost(twice_or_never):
        found = await probe_once(IcmpProbe, "127.0.0.1", FAST, 0.3)
    assert counts(found) == (5, 1, 2)


@pytest.mark.usefixtures("mute_network")
@pytest.mark.parametrize(
    "payload",
    [lambda p: p[:-1] + b"x", lambda p: p[:20], lambda _p: b"", lambda p: bytes(len(p)), lambda p: p + b"\0"],
    ids=["last octet", "cut off", "empty", "zeros", "longer"],
)
async def test_a_wrong_payload_is_a_loss(payload):
    context = make_context()
    sockets = await context.shared.get(EchoSockets)
    async with EchoHost(lambda request: [request.reply(payload(request.payload))]):
        found = await probe_once(IcmpProbe, "127.0.0.1", FAST, 0.2, context=context)
    assert (found.outcome, found["netmon_probe_loss_ratio"]) == (Outcome.TIMEOUT, 1.0)
    assert sockets.of(4).wrong_total == 5


@pytest.mark.usefixtures("mute_network")
async def test_a_late_reply_is_never_counted_for_the_next_probe():
    context = make_context()
    sockets = await context.shared.get(EchoSockets)
    echo_socket = sockets.of(4)
    waiting = []

    def five_behind(request):
        waiting.append(request)
        return [waiting[-6].reply()] if len(waiting) > 5 else []

    async with EchoHost(five_behind):
        lost = []
        for _ in range(3):
            probe = IcmpProbe(_assignment(), IcmpProbe.settings_type(**FAST))
            await probe.open(context)
            reading, *_ = await probe.read()
            lost.append(reading.cell(0, _metric(reading, "netmon_probe_loss_ratio")))
    await context.shared.close()
    assert lost == [1.0, 1.0, 1.0]
    assert echo_socket.late_total == 10


@pytest.mark.usefixtures("mute_network")
async def test_a_reply_that_the_busy_loop_has_not_read_yet_is_no_loss():
    loop = asyncio.get_running_loop()

    def answer_then_block(request):
        loop.call_soon(time.sleep, 0.2)
        return [request.reply()]

    context = make_context()
    await context.shared.get(StampKeeper)
    sockets = await context.shared.get(EchoSockets)
    async with EchoHost(answer_then_block):
        train = Train(gaps_seconds=(), payload_bytes=56, dscp=0, wait_seconds=0.05)
        (echo,) = await sockets.of(4).train("127.0.0.1", train)
    await context.shared.close()
    assert echo.round_trip.seconds < 0.05
    assert echo.round_trip.kernel


@pytest.mark.usefixtures("mute_network")
@pytest.mark.parametrize("quote_bytes", [64, 8], ids=["quoted in full", "quoted header only"])
@pytest.mark.parametrize(
    ("kind", "code", "outcome"),
    [
        (UNREACHABLE, 1, Outcome.UNREACHABLE),
        (UNREACHABLE, 3, Outcome.REFUSED),
        (UNREACHABLE, 13, Outcome.UNREACHABLE),
        (TIME_EXCEEDED, 0, Outcome.UNREACHABLE),
    ],
    ids=["host", "port", "prohibited", "hop limit"],
)
async def test_an_icmp_error_ends_the_wait_and_names_its_sender(kind, code, outcome, quote_bytes):
    async with EchoHost(lambda request: [request.error(kind, code, quote_bytes)]):
        found = await probe_once(IcmpProbe, "127.0.0.1", FAST)
    assert (found.outcome, found["netmon_probe_loss_ratio"]) == (outcome, 1.0), found.detail
    assert f"127.0.0.1 says ICMP type {kind} code {code}" in found.detail
    assert found["probe_duration_seconds"] < 2


@pytest.mark.usefixtures("network")
async def test_a_network_without_route_is_unreachable():
    found = await probe_once(IcmpProbe, "192.0.2.1", FAST)
    assert (found.outcome, found["probe_success"]) == (Outcome.UNREACHABLE, 0), found.detail


@pytest.mark.usefixtures("strict_network")
@pytest.mark.parametrize("target", ["127.0.0.1", "::1"])
async def test_where_ping_is_not_permitted_a_closed_port_answers_and_it_shows(target, caplog):
    with caplog.at_level(logging.WARNING):
        found = await probe_once(IcmpProbe, target)
    assert found.outcome is Outcome.OK, found.detail
    assert found.texts == {"netmon_probe_method_info": "udp_unreachable"}
    assert counts(found) == (1, 1, None)
    assert 0 < found[RTT] < 0.1
    assert found["netmon_probe_kernel_timestamps"] == 1
    assert caplog.text.count("ping_group_range") == 1


@pytest.mark.usefixtures("strict_network")
async def test_a_host_that_refuses_no_datagram_is_found_by_its_reset_and_then_so_again():
    context = make_context()
    with _every_knock_is_swallowed():
        probe = IcmpProbe(_assignment(0.4), IcmpProbe.settings_type(**FAST))
        await probe.open(context)
        first, second = (await probe.read())[0], (await probe.read())[0]
        await context.shared.close()
    for reading in (first, second):
        assert reading.outcomes == (Outcome.OK,)
        assert dict(reading.shape.rows[0].texts) == {"netmon_probe_method_info": Method.TCP_RESET}
    assert first.shape is second.shape
    seconds = _metric(first, "probe_duration_seconds")
    assert second.cell(0, seconds) < 0.1 < first.cell(0, seconds)


@pytest.mark.usefixtures("strict_network")
async def test_where_nothing_answers_there_is_a_timeout_with_its_loss():
    with _every_knock_is_swallowed(), socket.create_server(("127.0.0.1", 33_434), backlog=0) as full:
        fillers = [socket.socket() for _ in range(2)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        found = await probe_once(IcmpProbe, "127.0.0.1", FAST, 0.3)
        for filler in fillers:
            filler.close()
    assert (found.outcome, found["netmon_probe_loss_ratio"]) == (Outcome.TIMEOUT, 1.0)
    assert counts(found) == (2, 0, None)


@pytest.mark.usefixtures("strict_network")
async def test_a_port_that_turns_out_to_be_open_says_as_much():
    context = make_context()
    await context.shared.get(StampKeeper)
    async with tcp_server(silence, port=33_434):
        answer = await reset_time("127.0.0.1", context.clock, 1.0)
    await context.shared.close()
    assert answer.round_trip.kernel
    assert 0 < answer.round_trip.seconds < 0.1


def _every_knock_is_swallowed():
    """Listen on every port that is knocked at, so that no datagram is refused."""
    stack = ExitStack()
    for port in range(33_434, 33_434 + 256):
        sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        sock.bind(("127.0.0.1", port))
    return stack


def _assignment(timeout_seconds=0.2):
    return sdk.Assignment("under test", ("127.0.0.1",), 0.05, timeout_seconds)


def _metric(reading, name):
    return next(metric for metric in reading.shape.metrics if metric.name == name)


@pytest.fixture
def thin_network():
    sysctls = {"net_ipv4_ping_group_range": ALL_GROUPS, "net_ipv4_icmp_echo_ignore_all": "1"}
    with network_namespace(**sysctls):
        subprocess.run(["ip", "link", "set", "lo", "mtu", "1500"], check=True)
        yield


@pytest.mark.usefixtures("thin_network")
@pytest.mark.parametrize("whole", [True, False])
async def test_packets_that_may_not_be_cut_are_refused_where_they_do_not_fit(whole):
    async with EchoHost(lambda request: [request.reply()]) as host:
        found = await probe_once(IcmpProbe, "127.0.0.1", FAST | {"size_bytes": 3000, "df": whole})
    assert (found.outcome is Outcome.OK) is not whole, found.detail
    assert ("EMSGSIZE" in found.detail) is whole
    assert len(host.requests) == (0 if whole else 5)
