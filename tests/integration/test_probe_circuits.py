"""Probes that must leave by one circuit: an appliance with two lines, one far address behind both."""

import asyncio
import socket
import struct
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import pytest
from fakes.namespaces import Host, cable, hosts
from fakes.probing import probe_once

from netmon import sdk
from netmon.sdk import Outcome
from probes.closed_port import reset_time
from probes.dns import DnsProbe
from probes.http import HttpProbe
from probes.icmp import IcmpProbe
from probes.path import PathProbe
from probes.stamp import StampProbe
from probes.tcp import TcpProbe

FAR = {4: "198.51.100.1", 6: "2001:db8:ff::1"}
NEAR = {4: ("10.1.0.2", "10.2.0.2"), 6: ("2001:db8:1::2", "2001:db8:2::2")}
LINES = ("wan1", "wan2")
OTHER = sdk.Circuit("o", source_address="192.0.2.250")
ALL_GROUPS, NOBODY = "0 2147483647", "1 0"
PROBES = {
    "icmp": IcmpProbe,
    "dns": DnsProbe,
    "dns_tcp": DnsProbe,
    "tcp": TcpProbe,
    "http": HttpProbe,
    "stamp": StampProbe,
}
SETTINGS = {
    "icmp": {"packets": 2, "spacing": "2ms"},
    "dns_tcp": {"transport": "tcp"},
    "stamp": {"packets": 2, "spacing": "2ms"},
}


@pytest.fixture(scope="module")
def site():
    """An appliance whose default route is wan1; packets from wan2's own address are routed by wan2."""
    with hosts("near", "far1", "far2") as (near, *fars):
        for line, far in zip(LINES, fars, strict=True):
            cable((near, line), (far, "eth0"))
        for version in (4, 6):
            _lay(near, fars, version)
        yield near, fars


def _lay(near, fars, version):
    length, whole = ("24", "32") if version == 4 else ("64", "128")
    family, quick = (f"-{version}", ("nodad",) if version == 6 else ())
    for number, (line, far, own) in enumerate(zip(LINES, fars, NEAR[version], strict=True), 1):
        gateway = own[:-1] + "1"
        near.ip("addr", "add", f"{own}/{length}", "dev", line, *quick)
        far.ip("addr", "add", f"{gateway}/{length}", "dev", "eth0", *quick)
        far.ip("addr", "add", f"{FAR[version]}/{whole}", "dev", "lo", *quick)
        near.ip(family, "route", "add", "default", "via", gateway, "dev", line, "metric", str(number * 100))
        near.ip(family, "route", "add", "default", "via", gateway, "dev", line, "table", str(number + 10))
        near.ip(family, "rule", "add", "from", own, "table", str(number + 10))


@dataclass
class FarEnd:
    """What one far host heard: protocol and who asked."""

    heard: set[tuple[str, str]] = field(default_factory=set)

    def hear_ping(self, sock, request, header_bytes):
        packet, source = sock.recvfrom(65_535)
        if packet[header_bytes] == request:
            self.heard.add(("icmp", source[0]))

    async def greet(self, reader, writer):
        peer, own = writer.get_extra_info("peername")[0], writer.get_extra_info("sockname")[1]
        self.heard.add(({53: "dns_tcp", 80: "http", 7: "tcp"}[own], peer))
        if own == 53:
            (size,) = struct.unpack("!H", await reader.readexactly(2))
            answer = _no_data(await reader.readexactly(size))
            writer.write(struct.pack("!H", len(answer)) + answer)
        elif own == 80:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await reader.read()
        writer.close()


class Resolver(asyncio.DatagramProtocol):
    def __init__(self, end):
        self._end = end

    def connection_made(self, transport):
        self._transport = transport

    def datagram_received(self, data, addr):
        self._end.heard.add(("dns", addr[0]))
        self._transport.sendto(_no_data(data), addr)


class Twamp(Resolver):
    def datagram_received(self, data, addr):
        self._end.heard.add(("stamp", addr[0]))
        self._transport.sendto(bytes(24) + data[:12], addr)


