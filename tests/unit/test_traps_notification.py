"""Notifications from octets, names from numbers, text that hurts nobody."""

import pytest
from fakes.traps import COLD_START, LINK_DOWN, identifier, integer, text, v1, v2c
from hypothesis import given
from hypothesis import strategies as st

from collectors.snmp import ber
from collectors.snmp.ber import BerError
from collectors.traps import notification, story
from collectors.traps.names import load_names
from collectors.traps.notification import Variable
from collectors.traps.story import Origin, Story

NAMES = load_names()
ORIGIN = Origin("192.0.2.1", "router", "2c")


def read(datagram):
    wrapping = notification.unwrap(datagram)
    if wrapping.version == 0:
        return notification.decode_v1(datagram, wrapping.at)
    return notification.decode_v2(datagram, notification.header_of(datagram, wrapping))


@pytest.mark.parametrize(
    ("generic", "name"),
    [
        (0, "coldStart"),
        (1, "warmStart"),
        (2, "linkDown"),
        (3, "linkUp"),
        (4, "authenticationFailure"),
        (5, "egpNeighborLoss"),
    ],
)
def test_generic_traps_of_version_1_have_the_names_of_version_2(generic, name):
    assert NAMES.trap(read(v1(generic)).trap) == name


def test_an_enterprise_trap_of_version_1_is_named_by_enterprise_zero_and_number():
    found = read(v1(6, 5, enterprise="1.3.6.1.4.1.318"))
    assert ber.dotted(found.trap) == "1.3.6.1.4.1.318.0.5"
    assert NAMES.trap(found.trap) == "apcUpsOnBattery"


def test_a_trap_is_known_with_and_without_the_zero_before_its_number():
    assert NAMES.trap(read(v1(6, 1, enterprise="1.3.6.1.2.1.33.2")).trap) == "upsTrapOnBattery"
    assert NAMES.trap(read(v2c("1.3.6.1.2.1.33.2.1")).trap) == "upsTrapOnBattery"
    assert NAMES.trap(ber.oid("1.3.6.1.4.1.318.5")) == "apcUpsOnBattery"


def test_what_has_no_name_is_told_by_its_numbers():
    assert NAMES.trap(ber.oid("1.3.6.1.4.1.99999.0.1")) == "1.3.6.1.4.1.99999.0.1"
    assert NAMES.object(ber.oid("1.3.6.1.4.1.99999.1")) == ("1.3.6.1.4.1.99999.1", "")


@pytest.mark.parametrize("datagram", [v1(7), v1(-1), v1(6, -5), v1(2, agent=b"\1\2\3")])
def test_a_trap_of_version_1_that_the_protocol_does_not_know_is_refused(datagram):
    with pytest.raises(BerError):
        read(datagram)


def test_uptime_and_agent_address_are_told_in_every_version():
    found = read(v1(2, agent=b"\xc0\0\2\7", ticks=1234))
    assert (found.uptime_hundredths, found.agent_address) == (1234, "192.0.2.7")
    address = ("1.3.6.1.6.3.18.1.3.0", ber.encode(ber.IP_ADDRESS, b"\xc0\0\2\7"))
    assert read(v2c(LINK_DOWN, address)).agent_address == "192.0.2.7"
    assert read(v1(2, agent=bytes(4))).agent_address == ""


def test_a_notification_without_its_name_is_refused():
    name = ber.encode_oid(ber.oid("1.3.6.1.6.3.1.1.4.1.0"))
    without = v2c(LINK_DOWN).replace(name, name[:-2] + b"\2\0")
    with pytest.raises(BerError, match="snmpTrapOID"):
        read(without)


def test_variables_beyond_the_most_are_counted_and_left_out():
    found = read(v2c(COLD_START, *((f"1.3.6.1.2.1.2.2.1.1.{n}", integer(n)) for n in range(1, 101))))
    assert (len(found.variables), found.left_out) == (notification.MOST_VARIABLES, 36)
    assert Story(found, ORIGIN, NAMES).data()["variables_left_out"] == 36


def test_the_line_of_an_event_says_who_what_and_which_port():
    found = read(
        v2c(
            LINK_DOWN,
            ("1.3.6.1.2.1.2.2.1.1.3", integer(3)),
            ("1.3.6.1.2.1.2.2.1.8.3", integer(2)),
            ("1.3.6.1.2.1.31.1.1.1.1.3", text(b"Gi0/3")),
        )
    )
    assert (
        Story(found, ORIGIN, NAMES).text() == "router: linkDown, ifIndex 3, ifOperStatus down, ifName Gi0/3"
    )


@pytest.mark.parametrize(
    ("encoded", "plain"),
    [
        (integer(-5), -5),
        (ber.encode(ber.COUNTER64, b"\0" + b"\xff" * 8), 2**64 - 1),
        (text(b"<script>\x1b[31m"), "3c:73:63:72:69:70:74:3e:1b:5b:33:31:6d"),
        (text(b"two\r\nlines"), "two  lines"),
        (text("r\u202el".encode()), "r\ufffdl"),
        (text(b"\0\x1bT\xaa\xbb\xcc"), "00:1b:54:aa:bb:cc"),
        (identifier("1.3.6.1.2.1.33.1.6.3.2"), "upsAlarmOnBattery"),
        (ber.encode(ber.IP_ADDRESS, b"\xc0\0\2\1"), "192.0.2.1"),
        (ber.encode(ber.IP_ADDRESS, b"\xc0\0"), "c0:00"),
        (ber.encode(ber.GAUGE32, b"\x01" * 9), None),
        (ber.encode(ber.NULL, b""), None),
        (ber.encode(ber.OPAQUE, b"\x9f\x78"), "9f:78"),
    ],
)
def test_values_are_plain_and_clean(encoded, plain):
    tag, start, stop = ber.element(encoded, 0, len(encoded))
    assert story.plain(Variable((1, 3), tag, encoded[start:stop]), NAMES) == plain


@given(st.integers(0, 255), st.binary(max_size=600))
def test_no_value_of_any_type_hurts_or_grows(tag, content):
    found = story.plain(Variable((1, 3, 6), tag, content), NAMES)
    assert found is None or isinstance(found, int) or (len(found) <= 255 and "\n" not in found)


GOOD = (
    v1(2, 0, ("1.3.6.1.2.1.2.2.1.1.3", integer(3))),
    v2c(LINK_DOWN, ("1.3.6.1.2.1.31.1.1.1.1.3", text(b"Gi0/3"))),
    v2c(COLD_START, inform=True),
)


@given(st.sampled_from(GOOD), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6))
def test_octets_that_were_changed_on_the_way_are_read_or_refused_and_nothing_else(datagram, changes):
    octets = bytearray(datagram)
    for at, octet in changes:
        octets[at % len(octets)] = octet
    try:
        found = read(bytes(octets))
    except BerError:
        return
    assert len(Story(found, ORIGIN, NAMES).text()) <= 255
    Story(found, ORIGIN, NAMES).data()


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_refused(octets):
    try:
        notification.version_of(octets)
        read(octets)
    except BerError:
        pass


def test_the_table_of_names_has_no_name_twice_and_polls_only_after_what_it_names():
    assert len(set(NAMES.traps.values())) == len(NAMES.traps)
    assert len(set(NAMES.objects.values())) == len(NAMES.objects)
    assert NAMES.polled <= set(NAMES.traps.values())
    assert set(NAMES.values) <= set(NAMES.objects.values())
