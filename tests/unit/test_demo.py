"""The simulated site."""

import asyncio
import itertools
from random import Random

import pytest
from fakes.clock import FakeClock
from fakes.context import make_context
from fakes.snmp_agent import credential

from collectors.demo.command import announcement, configuration
from collectors.demo.day import moment
from collectors.demo.library import router, switch
from collectors.demo.line import dns_reply
from collectors.demo.site import SimulatedSite
from collectors.snmp.agent import Agent, serve
from collectors.snmp.command import collectors
from collectors.snmp.document import document
from netmon import sdk
from netmon.app.watch import watch
from netmon.config.load import load
from netmon.config.watch import DEFAULT_COLLECT
from netmon.verdict.evidence import host_of, is_near


@pytest.mark.parametrize("tenth", range(0, 480, 7))
def test_the_line_is_always_in_a_possible_state(tenth):
    now = moment(tenth / 10)
    assert 0 <= now.use < 1
    assert 0.01 < now.rtt_seconds < 0.2


def test_the_line_is_cut_in_the_afternoon_and_slower_when_it_is_busy():
    assert moment(14.5).cut
    assert not moment(13.9).cut
    assert moment(10.5).rtt_seconds > moment(3).rtt_seconds


async def test_the_cut_is_announced_in_real_time():
    clock = FakeClock()
    async with SimulatedSite(clock, day_seconds=180) as site:
        assert site.cut() == pytest.approx((45, 15), abs=0.1)
        assert "is cut 45 s from now for 15 s, then every 3 min." in announcement("x", *site.cut(), 180)
        clock.move(50)
        assert site.cut() == pytest.approx((0, 15), abs=0.1)
        assert "is cut now for 15 s" in announcement("x", *site.cut(), 180)
        clock.move(15)
        assert site.cut() == pytest.approx((160, 15), abs=0.1)


def test_counters_only_grow_and_stand_still_while_the_port_is_down():
    clock = FakeClock()
    device = router(clock.monotonic)
    wan = device.ports[0]
    wan.in_bits_per_second = 8_000_000
    seen = []
    for down in (False, False, True, True):
        device.set_oper_status(wan, 2 if down else 1)
        clock.move(10)
        device.advance()
        seen.append(int(wan.in_octets))
    assert [b - a for a, b in itertools.pairwise(seen)] == [10_000_000, 0, 0]


def test_the_resolver_answers_with_the_question_it_was_asked():
    question = b"\x00\x00\x02\x00\x01"  # the root's name servers
    query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + question
    reply = dns_reply(query)
    assert reply[:2] == query[:2]
    assert reply[12 : 12 + len(question)] == question
    assert reply[6:8] == b"\x00\x01"


async def test_all_servers_of_the_site_listen_on_loopback_and_go_away():
    async with SimulatedSite(FakeClock(), day_seconds=600) as site:
        assert set(site.ports) == {"router", "sw1", "anchor-a", "anchor-b", "portal", "resolver"}
        site.advance()
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection("127.0.0.21", site.ports["anchor-a"])
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
            writer.close()


async def test_the_daemons_configuration_for_the_site_has_no_mistake_and_no_warning(tmp_path):
    async with SimulatedSite(FakeClock(), day_seconds=600) as site:
        (tmp_path / "netmon.toml").write_text(configuration(site, "127.0.0.1:9877"), "utf-8")
    loaded = load(tmp_path / "netmon.toml", {"NETMON_DEMO_COMMUNITY": "demo"})
    assert loaded.warnings == ()
    assert [device.name for device in loaded.configuration.devices] == ["router", "sw1"]
    assert loaded.configuration.circuits[0].down_bits_per_second == 100_000_000


async def test_what_the_demonstration_asks_beyond_its_line_is_outside_of_the_site(tmp_path):
    async with SimulatedSite(FakeClock(), day_seconds=600) as site:
        (tmp_path / "netmon.toml").write_text(configuration(site, "127.0.0.1:9877"), "utf-8")
    loaded = load(tmp_path / "netmon.toml", {"NETMON_DEMO_COMMUNITY": "demo"}).configuration
    near = watch(loaded, ()).near
    targets = {probe.role: [host_of(target) for target in probe.targets] for probe in loaded.probes}
    far = {role for role, hosts in targets.items() if not any(is_near(host, near) for host in hosts)}
    assert far == {"anchor", "resolver", "service"}
    assert all(is_near(host_of(str(device.address)), near) for device in loaded.devices)


async def told(device):
    """Return what all collectors find, as `netmon poll` prints it."""
    context = make_context()
    transport, port = await serve(Agent(device.objects, "demo"), "127.0.0.1")
    records = []
    try:
        asked = sdk.Device(device.name, "127.0.0.1", port, credential("demo"))
        for source in collectors(",".join(DEFAULT_COLLECT), asked, 10.0):
            await source.open(context)
            records += await source.read()
            await source.close()
    finally:
        transport.close()
        await context.shared.close()
    return document(records)


async def test_the_switch_tells_everything_that_the_page_can_show():
    found = await told(switch(FakeClock().monotonic, Random(7)))
    neighbours = {one["local_port"]: one for one in found["neighbours"]}
    assert neighbours["Te1/1/1"]["remote_sysname"] == "router"
    assert neighbours["Te1/1/1"]["remote_port"] == "lan0"
    assert {"ap-4", "ap-10"} <= {one.get("remote_sysname") for one in found["neighbours"]}
    assert {one["class"] for one in found["sensors"]} == {"temperature", "fanspeed", "power"}
    assert found["system"]["serial"] == "SIM0002"
    assert {one["id"] for one in found["vlans"]} == {1, 10, 20, 30}


def power_told(found):
    return [one["value"] for one in found["sensors"] if one["class"] == "power"]


async def test_power_follows_the_ports_that_are_up():
    device = switch(FakeClock().monotonic, Random(7))
    before = power_told(await told(device))
    powered = [port for port in device.ports if "access point" in port.alias and port.oper_status == 1]
    device.set_oper_status(powered[0], 2)
    after = power_told(await told(device))
    assert sum(after) < sum(before)


async def test_the_router_is_busier_and_warmer_when_the_line_is():
    device = router(FakeClock().monotonic)
    quiet = await told(device)
    device.ports[0].in_bits_per_second = 90_000_000
    busy = await told(device)
    for kind in ("sensors", "processors"):
        assert busy[kind][0] != quiet[kind][0]