def _no_data(query):
    return query[:2] + b"\x81\x80" + query[4:]


@asynccontextmanager
async def far_end(host: Host):
    """Answer on all protocols at the far addresses of a host; its kernel answers echo requests."""
    end, loop, stack = FarEnd(), asyncio.get_running_loop(), ExitStack()
    with host.entered():
        stack.enter_context(_pings(end, socket.AF_INET, socket.IPPROTO_ICMP, 8, 20))
        stack.enter_context(_pings(end, socket.AF_INET6, socket.IPPROTO_ICMPV6, 128, 0))
        servers = [await asyncio.start_server(end.greet, list(FAR.values()), port) for port in (7, 53, 80)]
        resolvers = [
            await loop.create_datagram_endpoint(lambda kind=kind: kind(end), local_addr=(address, port))
            for address in FAR.values()
            for kind, port in ((Resolver, 53), (Twamp, 862))
        ]
    try:
        yield end
    finally:
        stack.close()
        for server in servers:
            server.close()
        for transport, _protocol in resolvers:
            transport.close()


@contextmanager
def _pings(end, family, protocol, request, header_bytes):
    """Note echo requests; a raw socket of IPv4 gives the IP header too."""
    loop = asyncio.get_running_loop()
    with socket.socket(family, socket.SOCK_RAW, protocol) as sock:
        loop.add_reader(sock, end.hear_ping, sock, request, header_bytes)
        yield
        loop.remove_reader(sock)


async def probe(site, name, circuit, version=4, **ping):
    """Probe the far address by a circuit of two; return what was found and what each far end heard."""
    near, fars = site
    address = FAR[version] if version == 4 else f"[{FAR[version]}]"
    target = {"icmp": FAR[version], "tcp": f"{address}:7", "http": f"http://{address}/"}.get(name, address)
    circuits = {circuit.id: circuit, "other": sdk.Circuit("other", source_address="192.0.2.250")}
    near.run("sysctl", "-w", f"net.ipv4.ping_group_range={ping.get('groups', ALL_GROUPS)}")
    async with far_end(fars[0]) as first, far_end(fars[1]) as second:
        with near.entered():
            found = await probe_once(
                PROBES[name], target, SETTINGS.get(name), 2.0, circuit=circuit.id, circuits=circuits
            )
    return found, first.heard, second.heard


@pytest.mark.parametrize("name", PROBES)
async def test_without_a_source_the_default_route_is_taken_and_no_circuit_is_named(site, name):
    found, first, second = await probe(site, name, sdk.Circuit("wan2"))
    assert (found.outcome, "circuit" in found.key) == (Outcome.OK, False), found.detail
    assert (first, second) == ({(name, NEAR[4][0])}, set())


@pytest.mark.parametrize("line", [0, 1], ids=LINES)
@pytest.mark.parametrize("name", PROBES)
async def test_a_probe_leaves_with_its_circuits_address_and_says_so(site, name, line):
    found, *heard = await probe(site, name, sdk.Circuit("c", source_address=NEAR[4][line]))
    assert (found.outcome, found.key["circuit"]) == (Outcome.OK, "c"), found.detail
    assert heard[line] == {(name, NEAR[4][line])}
    assert heard[1 - line] == set()


@pytest.mark.parametrize("line", [0, 1], ids=LINES)
@pytest.mark.parametrize("name", PROBES)
async def test_a_probe_leaves_by_its_circuits_interface_and_says_so(site, name, line):
    found, *heard = await probe(site, name, sdk.Circuit("c", interface=LINES[line]))
    assert (found.outcome, found.key["circuit"]) == (Outcome.OK, "c"), found.detail
    assert heard[line] == {(name, NEAR[4][line])}
    assert heard[1 - line] == set()


@pytest.mark.parametrize(
    "circuit",
    [sdk.Circuit("c", interface="wan2"), sdk.Circuit("c", source_address=NEAR[6][1])],
    ids=["interface", "address"],
)
@pytest.mark.parametrize("name", PROBES)
async def test_the_same_holds_for_ipv6(site, name, circuit):
    found, first, second = await probe(site, name, circuit, version=6)
    assert found.outcome is Outcome.OK, found.detail
    assert (first, second) == (set(), {(name, NEAR[6][1])})


