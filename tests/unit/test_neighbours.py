"""Who is at the other end of ports, against a fake switch on loopback."""

import pytest
from fakes.context import FakeClock
from fakes.neighbourhood import LOCAL, PORT_MAC, REMOTE, cdp, lldp, lldp_v2, local_port
from fakes.snmp_agent import FakePort, FakeSwitch, bench, snmp_context
from hypothesis import given
from hypothesis import strategies as st

from collectors.addresses import AddressesCollector
from collectors.neighbours import NeighboursCollector, in_order
from collectors.snmp.cdp import without_serial
from collectors.snmp.lldp import capability_names
from collectors.snmp.neighbour import Neighbour, identifier
from collectors.snmp.neighbour_changes import LastSeen
from collectors.snmp.register import Register
from netmon import sdk

PORTS = {}
for at in range(1, 5):
    PORTS |= local_port(at, f"Gi0/{at}".encode())


class Rig:
    """A collector and its switch, one read at a time, ten minutes apart."""

    def __init__(self, collector, switch, clock, agent):
        self.collector, self.switch, self.clock, self.agent = collector, switch, clock, agent

    async def read(self):
        records = await self.collector.read()
        self.clock.advance(600)
        self.switch.uptime += 60_000
        return records

    async def neighbours(self):
        return (await self.read())[0].values["neighbours"]

    async def events(self):
        return [record for record in await self.read() if isinstance(record, sdk.Event)]

    def forget(self, objects):
        self.switch.changes |= dict.fromkeys(objects)


@pytest.fixture
async def rig():
    clock = FakeClock()
    async with bench() as made, snmp_context(clock=clock) as context:
        made.switch.changes |= PORTS
        collector = NeighboursCollector(made.assignment("neighbours"), sdk.NoSettings())
        await collector.open(context)
        yield Rig(collector, made.switch, clock, made.agent)


async def test_a_neighbour_is_told_with_the_name_of_our_port(rig):
    rig.switch.changes |= lldp("42.3.1", b"sw-2")
    rig.switch.changes["1.0.8802.1.1.2.1.4.2.1.3.42.3.1.1.4.10.0.0.2"] = 2
    assert await rig.neighbours() == [
        {
            "protocol": "lldp",
            "local_port": "Gi0/3",
            "if_index": 3,
            "remote_sysname": "sw-2",
            "remote_chassis": "00:1B:54:00:09:01",
            "remote_port": "Gi1/0/48",
            "remote_port_descr": "uplink",
            "remote_descr": "A switch",
            "remote_addresses": ("10.0.0.2",),
            "capabilities": ("bridge",),
        }
    ]


async def test_a_device_without_neighbours_says_so(rig):
    assert await rig.neighbours() == []


async def test_a_refreshed_neighbour_is_the_same_one_under_another_timemark(rig):
    rig.switch.changes |= lldp("42.3.1", b"sw-2")
    before = await rig.neighbours()
    rig.forget(lldp("42.3.1", b""))
    rig.switch.changes |= lldp("777.3.9", b"sw-2")
    assert await rig.neighbours() == before
    assert await rig.events() == []


async def test_one_that_was_refreshed_while_the_table_was_read_counts_once(rig):
    rig.switch.changes |= lldp("42.3.1", b"sw-2") | lldp("43.3.1", b"sw-2")
    assert len(await rig.neighbours()) == 1


def test_neighbours_of_one_name_at_one_port_have_a_fixed_order():
    twins = [Neighbour("lldp", "Gi0/1", 1, "sw-2", "00:1B", "Gi1", remote_descr=text) for text in "abcdef"]
    assert in_order(twins[::-1]) == in_order(twins) == twins


async def test_an_agent_that_leaves_timemark_out_is_understood(rig):
    rig.switch.changes |= lldp("3.1", b"sw-2")
    assert [n["local_port"] for n in await rig.neighbours()] == ["Gi0/3"]


async def test_rows_with_any_other_index_are_left_out(rig):
    rig.switch.changes |= lldp("1.2.3.4.5", b"sw-2") | lldp("7", b"sw-3")
    assert await rig.neighbours() == []


async def test_the_second_version_names_our_port_by_its_ifindex(rig):
    rig.switch.changes |= lldp_v2("0.2.1.1", b"core")
    (found,) = await rig.neighbours()
    assert (found["local_port"], found["remote_chassis"]) == ("Gi0/2", "20:28:3E:6E:E3:11")


