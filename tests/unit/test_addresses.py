"""Addresses and VLANs of a device, against a fake switch on loopback."""

import pytest
from fakes.snmp_agent import bench, snmp_context
from hypothesis import given
from hypothesis import strategies as st

from collectors.addresses import AddressesCollector
from collectors.snmp import ber
from collectors.snmp.agent import ip_address, object_id
from collectors.snmp.ip_address import inet_address, mask_length
from collectors.vlans import VlansCollector
from netmon import sdk

NEW = "1.3.6.1.2.1.4.34.1"
OLD = "1.3.6.1.2.1.4.20.1"
V6 = "2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1"


def prefix(if_index, network, length):
    return object_id(ber.oid(f"1.3.6.1.2.1.4.32.1.5.{if_index}.{network}.{length}"))


def address(text):
    return bytes(map(int, text.split(".")))


async def values(kind, changes):
    async with bench() as rig, snmp_context() as context:
        rig.switch.changes |= changes
        collector = kind(rig.assignment("x"), sdk.NoSettings())
        await collector.open(context)
        (fact,) = await collector.read()
    return fact.values


async def test_addresses_have_their_prefix_and_the_name_of_their_port():
    found = await values(
        AddressesCollector,
        {
            f"{NEW}.3.1.4.10.0.0.2": 3,
            f"{NEW}.4.1.4.10.0.0.2": 1,
            f"{NEW}.5.1.4.10.0.0.2": prefix(3, "1.4.10.0.0.0", 24),
            f"{NEW}.3.{V6}": 99,
            f"{NEW}.5.{V6}": object_id((0, 0)),
        },
    )
    assert found == {
        "addresses": [
            {"address": "10.0.0.2", "prefixlen": 24, "if_index": 3, "if_name": "Gi0/3"},
            {"address": "2001:db8::1", "if_index": 99},
        ]
    }


async def test_broadcast_and_unspecified_addresses_are_nobodys():
    found = await values(
        AddressesCollector,
        {f"{NEW}.3.1.4.10.0.0.255": 3, f"{NEW}.4.1.4.10.0.0.255": 3, f"{NEW}.3.1.4.0.0.0.0": 1},
    )
    assert found == {"addresses": []}


async def test_the_old_table_tells_what_the_new_one_leaves_open():
    found = await values(
        AddressesCollector,
        {
            f"{NEW}.3.1.4.10.0.0.2": 3,
            f"{NEW}.4.1.4.10.0.0.2": 1,
            f"{OLD}.2.10.0.0.2": 3,
            f"{OLD}.3.10.0.0.2": ip_address(address("255.255.255.0")),
            f"{OLD}.2.10.0.9.2": 4,
        },
    )
    assert [(a["address"], a.get("prefixlen"), a["if_name"]) for a in found["addresses"]] == [
        ("10.0.0.2", 24, "Gi0/3"),
        ("10.0.9.2", None, "Gi0/4"),
    ]


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ((1, 4, 10, 0, 0, 1), "10.0.0.1"),
        ((1, 10, 0, 0, 1), "10.0.0.1"),
        ((3, 8, 10, 0, 0, 1, 0, 0, 0, 7), "10.0.0.1"),
        ((4, 20, 254, 128, *([0] * 13), 1, 0, 0, 0, 7), "fe80::1"),
        ((2, *([0] * 15), 1), "::1"),
        ((1, 4, 10, 0), ""),
        ((1, 4, 10, 0, 0, 300), ""),
        ((16, 3, 97, 98, 99), ""),
        ((), ""),
    ],
)
def test_addresses_in_an_index_are_read_with_and_without_their_length(index, expected):
    assert inet_address(index) == expected


@given(st.lists(st.integers(0, 2**32 - 1), max_size=24).map(tuple))
def test_no_index_is_too_odd(index):
    inet_address(index)


@pytest.mark.parametrize(
    ("mask", "length"),
    [
        ("255.255.255.0", 24), ("0.0.0.0", 0), ("255.255.255.255", 32), ("255.0.255.0", None),
        ("0.0.0.255", None),
    ],
)  # fmt: skip
def test_a_netmask_is_a_prefix_length_or_nothing(mask, length):
    assert mask_length(address(mask)) == length
    assert mask_length(None) is None


async def test_vlans_come_from_all_tables_and_a_name_goes_before_none():
    found = await values(
        VlansCollector,
        {
            "1.3.6.1.2.1.17.7.1.4.3.1.1.10": b"staff",
            "1.3.6.1.2.1.17.7.1.4.3.1.1.20": b"",
            "1.3.6.1.2.1.17.7.1.4.2.1.6.0.30": 2,
            "1.3.111.2.802.1.1.4.1.4.3.1.3.1.20": b"guests",
            "1.3.6.1.4.1.9.9.46.1.3.1.1.3.1.40": 1,
            "1.3.6.1.4.1.9.9.46.1.3.1.1.4.1.40": b"voice",
            "1.3.6.1.4.1.9.9.46.1.3.1.1.3.1.1002": 2,
            "1.3.6.1.4.1.9.9.46.1.3.1.1.4.1.1002": b"fddi-default",
        },
    )
    assert found == {
        "vlans": [
            {"id": 10, "name": "staff"},
            {"id": 20, "name": "guests"},
            {"id": 30},
            {"id": 40, "name": "voice"},
        ]
    }


async def test_numbers_that_no_vlan_can_have_are_left_out():
    found = await values(
        VlansCollector, {f"1.3.6.1.2.1.17.7.1.4.3.1.1.{n}": b"x" for n in (0, 4095, 70_000, 4094)}
    )
    assert found == {"vlans": [{"id": 4094, "name": "x"}]}
