"""The codec: round trips, and no way for any octets to hurt it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.snmp import ber

arc = st.integers(0, 2**32 - 1)
oids = st.builds(
    lambda top, rest: (*top, *rest),
    st.one_of(st.tuples(st.integers(0, 1), st.integers(0, 39)), st.tuples(st.just(2), st.integers(0, 1000))),
    st.lists(arc, max_size=20),
)


@given(oids)
def test_object_identifiers_survive_the_wire(numbers):
    assert ber.decode_oid(ber.encode_oid(numbers)) == numbers


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_survive_the_wire_in_the_fewest_octets(value):
    encoded = ber.encode_integer(value)
    start, stop = ber.expect(ber.INTEGER, encoded, 0, len(encoded))
    assert ber.decode_integer(encoded[start:stop]) == value
    assert stop - start == 1 or encoded[start : start + 2] not in (b"\x00\x00", b"\xff\xff")


@given(st.binary(max_size=300))
def test_lengths_of_any_content_are_read_back(content):
    encoded = ber.encode(ber.OCTET_STRING, content)
    start, stop = ber.expect(ber.OCTET_STRING, encoded, 0, len(encoded))
    assert encoded[start:stop] == content
    assert stop == len(encoded)


@pytest.mark.parametrize(
    ("content", "bits", "value"),
    [
        pytest.param("ffffffff", 32, 2**32 - 1, id="Counter32 without its leading zero"),
        pytest.param("00ffffffff", 32, 2**32 - 1, id="Counter32 with it"),
        pytest.param("80", 32, 128, id="one octet, top bit set"),
        pytest.param("ffffffffffffffff", 64, 2**64 - 1, id="Counter64 without its leading zero"),
    ],
)
def test_unsigned_numbers_may_lack_their_leading_zero(content, bits, value):
    assert ber.decode_unsigned(bytes.fromhex(content), bits) == value


@pytest.mark.parametrize("content", ["", "0100000000", "000000000000"])
def test_unsigned_numbers_beyond_their_width_are_refused(content):
    with pytest.raises(ber.BerError):
        ber.decode_unsigned(bytes.fromhex(content), 32)


@pytest.mark.parametrize(
    "element",
    [
        pytest.param("30", id="no length"),
        pytest.param("3080", id="indefinite length"),
        pytest.param("30847fffffff", id="two gigabytes claimed"),
        pytest.param("3085000000000100", id="five length octets"),
        pytest.param("3005000000", id="content cut short"),
    ],
)
def test_elements_that_lie_about_their_length_are_refused(element):
    octets = bytes.fromhex(element)
    with pytest.raises(ber.BerError):
        ber.element(octets, 0, len(octets))


@pytest.mark.parametrize("content", ["", "2b81", "2b8fffffffff7f", "2b" + "01" * 200])
def test_broken_object_identifiers_are_refused(content):
    with pytest.raises(ber.BerError):
        ber.decode_oid(bytes.fromhex(content))


def test_a_datagram_full_of_octets_takes_under_a_millisecond_to_refuse():
    octets = bytes.fromhex("2b") + b"\x81" * 1400
    began = time.perf_counter()
    for _ in range(10):
        with pytest.raises(ber.BerError):
            ber.decode_oid(octets)
    assert (time.perf_counter() - began) / 10 < 0.001