async def test_a_neighbour_that_speaks_two_protocols_is_told_twice(rig):
    rig.switch.changes |= lldp("0.2.1", b"sw-2") | cdp("2.7", b"sw-2.example.net(FOC1234X0AB)")
    found = await rig.neighbours()
    assert [(n["protocol"], n["remote_sysname"]) for n in found] == [
        ("cdp", "sw-2.example.net"),
        ("lldp", "sw-2"),
    ]
    assert found[0]["remote_addresses"] == ("10.0.0.7",)
    assert found[0]["capabilities"] == ("router", "bridge")


# Which port of ours


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        (local_port(3, b"Gi0/1"), "Gi0/1"),
        (local_port(3, b"port Gi0/2"), "Gi0/2"),
        (local_port(3, b"?", LOCAL, descr=b"port Gi0/4"), "Gi0/4"),
        (local_port(3, bytes((0, 27, 84, 170, 0, 2)), PORT_MAC), "Gi0/2"),
        (local_port(3, b"unheard of", LOCAL) | {"1.3.6.1.2.1.17.1.4.1.2.3": 4}, "Gi0/4"),
        (local_port(3, b"unheard of", LOCAL), "Gi0/3"),
        ({}, "Gi0/3"),
    ],
    ids=["ifName", "ifDescr", "description", "MAC", "bridge-port", "ifIndex", "no-table"],
)
async def test_what_a_port_is_called_goes_before_its_number(objects, expected):
    async with bench() as made, snmp_context() as context:
        made.switch.changes |= lldp("0.3.1", b"sw-2") | objects
        collector = NeighboursCollector(made.assignment("neighbours"), sdk.NoSettings())
        await collector.open(context)
        fact = (await collector.read())[0]
    assert [n["local_port"] for n in fact.values["neighbours"]] == [expected]


async def test_a_port_that_is_no_interface_keeps_the_devices_own_name():
    async with bench(FakeSwitch([FakePort(77, b"Gi0/1")])) as made, snmp_context() as context:
        made.switch.changes |= lldp("0.3.1", b"a") | local_port(3, b"Port 3", LOCAL) | lldp("0.4.1", b"b")
        collector = NeighboursCollector(made.assignment("neighbours"), sdk.NoSettings())
        await collector.open(context)
        found = (await collector.read())[0].values["neighbours"]
    assert [(n["local_port"], "if_index" in n) for n in found] == [("#4", False), ("Port 3", False)]


# Changes


async def test_somebody_else_at_a_port_is_one_event_however_many_ports(rig):
    for at in (1, 2):
        rig.switch.changes |= lldp(f"0.{at}.1", b"sw-2", chassis=at)
    assert await rig.events() == []
    for at in (1, 2):
        rig.switch.changes |= lldp(f"0.{at}.1", b"sw-3", chassis=at + 10)
    (event,) = await rig.events()
    assert event.kind == "neighbours_changed"
    assert event.text.startswith("sw1: sw-3 Gi1/0/48 is at Gi0/1, where sw-2 Gi1/0/48 was; sw-3")
    assert [change["port"] for change in event.data["ports"]] == ["Gi0/1", "Gi0/2"]
    assert await rig.events() == []


async def test_one_that_is_replaced_while_nobody_looks_is_an_event_too(rig):
    rig.switch.changes |= lldp("0.1.1", b"sw-2")
    await rig.read()
    rig.forget(lldp("0.1.1", b""))
    assert await rig.events() == []
    rig.switch.changes |= lldp("9.1.2", b"sw-3", chassis=3)
    assert len(await rig.events()) == 1


async def test_another_cable_to_the_same_neighbour_is_a_change_and_another_name_of_it_is_none(rig):
    rig.switch.changes |= lldp("0.1.1", b"sw-2")
    await rig.read()
    rig.switch.changes |= lldp("0.1.1", b"sw-2-renamed")
    assert await rig.events() == []
    rig.switch.changes |= lldp("0.1.1", b"sw-2", port=b"Gi1/0/47")
    assert len(await rig.events()) == 1


def test_hosts_that_come_and_go_behind_a_telephone_are_no_change():
    seen = LastSeen()
    phone, one, other = (
        Neighbour("lldp", "Gi0/1", remote_chassis=name) for name in ("phone", "one", "other")
    )
    assert seen.note([phone, one]) == []
    assert seen.note([phone, other]) == []
    assert seen.note([phone]) == []


async def test_half_a_table_is_no_news_and_tried_again(rig):
    rig.switch.changes |= lldp("0.1.1", b"sw-2") | lldp("0.2.1", b"sw-3")
    await rig.read()
    name = tuple(map(int, f"{REMOTE}.9.0.1.1".split(".")))
    rig.agent.successor = lambda asked: (1, 0, 1) if asked == name else None
    with pytest.raises(sdk.SourceError) as caught:
        await rig.collector.read()
    assert caught.value.outcome is sdk.Outcome.PARTIAL
    assert rig.collector.due()