@pytest.mark.parametrize(
    "circuit",
    [sdk.Circuit("c", interface="wan2"), sdk.Circuit("c", source_address=NEAR[4][1])],
    ids=["interface", "address"],
)
async def test_a_knock_leaves_by_the_circuit_too(site, circuit):
    near, fars = site
    before = (
        [_counted(far, "Udp", "NoPorts") for far in fars],
        [_counted(far, "Tcp", "OutRsts") for far in fars],
    )
    found, *_ = await probe(site, "icmp", circuit, groups=NOBODY)
    with near.entered():
        answer = await reset_time(FAR[4], sdk.SystemClock(), 2.0, circuit)
    after = (
        [_counted(far, "Udp", "NoPorts") for far in fars],
        [_counted(far, "Tcp", "OutRsts") for far in fars],
    )
    assert (found.outcome, found.texts) == (Outcome.OK, {"netmon_probe_method_info": "udp_unreachable"})
    assert answer is not None
    for was, now in zip(before, after, strict=True):
        assert (now[0] - was[0], now[1] - was[1]) == (0, 1)


def _counted(host, protocol, counter):
    """Return a counter of a host's kernel."""
    text = host.run("cat", "/proc/net/snmp").stdout
    names, values = [line.split() for line in text.splitlines() if line.startswith(f"{protocol}:")]
    return int(dict(zip(names, values, strict=True))[counter])


@pytest.mark.parametrize(
    ("circuit", "says"),
    [
        (sdk.Circuit("c", source_address="10.9.9.9"), "10.9.9.9 is not an address of this machine"),
        (sdk.Circuit("c", interface="wwan0"), "wwan0 is not an interface of this machine"),
    ],
    ids=["address", "interface"],
)
@pytest.mark.parametrize("name", PROBES)
async def test_a_source_that_is_gone_is_an_unreachable_circuit_and_nothing_is_sent(site, name, circuit, says):
    found, first, second = await probe(site, name, circuit)
    assert (found.outcome, found["probe_success"]) == (Outcome.UNREACHABLE, 0)
    assert found.detail.endswith(says)
    assert first | second == set()


@pytest.mark.parametrize("name", PROBES)
async def test_a_target_of_the_other_family_is_not_asked_from_elsewhere(site, name):
    found, first, second = await probe(site, name, sdk.Circuit("c", source_address=NEAR[4][0]), version=6)
    assert found.outcome is Outcome.UNSUPPORTED
    assert "an IPv6 target cannot be asked from 10.1.0.2" in found.detail
    assert first | second == set()


@pytest.mark.parametrize("method", ["icmp", "udp", "tcp"])
@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(
    "circuit",
    [sdk.Circuit("c", interface="wan2"), sdk.Circuit("c", source_address="own")],
    ids=["interface", "address"],
)
async def test_a_trace_goes_by_its_circuit(site, circuit, version, method):
    near, fars = site
    near.run("sysctl", "-w", f"net.ipv4.ping_group_range={ALL_GROUPS}")
    if circuit.source_address:
        circuit = sdk.Circuit("c", source_address=NEAR[version][1])
    before = [_packets_from_far(far) for far in fars]
    with near.entered():
        found = await probe_once(
            PathProbe,
            FAR[version],
            {"method": method, "rounds": 20, "spacing": "5ms"},
            circuit="c",
            circuits={"c": circuit, "o": OTHER},
        )
    after = [_packets_from_far(far) for far in fars]
    assert (found.outcome, found["netmon_path_hops"], found.key["circuit"]) == (Outcome.OK, 1, "c"), (
        found.story
    )
    assert after[1] - before[1] >= 20  # the far end of wan2 was asked ...
    assert after[0] - before[0] < 20  # ... and that of wan1 was not, but for the link's own talk


def _packets_from_far(far):
    return int(far.run("cat", "/sys/class/net/eth0/statistics/rx_packets").stdout)
