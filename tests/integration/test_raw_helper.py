"""The raw helper on a cable of the tests' own, with one capability; scapy plays the other end."""

import asyncio
import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from fakes.context import make_context
from fakes.namespaces import two_hosts

from netmon import sdk
from probes.raw.lan import LanSource

OWN, FAR = "10.9.0.1", "10.9.0.2"
SERVERS = ("10.9.0.2", "10.9.0.66")
HELPER = Path(sys.executable).with_name("netmon-raw")


@pytest.fixture(scope="module")
def cable():
    with two_hosts(f"{OWN}/24", f"{FAR}/24") as (near, far):
        for _ in range(50):
            if "tentative" not in near.run("ip", "-6", "addr", "show", "dev", "eth0").stdout:
                break
            time.sleep(0.1)
        yield near, far


@pytest.fixture(scope="module")
def helper(cable, tmp_path_factory):
    """Start the helper with CAP_NET_RAW and no other right; gives its socket."""
    if shutil.which("setpriv") is None or not HELPER.exists():
        reason = "setpriv or the helper is not installed"
        if os.environ.get("NETMON_REQUIRE_SERVERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    path = tmp_path_factory.mktemp("raw") / "socket"
    only = ("setpriv", "--bounding-set=-all,+net_raw", "--inh-caps=-all,+net_raw")
    process = subprocess.Popen([*cable[0].prefix, *only, HELPER, "--socket", path], stderr=subprocess.PIPE)
    try:
        for _ in range(200):
            if path.exists() or process.poll() is not None:
                break
            time.sleep(0.05)
        assert path.exists(), process.communicate()[1].decode()
        status = Path(f"/proc/{process.pid}/status").read_text()
        assert "CapEff:\t0000000000002000" in status  # 1 << 13: CAP_NET_RAW
        yield path
    finally:
        process.terminate()
        process.communicate(timeout=10)
        assert process.returncode == 0


async def look(path, **settings):
    source = LanSource(
        sdk.Assignment("lan", ("eth0",), 60.0, 10.0), LanSource.settings_type(socket=str(path), **settings)
    )
    await source.open(make_context())
    return source


def row(reading):
    metrics = zip(reading.shape.metrics, reading.columns, strict=True)
    return {
        " ".join((m.name.removeprefix("netmon_lan_"), *dict(m.labels).values())): c[0] for m, c in metrics
    }


def facts(records, kind):
    found = [record for record in records if isinstance(record, sdk.Fact) and record.kind == kind]
    return {record.key[-1][1]: record.values for record in found}


def far_mac(far):
    return far.run("cat", "/sys/class/net/eth0/address").stdout.strip()


async def test_neighbours_of_both_families_are_found(cable, helper):
    source = await look(helper, switches=False, dhcp=False)
    reading, *records = await source.read()
    assert (row(reading)["neighbours 4"], row(reading)["neighbours 6"]) == (1, 1)
    (mac,) = (far_mac(cable[1]),)
    addresses = facts(records, "lan_neighbour")[mac]["addresses"]
    assert FAR in addresses
    assert any(address.startswith("fe80::") for address in addresses)


def say(far, name):
    """Speak LLDP once, as the switch at the far end of the cable."""
    from scapy.arch.linux import L2Socket
    from scapy.contrib.lldp import (
        LLDPDUChassisID,
        LLDPDUEndOfLLDPDU,
        LLDPDUPortID,
        LLDPDUSystemName,
        LLDPDUTimeToLive,
    )
    from scapy.layers.l2 import Ether

    frame = (
        Ether(src="02:00:00:00:00:0a", dst="01:80:c2:00:00:0e", type=0x88CC)
        / LLDPDUChassisID(subtype=4, id="02:00:00:00:00:0a")
        / LLDPDUPortID(subtype=5, id="ge-0/0/7")
        / LLDPDUTimeToLive(ttl=120)
        / LLDPDUSystemName(system_name=name)
        / LLDPDUEndOfLLDPDU()
    )
    with far.entered():
        door = L2Socket(iface="eth0", promisc=False)
        door.send(frame)
        door.close()


async def test_what_a_switch_says_of_itself_is_heard(cable, helper):
    source = await look(helper, neighbours=False, dhcp=False)
    reading, *_ = await source.read()  # from now on the helper listens
    assert row(reading)["link_neighbours"] == 0
    say(cable[1], "sw1")
    for _ in range(20):
        reading, *records = await source.read()
        if row(reading)["link_neighbours"]:
            break
    assert row(reading)["link_neighbours"] == 1
    told = facts(records, "link_neighbour")["02:00:00:00:00:0a"]
    assert (told["protocol"], told["name"], told["port"]) == ("lldp", "sw1", "ge-0/0/7")


@contextmanager
def dhcp_servers(far, servers, after_seconds=0.05):
    """Offer an address in the name of each server, some time after the question."""
    from scapy.arch.linux import L2Socket
    from scapy.layers.dhcp import BOOTP, DHCP
    from scapy.layers.inet import IP, UDP
    from scapy.layers.l2 import Ether

    stop = threading.Event()
    with far.entered():
        sock = L2Socket(iface="eth0", type=0x0800, promisc=False)
    asked = []

    def serve():
        while not stop.is_set():
            sock.ins.settimeout(0.1)
            try:
                question = sock.recv()
            except TimeoutError:
                continue
            if question is None or BOOTP not in question or question[UDP].dport != 67:
                continue
            asked.append(dict(option for option in question[DHCP].options if len(option) == 2))
            time.sleep(after_seconds)
            for server in servers:
                options = [("message-type", "offer"), ("server_id", server), ("lease_time", 600), "end"]
                bootp = BOOTP(
                    op=2, xid=question[BOOTP].xid, yiaddr="10.9.0.77", chaddr=question[BOOTP].chaddr
                )
                ether = Ether(dst="ff:ff:ff:ff:ff:ff")
                ip = IP(src=server, dst="255.255.255.255")
                sock.send(ether / ip / UDP(sport=67, dport=68) / bootp / DHCP(options=options))

    thread = threading.Thread(target=serve)
    thread.start()
    with ExitStack() as stack:
        stack.callback(sock.close)
        stack.callback(thread.join)
        stack.callback(stop.set)
        yield asked


async def test_the_time_to_an_offer_is_measured_and_no_address_is_taken(cable, helper):
    with dhcp_servers(cable[1], SERVERS[:1]) as asked:
        source = await look(helper, neighbours=False, switches=False)
        reading, *records = await source.read()
    found = row(reading)
    assert (found["dhcp_servers"], found["dhcp_unexpected_servers"]) == (1, 0)
    assert 0.05 <= found["dhcp_offer_seconds"] < 0.5
    assert facts(records, "dhcp_server")[SERVERS[0]]["lease_seconds"] == 600
    assert [options["message-type"] for options in asked] == [1]  # DHCPDISCOVER, and nothing after the offer


async def test_a_rogue_server_is_an_event(cable, helper):
    with dhcp_servers(cable[1], SERVERS):
        source = await look(helper, neighbours=False, switches=False, dhcp_servers=(SERVERS[0],))
        reading, *records = await source.read()
    assert (row(reading)["dhcp_servers"], row(reading)["dhcp_unexpected_servers"]) == (2, 1)
    (event,) = [record for record in records if isinstance(record, sdk.Event)]
    assert (event.kind, event.data["address"]) == ("dhcp_unexpected_server", SERVERS[1])


async def test_silence_is_no_server_and_no_time(helper):
    source = await look(helper, neighbours=False, switches=False)
    reading, *_ = await source.read()
    assert (row(reading)["dhcp_servers"], row(reading)["dhcp_offer_seconds"]) == (0, None)


async def test_an_interface_that_is_not_there_is_said_to_be(helper):
    source = LanSource(
        sdk.Assignment("lan", ("eth9",), 60.0, 10.0), LanSource.settings_type(socket=str(helper))
    )
    await source.open(make_context())
    with pytest.raises(sdk.SourceError, match="eth9: No such device"):
        await source.read()


async def test_a_switch_is_heard_again_after_the_cable_was_out(cable, helper):
    near, far = cable
    source = await look(helper, neighbours=False, dhcp=False)
    await source.read()
    near.ip("link", "set", "eth0", "down")
    near.ip("link", "set", "eth0", "up")
    for _ in range(50):
        say(far, "sw2")
        reading, *records = await source.read()
        names = [told["name"] for told in facts(records, "link_neighbour").values()]
        if names == ["sw2"]:
            break
        await asyncio.sleep(0.1)
    else:
        pytest.fail(f"not heard again: {row(reading)}")
