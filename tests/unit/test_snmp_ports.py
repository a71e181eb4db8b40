"""Names of ports, and what happens to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.snmp.iftype import type_name
from collectors.snmp.ports import Port, address_text, changes, speed, unambiguous

names = st.sampled_from(["", "a", "b", "1", "2", "1#", "eth0"])


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        pytest.param([("a", "x", "1"), ("b", "y", "2")], ["a", "b"], id="ifName"),
        pytest.param([("", "x", "1"), ("b", "y", "2")], ["x", "b"], id="ifDescr where ifName is empty"),
        pytest.param([("a", "x", "1"), ("a", "y", "2")], ["x", "y"], id="ifDescr where ifName is double"),
        pytest.param([("a", "x", "1"), ("a", "x", "2")], ["1", "2"], id="ifIndex where all is double"),
        pytest.param([("1", "x", "49"), ("", "", "1")], ["1", "1#"], id="a name that is another's number"),
    ],
)
def test_a_port_is_known_by_the_best_name_that_is_its_own(candidates, expected):
    assert unambiguous(candidates) == expected


@given(st.lists(st.tuples(names, names), max_size=30))
def test_names_are_always_there_and_always_different(pairs):
    chosen = unambiguous([(*pair, str(at)) for at, pair in enumerate(pairs)])
    assert all(chosen)
    assert len(set(chosen)) == len(pairs)


@pytest.mark.parametrize(
    ("bits", "megabits", "expected"),
    [
        (1_000_000_000, 1000, 1_000_000_000),
        (2**32 - 1, 10_000, 10_000_000_000),
        (2**32 - 1, None, None),
        (0, 0, 0),
        (0, None, 0),
        (None, None, None),
        (None, 0, None),
        (0, 100, 100_000_000),
        (None, 100, 100_000_000),
        (64_000, None, 64_000),
    ],
)
def test_speed_comes_from_where_it_can_be_told(bits, megabits, expected):
    assert speed(bits, megabits) == expected


def port(index, key):
    return Port(index, key, key, "", "", None, "")


def test_each_kind_of_change_is_told_once_for_all_ports():
    before = [port(1, "a"), port(2, "b"), port(3, "c"), port(4, "d")]
    after = [port(11, "a"), port(12, "b"), port(5, "e"), port(6, "f"), port(4, "d")]
    assert [(change.kind, change.names) for change in changes(before, after)] == [
        ("interfaces_appeared", ("e", "f")),
        ("interfaces_vanished", ("c",)),
        ("interfaces_renumbered", ("a", "b")),
    ]


def test_nothing_is_told_when_nothing_changed():
    assert list(changes([port(1, "a")], [port(1, "a")])) == []


def test_types_have_their_registered_names():
    assert [type_name(number) for number in (6, 24, 161, 272, 303)] == [
        "ethernetCsmacd",
        "softwareLoopback",
        "ieee8023adLag",
        "vmwareNicTeam",
        "p2pOverLan",
    ]
    assert type_name(99_999) == "99999"


def test_addresses_look_as_snmp_exporter_shows_them():
    assert address_text(bytes((0, 27, 84, 170, 39, 117))) == "00:1B:54:AA:27:75"
    assert address_text(None) == ""
