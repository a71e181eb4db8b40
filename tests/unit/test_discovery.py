"""What discovery makes of what it was told: addresses, roles, names, parents, and ports of lines."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.discovery.register import register
from collectors.discovery.roles import role
from collectors.discovery.scan import Answered, Refused
from collectors.discovery.suggestion import Discovered, document, toml
from collectors.discovery.survey import Survey
from collectors.discovery.targets import targets
from collectors.discovery.wan import assign, wan_ports
from collectors.snmp.ports import Port
from netmon import sdk

ETHERNET, WLAN, PPP, LOOPBACK = 6, 71, 23, 24


def port(index, name, kind=ETHERNET, alias="", address=""):
    return Port(index, name, name, "", alias, kind, address)


def seen(address, name="", ports=(), **more):
    credential = sdk.Credential("core", sdk.SnmpVersion.V2C)
    device = sdk.Device(address, address, 161, credential)
    answered = Answered(device, more.pop("object_id", "1.3.6.1.4.1.9.1.1"), "A thing", name)
    return Survey(answered, more.pop("details", {}), more.pop("role_of_system", ""), tuple(ports), **more)


def ethernet(count):
    return [port(n, f"eth{n}") for n in range(1, count + 1)]


def test_a_network_is_its_hosts_and_nothing_is_asked_twice():
    assert targets(["192.0.2.0/30", "192.0.2.2", "router.example", "2001:db8::1"]) == [
        "192.0.2.1",
        "192.0.2.2",
        "router.example",
        "2001:db8::1",
    ]


@pytest.mark.parametrize("word", ["10.0.0.0/8", "192.0.2.0/33", "192.0.2.300", "2001:db8::/64"])
def test_what_is_no_network_of_a_site_is_refused_in_words(word):
    with pytest.raises(sdk.UsageError, match="network"):
        targets([word])


ROLES = [
    ("firewall", seen("192.0.2.1", role_of_system="firewall", ports=ethernet(24))),
    ("ups", seen("192.0.2.1", standards=frozenset({"UPS-MIB"}))),
    ("printer", seen("192.0.2.1", standards=frozenset({"Printer-MIB", "HOST-RESOURCES-MIB"}))),
    ("access_point", seen("192.0.2.1", ports=[port(1, "eth0"), port(2, "wifi0", WLAN)], bridge_ports=2)),
    ("switch", seen("192.0.2.1", ports=ethernet(24), bridge_ports=24, forwards=True)),
    ("switch", seen("192.0.2.1", ports=ethernet(24))),
    ("router", seen("192.0.2.1", ports=ethernet(4), forwards=True)),
    ("router", seen("192.0.2.1", ports=ethernet(4), services=0x4E & ~0x02)),
    ("server", seen("192.0.2.1", standards=frozenset({"HOST-RESOURCES-MIB"}), forwards=False)),
    ("other", seen("192.0.2.1")),
]


@pytest.mark.parametrize(("expected", "survey"), ROLES, ids=[f"{n}-{r}" for n, (r, _) in enumerate(ROLES)])
def test_the_role_is_what_the_device_shows(expected, survey):
    assert role(survey) == expected


def test_one_device_with_two_addresses_is_one_entry():
    own = ({"address": "192.0.2.1"}, {"address": "198.51.100.1"})
    entries = register(
        [
            seen("192.0.2.1", "gw", addresses=own),
            seen("198.51.100.1", "gw", addresses=own),
            seen("192.0.2.2", "gw"),
        ]
    )
    assert [(entry.name, entry.also) for entry in entries] == [("gw", ["198.51.100.1"]), ("gw-2", [])]


def test_a_device_that_is_configured_keeps_its_name_and_lends_it_to_no_other():
    own = ({"address": "192.0.2.1"}, {"address": "198.51.100.1"})
    gateway = [seen(at, "rt1", addresses=own, forwards=True) for at in ("198.51.100.1", "192.0.2.1")]
    near = seen("192.0.2.2", "core", neighbours=({"remote_sysname": "rt1"},), ports=ethernet(24))
    other = seen("192.0.2.3", "edge", ports=ethernet(24))
    entries = register([*gateway, near, other], {"192.0.2.1": "gw", "edge.example": "edge"})
    assert [(entry.name, entry.parent) for entry in entries] == [("gw", ""), ("core", "gw"), ("edge-2", "")]
    parsed = tomllib.loads(toml(Discovered(entries, [])))
    assert [device["name"] for device in parsed["device"]] == ["core", "edge-2"]


def test_parents_lead_from_the_router_outwards():
    router = seen("192.0.2.1", "gw", forwards=True, ports=ethernet(2))
    core = seen(
        "192.0.2.2",
        "core.example",
        ports=ethernet(24),
        neighbours=({"remote_sysname": "GW"}, {"remote_sysname": "edge"}),
    )
    edge = seen("192.0.2.3", "edge", ports=ethernet(24))
    alone = seen("192.0.2.4", "alone", ports=ethernet(24))
    entries = register([edge, core, router, alone])
    assert {entry.name: entry.parent for entry in entries} == {
        "gw": "",
        "core": "gw",
        "edge": "core",
        "alone": "",
    }


def test_the_port_of_a_line_is_found_by_route_name_and_address():
    ports = [
        port(1, "lo0", LOOPBACK, "wan loopback"),
        port(2, "ge-0/0/0", alias="Example Telecom ET-1"),
        port(3, "ge-0/0/1"),
        port(4, "ppp0", PPP),
    ]
    survey = seen(
        "192.0.2.1",
        "gw",
        ports,
        default_if_index=3,
        addresses=({"address": "8.8.4.4", "if_index": 3}, {"address": "10.0.0.1", "if_index": 2}),
    )
    by_name = sdk.Circuit("main", supplier="Example Telecom", supplier_ref="ET-1")
    assert [one.interface for one in wan_ports("gw", survey)] == ["ge-0/0/1", "ppp0"]
    chosen = assign([sdk.Circuit("other"), by_name], [("gw", survey)])
    assert (chosen["main"].interface, chosen["other"].interface) == ("ge-0/0/0", "ge-0/0/1")
    assert assign([sdk.Circuit("third")], [("gw", seen("192.0.2.1", "gw"))]) == {"third": None}


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_whatever_a_device_says_the_suggestion_is_sound_configuration(name, descr, reason):
    # Texts are clean when they get here: that is the boundary's work.
    hostile = seen(
        "192.0.2.1", sdk.clean(name), details={"vendor": sdk.clean(descr), "version": sdk.clean(descr)}
    )
    refused = Refused("192.0.2.9", "core", reason)
    found = Discovered(register([hostile]), [refused], likely=[])
    parsed = tomllib.loads(toml(found))
    assert [device["address"] for device in parsed["device"]] == ["192.0.2.1"]
    assert document(found)["refused"][0]["reason"] == reason
