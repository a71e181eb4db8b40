import sys
from pathlib import Path

import pytest
from fakes.catalogue import fake_catalogue
from hypothesis import given
from hypothesis import strategies as st

from netmon.config import assignments, discover
from netmon.config.defaults import Machine, resolvers, site_id, tables
from netmon.config.routes import connected, gateways_v4, gateways_v6

pytestmark = pytest.mark.skipif(
    sys.byteorder == "big", reason="the kernel prints routes in its own byte order"
)

FIXTURES = Path(__file__).parents[1] / "fixtures/config"
HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"


def v4(interface, destination, gateway, flags, metric, mask="00000000"):
    return f"{interface}\t{destination}\t{gateway}\t{flags}\t0\t0\t{metric}\t{mask}\t0\t0\t0\n"


ETHERNET = v4("eth0", "00000000", "010200C0", "0003", 100)
WIRELESS = v4("wlan0", "00000000", "016433C6", "0003", 50)
LOCAL = v4("eth0", "000200C0", "00000000", "0001", 100, "00FFFFFF")
ZERO, ROUTER = "0" * 32, "fe80" + "0" * 27 + "1"


def v6(destination, length, gateway, metric, flags, interface):
    return f"{destination} {length} {ZERO} 00 {gateway} {metric} 00000001 00000000 {flags} {interface:>8}\n"


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("", ()),
        (HEAD + LOCAL, ()),
        (HEAD + ETHERNET + LOCAL, ("192.0.2.1",)),
        (HEAD + ETHERNET + WIRELESS, ("198.51.100.1", "192.0.2.1")),
        (HEAD + ETHERNET + ETHERNET, ("192.0.2.1",)),
        (HEAD + "eth0 garbage\n\nx\ty\tz\n" + ETHERNET, ("192.0.2.1",)),
        (HEAD + v4("eth0", "00000000", "010200C0", "0002", 100), ()),  # the route is down
        (HEAD + v4("ppp0", "00000000", "00000000", "0001", 0), ()),  # a line without a gateway
    ],
    ids=["nothing", "no default", "one", "by metric", "twice", "garbage", "down", "point to point"],
)
def test_default_gateways_are_found_in_order_of_preference(route, expected):
    assert gateways_v4(route) == expected


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("", ()),
        (v6(ZERO, "00", ROUTER, "00000400", "00000003", "eth0"), ("fe80::1%eth0",)),
        (v6(ZERO, "00", "20010db8" + "0" * 23 + "1", "00000400", "00000003", "eth0"), ("2001:db8::1",)),
        (v6(ZERO, "00", ZERO, "ffffffff", "00200200", "lo"), ()),
        (v6(ZERO, "00", ROUTER, "00000400", "00000203", "lo"), ()),
        (v6("20010db8" + "0" * 24, "20", ROUTER, "00000400", "00000003", "eth0"), ()),
        ("garbage\n" + v6(ZERO, "00", "x" * 32, "00000400", "00000003", "eth0"), ()),
    ],
    ids=["nothing", "link-local", "global", "unreachable", "rejected", "not default", "garbage"],
)
def test_default_gateways_of_ipv6_are_found_with_their_zone(route, expected):
    assert gateways_v6(route) == expected


@pytest.mark.parametrize(
    ("resolv", "resolved", "expected"),
    [
        ("", "", ()),
        ("# comment\nnameserver 192.0.2.53\nsearch example.org\n", "", ("192.0.2.53",)),
        (
            "nameserver 127.0.0.53\n",
            "nameserver 192.0.2.53\nnameserver 2001:db8::53\n",
            ("192.0.2.53", "2001:db8::53"),
        ),
        ("nameserver 127.0.0.53\n", "", ("127.0.0.53",)),
        ("nameserver\nnameserver nonsense\nnameserver 192.0.2.53\n", "", ("192.0.2.53",)),
        (
            "".join(f"nameserver 192.0.2.{n}\n" for n in (1, 1, 2, 3, 4)),
            "",
            ("192.0.2.1", "192.0.2.2", "192.0.2.3"),
        ),
    ],
    ids=["nothing", "one", "stub", "stub alone", "garbage", "no more than three"],
)
def test_resolvers_are_the_ones_of_the_network(resolv, resolved, expected):
    assert resolvers(resolv, resolved) == expected


@given(st.text())
def test_any_text_is_no_route_at_worst(text):
    gateways_v4(text)
    gateways_v6(text)
    resolvers(text, text)


@given(st.text())
def test_any_host_name_makes_a_site(hostname):
    known = discover(
        Machine(Path("/nowhere"), Path("/nowhere"), Path("/nowhere"), hostname or "x"), fake_catalogue()
    )
    assert known.site.id == site_id(hostname or "x")


@pytest.fixture
def machine(tmp_path):
    net = tmp_path / "self/net"
    net.mkdir(parents=True)
    (net / "route").write_text(HEAD + ETHERNET + LOCAL)
    (net / "ipv6_route").write_text(v6(ZERO, "00", ROUTER, "00000400", "00000003", "eth0"))
    (tmp_path / "resolv.conf").write_text("nameserver 192.0.2.53\n")
    return Machine(tmp_path, tmp_path / "resolv.conf", tmp_path / "nowhere", "pi-12.example.org")


def test_without_a_configuration_gateways_resolvers_and_the_host_are_watched(machine):
    planned = assignments(discover(machine, fake_catalogue()))
    found = [
        (one.source_name, one.assignment.name, one.assignment.role, one.assignment.targets) for one in planned
    ]
    assert found == [
        ("host", "host", "", ("localhost",)),
        ("icmp", "gateway", "gateway", ("192.0.2.1", "fe80::1%eth0")),
        ("icmp", "resolver", "resolver", ("192.0.2.53",)),
        ("dns", "dns", "resolver", ("192.0.2.53",)),
    ]
    assert {one.site for one in planned} == {"pi-12"}


def test_a_router_that_resolves_is_pinged_once():
    [gateway, resolver] = tables("pi", ("192.0.2.1",), ("192.0.2.1",), ("icmp", "dns"))["probe"]
    assert (gateway["name"], gateway["targets"]) == ("gateway", ["192.0.2.1"])
    assert (resolver["name"], resolver["type"]) == ("dns", "dns")


def test_a_machine_without_network_still_watches_itself():
    nowhere = Machine(Path("/nowhere"), Path("/nowhere"), Path("/nowhere"), "pi")
    assert [one.job for one in assignments(discover(nowhere, fake_catalogue()))] == ["host"]


def test_the_networks_that_this_machine_is_part_of_are_those_without_a_gateway(tmp_path):
    net = tmp_path / "self" / "net"
    net.mkdir(parents=True)
    (net / "route").write_text(
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
        "eth0\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\n"
        "eth0\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n"
        "nonsense\n"
    )
    (net / "ipv6_route").write_text(
        "fd000000000000000000000000000000 40 00000000000000000000000000000000 00 "
        "00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n"
    )
    assert [str(network) for network in connected(tmp_path)] == ["192.168.2.0/24", "fd00::/64"]
    assert connected(tmp_path / "nowhere") == ()