# Not in the register


async def test_a_neighbour_that_is_no_configured_device_is_a_fact_of_its_own(rig):
    rig.switch.changes |= lldp("0.1.1", b"SW1.example.net") | lldp("0.2.1", b"stranger", chassis=2)
    assert [record.kind for record in await rig.read()] == ["neighbours"]
    fact = (await rig.read())[1]
    assert fact.kind == "unregistered_neighbours"
    assert [n["remote_sysname"] for n in fact.values["neighbours"]] == ["stranger"]


def test_a_device_is_known_by_all_that_it_says_of_itself():
    class Session:
        """Stands for one."""

    session, register = Session(), Register()
    register.note(session, "neighbours", ["core.example.net", "00:1b:54:00:09:01", ""])
    register.note(session, "addresses", ["10.0.0.9"])
    known = (
        Neighbour("lldp", "1", remote_sysname="CORE"),
        Neighbour("lldp", "1", remote_chassis="00:1B:54:00:09:01"),
        Neighbour("lldp", "1", remote_addresses=("10.0.0.9",)),
        Neighbour("lldp", "1", remote_addresses=("192.0.2.7",)),
        Neighbour("cdp", "1", remote_sysname="edge.other.example"),
    )
    stranger = Neighbour("lldp", "1", remote_sysname="10", remote_addresses=("10.0.0.8",))
    devices = {("edge", "edge.example.net"), ("x", "192.0.2.7")}
    assert register.strangers((*known, stranger), devices) == [stranger]


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.1.1"])
async def test_nobody_is_known_by_an_address_that_many_devices_have(address):
    async with bench() as rig, snmp_context() as context:
        rig.switch.changes[f"1.3.6.1.2.1.4.20.1.2.{address}"] = 1
        collector = AddressesCollector(rig.assignment("addresses"), sdk.NoSettings())
        await collector.open(context)
        [fact] = await collector.read()
        register = await context.shared.get(Register)
        stranger = Neighbour("lldp", "1", remote_addresses=(address,))
        assert [entry["address"] for entry in fact.values["addresses"]] == [address]
        assert register.strangers([stranger], ()) == [stranger]


# Identifiers


@pytest.mark.parametrize(
    ("octets", "kind", "expected"),
    [
        (b"\x00\x1b\x54\xaa\x00\x01", {"mac": True}, "00:1B:54:AA:00:01"),
        (b"abcdef", {"mac": True}, "61:62:63:64:65:66"),
        (b"e4 f0 04 fb 1f fb", {"mac": True}, "E4:F0:04:FB:1F:FB"),
        (b"001b54aa0001", {"mac": True}, "00:1B:54:AA:00:01"),
        (b"001b.54aa.0001", {"mac": True}, "00:1B:54:AA:00:01"),
        (b"00:1b:54:aa:00:01", {}, "00:1B:54:AA:00:01"),
        (b"\x00\x1b\x54\xaa\x00\x01", {}, "00:1B:54:AA:00:01"),
        (b"eth0", {"mac": True}, "eth0"),
        (b"\x01\x0a\x00\x00\x01", {"network": True}, "10.0.0.1"),
        (b"\x02" + bytes(15) + b"\x01", {"network": True}, "::1"),
        (b"10.0.0.1", {"network": True}, "10.0.0.1"),
        (b"Gi0/1", {}, "Gi0/1"),
        (b"", {}, ""),
        (None, {"mac": True}, ""),
    ],
)
def test_an_identifier_is_shown_as_what_it_is(octets, kind, expected):
    assert identifier(octets, **kind) == expected


@given(st.binary(max_size=64), st.booleans(), st.booleans())
def test_an_identifier_is_always_clean_text(octets, mac, network):
    text = identifier(octets, mac=mac, network=network)
    assert sdk.clean(text) == text


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        (b"\x28\x00", ("bridge", "router")),
        (b"\x10", ("wlanAccessPoint",)),
        (b"\x00\x80", ("cVLANComponent",)),
        (b"28 2 4", ()),
        (None, ()),
    ],
)
def test_capabilities_have_names(bits, expected):
    assert capability_names(bits) == expected


@pytest.mark.parametrize(
    ("told", "name"), [("sw(FOC1234X0AB)", "sw"), ("sw", "sw"), ("a(b)c", "a(b)c"), ("(X)", "(X)")]
)
def test_a_serial_number_behind_a_name_is_no_part_of_it(told, name):
    assert without_serial(told) == name
