"""Nothing secret gets into a recording, and what belongs together stays together."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.snmp import ber
from collectors.snmp.masks import Masks
from collectors.snmp.recording import Recorded
from collectors.snmp.redaction import SECRET, Redaction

V4 = bytes((203, 0, 113, 7))
MAC = bytes((0, 27, 84, 170, 11, 12))
IP_NET_TO_MEDIA = "1.3.6.1.2.1.4.22.1"


def variable(name, tag, content):
    return Recorded(ber.oid(name), tag, content)


def redacted(*found, secrets=(b"s3cret",), keep_names=False):
    return {ber.dotted(r.name): r for r in Redaction(secrets, keep_names=keep_names).redacted(list(found))}


@pytest.mark.parametrize("subtree", SECRET, ids=ber.dotted)
def test_a_subtree_that_carries_secrets_is_left_out(subtree):
    assert not redacted(Recorded((*subtree, 1, 2, 3), ber.OCTET_STRING, b"x"))


def test_the_community_appears_nowhere():
    found = redacted(variable("1.3.6.1.4.1.99.1.0", ber.OCTET_STRING, b"rocommunity s3cret default"))
    assert found["1.3.6.1.4.1.99.1.0"].content == b"rocommunity ****** default"


def test_an_address_has_one_stand_in_in_names_values_and_texts():
    dotted = ".".join(map(str, V4))
    found = redacted(
        variable(f"{IP_NET_TO_MEDIA}.2.5.{dotted}", ber.OCTET_STRING, MAC),
        variable(f"{IP_NET_TO_MEDIA}.3.5.{dotted}", ber.IP_ADDRESS, V4),
        variable("1.3.6.1.4.1.99.1.0", ber.OCTET_STRING, f"gateway {dotted}, 00:1b:54:aa:0b:0c".encode()),
        variable("1.3.6.1.2.1.17.1.1.0", ber.OCTET_STRING, MAC),
        variable("1.3.6.1.2.1.17.2.5.0", ber.OCTET_STRING, b"\x80\x00" + MAC),
    )
    shown = "".join(f"{name} {r.content!r}" for name, r in found.items())
    assert dotted not in shown
    mac = found["1.3.6.1.2.1.17.1.1.0"].content
    assert mac != MAC
    assert found["1.3.6.1.2.1.17.2.5.0"].content == b"\x80\x00" + mac
    (address,) = (r.content for r in found.values() if r.tag == ber.IP_ADDRESS)
    masked = ".".join(map(str, address))
    assert f"{IP_NET_TO_MEDIA}.2.5.{masked}" in found
    assert found["1.3.6.1.4.1.99.1.0"].content == f"gateway {masked}, {mac.hex(':')}".encode()


def test_an_address_behind_its_type_and_size_is_found_where_it_is():
    found = redacted(
        variable("1.3.6.1.2.1.4.35.1.4.9.1.4.10.60.40.1", ber.OCTET_STRING, MAC),
        variable("1.3.6.1.4.1.99.1.0", ber.OCTET_STRING, b"seen at 169.254.2.131"),
        variable(f"{IP_NET_TO_MEDIA}.2.5.169.254.2.131", ber.OCTET_STRING, MAC),
    )
    assert not any(name.endswith(("60.40.1", "254.2.131")) for name in found)
    assert any(name.startswith("1.3.6.1.2.1.4.35.1.4.9.1.4.10.") for name in found)


def test_ipv6_addresses_in_instances_are_masked():
    address = ip_address("2a02:1234::99").packed
    name = "1.3.6.1.2.1.4.34.1.3.2.16." + ".".join(map(str, address))
    (shown,) = redacted(variable(name, ber.INTEGER, b"\x05"))
    assert bytes(map(int, shown.split(".")[-16:]))[:4] == bytes.fromhex("20010db8")


def test_names_and_serials_are_masked_wherever_they_stand():
    found = redacted(
        variable("1.3.6.1.2.1.1.5.0", ber.OCTET_STRING, b"library-3"),
        variable("1.3.6.1.2.1.1.1.0", ber.OCTET_STRING, b"Linux library-3 6.1"),
        variable("1.3.6.1.2.1.47.1.1.1.1.11.1", ber.OCTET_STRING, b"FOC1234X0AB"),
        variable("1.3.6.1.4.1.99.2.0", ber.OCTET_STRING, b"SN FOC1234X0AB"),
    )
    assert found["1.3.6.1.2.1.1.1.0"].content == b"Linux masked-1 6.1"
    assert found["1.3.6.1.4.1.99.2.0"].content == b"SN masked-2"


def test_names_are_kept_when_asked_for_but_serials_never():
    found = redacted(
        variable("1.3.6.1.2.1.1.5.0", ber.OCTET_STRING, b"library-3"),
        variable("1.3.6.1.2.1.47.1.1.1.1.11.1", ber.OCTET_STRING, b"FOC1234X0AB"),
        keep_names=True,
    )
    assert found["1.3.6.1.2.1.1.5.0"].content == b"library-3"
    assert found["1.3.6.1.2.1.47.1.1.1.1.11.1"].content == b"masked-1"


@pytest.mark.parametrize("kept", ["0.0.0.0", "127.0.0.1", "255.255.254.0", "224.0.0.5", "::1", "ff02::1"])
def test_an_address_that_names_nobody_stays(kept):
    octets = ip_address(kept).packed
    assert Masks().address(octets) == octets


@given(st.lists(st.binary(min_size=4, max_size=4) | st.binary(min_size=6, max_size=6), unique=True))
def test_no_two_addresses_share_a_stand_in(addresses):
    masks = Masks()
    shown = [masks.address(address) for address in addresses if masks.address(address) != address]
    assert len(set(shown)) == len(shown)
    assert [masks.address(a) for a in addresses] == [masks.address(a) for a in addresses]


@given(st.binary(max_size=80))
def test_masking_a_text_never_fails(text):
    Masks().text(text)


@given(st.lists(st.tuples(st.sampled_from([ber.OCTET_STRING, ber.IP_ADDRESS]), st.binary(max_size=20))))
def test_a_recording_stays_in_order_with_every_variable_in_it(values):
    found = [Recorded((1, 3, 6, 1, 4, 1, 99, 1, at), *value) for at, value in enumerate(values)]
    shown = Redaction([]).redacted(found)
    assert [r.name for r in shown] == [r.name for r in found]
