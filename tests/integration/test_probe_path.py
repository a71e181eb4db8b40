"""The path probe, as an ordinary user, in a network of four hops that loses, limits, hides and changes."""

import os
import shutil

import pytest
from fakes.context import FakeResolver, make_context
from fakes.namespaces import network_namespace
from fakes.path_network import R1, R2A, R2B, R3, TARGET, address, four_hops, network, tracing

from netmon import sdk
from probes.path import PathProbe

METHODS = ("icmp", "udp", "tcp")
EXCEEDED = {4: "icmp type time-exceeded", 6: "icmpv6 type time-exceeded"}
TOO_BIG = {4: "icmp type destination-unreachable icmp code frag-needed", 6: "icmpv6 type packet-too-big"}
both_versions = pytest.mark.parametrize("version", [4, 6], ids=["IPv4", "IPv6"])


@pytest.fixture(scope="module")
def built():
    if shutil.which("nft") is None:
        reason = "the hops' faults are made by nft, which is not installed"
        if os.environ.get("NETMON_REQUIRE_SERVERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with four_hops() as found:
        for version in (4, 6):  # neighbours are found and addresses settled before anything is measured
            for _ in range(5):
                found.host["source"].run("ping", f"-{version}", "-c1", "-W2", TARGET[version])
        yield found


@pytest.fixture
def hops(built):
    built.reset()
    return built


def whole_way(version):
    return [R1[version], R2A[version], R3[version], TARGET[version]]


@both_versions
@pytest.mark.parametrize("method", METHODS)
def test_every_hop_is_found_and_timed(hops, method, version):
    with tracing(hops, version, method=method) as probe:
        found = probe.read()
    assert (found.outcome, found.path["end"], found.path["method"]) == ("ok", "target", method), found.story
    assert (found.path["hops"], found.path["branches"], found.path["loss_hop"]) == (4, 1, 0)
    assert found.addresses() == whole_way(version)
    for row in found.hops.values():
        assert (row["packets_sent"], row["packets_answered"], row["state"]) == (3, 3, "ok")
        assert 0 < row["rtt_seconds min"] <= row["rtt_seconds p50"] <= row["rtt_seconds max"] < 1
    assert found.path["netmon_probe_kernel_timestamps"] == (method != "tcp")
    assert (found.path["mtu_bytes"], found.path["mtu_black_hole"]) == (1500, 0)


@both_versions
@pytest.mark.parametrize("method", ["udp", "tcp"])
def test_flows_that_routers_spread_keep_to_their_branches(hops, method, version):
    hops.route(version, "r2a", "r2b")
    with tracing(hops, version, method=method, flows=8, mtu=False) as probe:
        first, second = probe.read(), probe.read()
    second_hops = [first.hop(2, flow)["address"] for flow in range(1, 9)]
    assert set(second_hops) == {R2A[version], R2B[version]}  # each flow by one of them, never by both
    assert first.path["branches"] == 2
    assert [second.hop(2, flow)["address"] for flow in range(1, 9)] == second_hops
    assert second.facts == second.events == []


def test_one_flow_stays_one_way_where_routers_spread(hops):
    hops.route(4, "r2a", "r2b")
    with tracing(hops, method="udp", rounds=6, mtu=False) as probe:
        found = probe.read()
    assert found.addresses() in (whole_way(4), [R1[4], R2B[4], R3[4], TARGET[4]])


@pytest.mark.parametrize("method", ["icmp", "udp"])
def test_loss_is_shown_from_the_hop_on_that_packets_are_lost_on_the_way_to(hops, method):
    hops.nft("r2a", 'forward iifname "eth2" numgen inc mod 3 0 drop')
    with tracing(hops, method=method, rounds=12, mtu=False) as probe:
        found = probe.read()
    assert (found.outcome, found.path["end"], found.path["loss_hop"]) == ("ok", "target", 3), found.story
    assert [found.hop(number)["state"] for number in (1, 2, 3, 4)] == ["ok", "ok", "lossy", "lossy"]
    assert [found.hop(number)["loss_ratio"] for number in (1, 2)] == [0, 0]
    for number in (3, 4):
        assert 0.15 < found.hop(number)["loss_ratio"] < 0.5
    assert any("packets are lost from hop 3 on" in line for line in found.story)


@both_versions
@pytest.mark.parametrize("method", METHODS)
def test_a_hop_that_never_answers_is_silent_and_loses_nothing(hops, method, version):
    hops.nft("r2a", f"output {EXCEEDED[version]} drop")
    with tracing(hops, version, method=method) as probe:
        found = probe.read()
    assert (found.outcome, found.path["hops"], found.path["loss_hop"]) == ("ok", 4, 0), found.story
    silent = found.hop(2)
    assert (silent["address"], silent["state"], silent["packets_answered"]) == ("", "silent", 0)
    assert (silent["unanswered_ratio"], silent["loss_ratio"]) == (1.0, 0)
    assert silent["rtt_seconds p50"] is None


@pytest.mark.parametrize("method", METHODS)
def test_a_hop_that_saves_on_answers_is_not_called_lossy(hops, method):
    hops.nft("r2a", "output icmp type time-exceeded limit rate over 1/minute burst 2 packets drop")
    with tracing(hops, method=method, rounds=6, mtu=False) as probe:
        found = probe.read()
    limited = found.hop(2)
    assert (limited["state"], limited["loss_ratio"], found.path["loss_hop"]) == ("limited", 0, 0), found.story
    assert 0 < limited["unanswered_ratio"] < 1
    assert found.hop(4)["state"] == "ok"


@both_versions
def test_a_smaller_mtu_that_a_router_announces_is_no_black_hole(hops, version):
    hops.mtu(4, 1400)
    with tracing(hops, version) as probe:
        found = probe.read()
    assert (found.path["mtu_bytes"], found.path["mtu_black_hole"]) == (1400, 0), found.story
    assert found.path["mtu_black_hole_hop"] is None
    assert f"path MTU 1400 bytes, as {R2A[version]} says" in found.story


@both_versions
@pytest.mark.parametrize("method", ["icmp", "tcp"])
def test_a_black_hole_is_found_with_its_size_and_its_place(hops, method, version):
    hops.mtu(4, 1399)
    hops.nft("r2a", f"output {TOO_BIG[version]} drop")
    with tracing(hops, version, method=method, timeout_seconds=12.0) as probe:
        found = probe.read()
    assert (found.path["mtu_bytes"], found.path["mtu_black_hole"]) == (1399, 1), found.story
    assert found.path["mtu_black_hole_hop"] == 2
    assert found.story[-2].endswith(f"larger packets vanish without a word after hop 2 ({R2A[version]})")
    assert found.facts[0]["mtu_black_hole"] is True


def test_loss_alone_is_not_taken_for_a_black_hole(hops):
    hops.nft("r2a", 'forward iifname "eth2" numgen inc mod 3 0 drop')
    with tracing(hops, timeout_seconds=12.0) as probe:
        found = [probe.read() for _ in range(3)]
    assert {one.path["mtu_black_hole"] for one in found} <= {0, None}
    assert {one.path["mtu_bytes"] for one in found} <= {1500, None}


@both_versions
@pytest.mark.parametrize("method", METHODS)
def test_a_route_change_is_one_event_with_the_old_and_the_new_way(hops, method, version):
    with tracing(hops, version, method=method, mtu=False) as probe:
        before = [probe.read() for _ in range(2)]
        hops.route(version, "r2b")
        after = [probe.read() for _ in range(4)]
    assert [len(one.facts) for one in before] == [1, 0]
    assert before[0].facts[0]["flows"] == [[[hop] for hop in whole_way(version)]]
    assert [len(one.events) for one in (*before, *after)] == [0, 0, 0, 1, 0, 0]
    (event,) = after[1].events
    assert (event["kind"], event["flow"]) == ("path_change", 1)
    assert event["text"].endswith(f"changed at hop 2: {R2B[version]} instead of {R2A[version]}")
    assert (event["old"][1], event["new"][1]) == ([R2A[version]], [R2B[version]])
    assert [len(one.facts) for one in after] == [1, 0, 0, 0]  # at once, though nobody has confirmed it
    assert after[0].facts[0]["flows"][0][1] == [R2B[version]]


@pytest.mark.parametrize("method", METHODS)
def test_a_dead_line_is_silence_after_the_last_hop_that_answers(hops, method):
    hops.nft("r2a", 'forward iifname "eth2" drop')
    with tracing(hops, method=method) as probe:
        found = probe.read()
    assert (found.outcome, found.path["end"], found.path["hops"]) == ("timeout", "silence", None)
    assert found.addresses() == [R1[4], R2A[4]]
    assert found.facts[0]["end"] == "silence"
    assert f"      nobody answers after hop 2 ({R2A[4]})" in found.story


@pytest.mark.parametrize("method", METHODS)
def test_a_router_that_refuses_is_named_with_its_reason(hops, method):
    hops.nft("r2a", 'forward iifname "eth2" reject with icmp type host-unreachable')
    with tracing(hops, method=method) as probe:
        found = probe.read()
    assert (found.outcome, found.path["end"]) == ("unreachable", "refusal"), found.story
    assert found.addresses() == [R1[4], R2A[4]]
    assert f"      {R2A[4]} refuses: no such host there" in found.story


@pytest.mark.parametrize("method", METHODS)
def test_a_loop_is_called_one(hops, method):
    hops.host["r3"].ip("route", "replace", network(4, 6), "via", address(4, 4, 1))
    with tracing(hops, method=method) as probe:
        found = probe.read()
    assert (found.outcome, found.path["end"]) == ("unreachable", "loop"), found.story


@pytest.mark.parametrize("method", METHODS)
def test_a_target_that_is_further_away_than_may_be_asked_is_said_to_be(hops, method):
    with tracing(hops, method=method, max_hops=3) as probe:
        found = probe.read()
    assert (found.outcome, found.path["end"], len(found.hops)) == ("unreachable", "hop_limit", 3)


def test_where_ping_is_not_permitted_datagrams_trace_the_way(hops):
    source = hops.host["source"]
    source.run("sysctl", "-w", "net.ipv4.ping_group_range=1 0")
    try:
        with tracing(hops) as probe:
            found = probe.read()
    finally:
        source.run("sysctl", "-w", "net.ipv4.ping_group_range=0 2147483647")
    assert (found.outcome, found.path["method"]) == ("ok", "udp")
    assert (found.addresses(), found.path["mtu_bytes"]) == (whole_way(4), None)


async def test_the_address_of_a_name_is_kept_while_the_name_has_it():
    resolver = FakeResolver({"far.test": ("127.0.0.1", "127.0.0.2")})
    probe = PathProbe(sdk.Assignment("ways", ("far.test",), 60.0, 5.0), PathProbe.settings_type(mtu=False))
    asked = []
    with network_namespace():
        context = make_context(resolver=resolver)
        await probe.open(context)
        for addresses in (("127.0.0.1", "127.0.0.2"), ("127.0.0.2", "127.0.0.1"), ("127.0.0.2",)):
            resolver.names = {"far.test": addresses}
            records = await probe.read()
            asked += [record.values["address"] for record in records if isinstance(record, sdk.Fact)]
        await context.shared.close()
    assert asked == ["127.0.0.1", "127.0.0.2"]
