"""Recordings: what is written is read back, whatever the octets are."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.snmp import ber, recording
from collectors.snmp.recording import Recorded

arcs = st.integers(0, 2**32 - 1)
names = st.tuples(st.just(1), st.integers(0, 39), arcs, arcs) | st.lists(arcs, max_size=20).map(
    lambda rest: (1, 3, 6, 1, *rest)
)


def number(tag, low, high):
    whole = st.integers(low, high)
    return whole.map(lambda n: (tag, n.to_bytes((n + (n < 0)).bit_length() // 8 + 1, "big", signed=True)))


values = st.one_of(
    number(ber.INTEGER, -(2**31), 2**31 - 1),
    number(ber.COUNTER32, 0, 2**32 - 1),
    number(ber.GAUGE32, 0, 2**32 - 1),
    number(ber.TIME_TICKS, 0, 2**32 - 1),
    number(ber.COUNTER64, 0, 2**64 - 1),
    st.tuples(st.sampled_from([ber.OCTET_STRING, ber.OPAQUE]), st.binary(max_size=80)),
    st.tuples(st.just(ber.OCTET_STRING), st.text(max_size=40).map(str.encode)),
    st.tuples(st.just(ber.IP_ADDRESS), st.binary(min_size=4, max_size=4)),
    st.tuples(st.just(ber.OBJECT_IDENTIFIER), names.map(ber.encode_oid)),
    st.just((ber.NULL, b"")),
)


@settings(max_examples=60)
@given(names, values)
def test_a_line_is_read_back_as_what_was_written(name, value):
    recorded = Recorded(name, *value)
    written = recording.line(recorded)
    assert written.isascii()
    assert written.isprintable()
    assert recording.parse(written) == recorded


@given(st.text(max_size=60))
def test_any_other_line_is_a_variable_or_an_error_of_ours(text):
    with contextlib.suppress(ber.BerError):
        recording.parse(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((ber.OCTET_STRING, b"Gi0/1"), "4|Gi0/1"),
        ((ber.OCTET_STRING, b"a|b"), "4x|617c62"),
        ((ber.OCTET_STRING, b" padded"), "4x|20706164646564"),
        ((ber.OCTET_STRING, b"\x00\x1b\x54"), "4x|001b54"),
        ((ber.OCTET_STRING, b""), "4|"),
        ((ber.IP_ADDRESS, b"\x0a\x00\x00\x01"), "64|10.0.0.1"),
        ((ber.COUNTER64, b"\xff" * 8), "70|18446744073709551615"),
        ((ber.INTEGER, b"\xff"), "2|-1"),
    ],
)
def test_lines_look_as_other_programs_write_them(value, text):
    assert recording.line(Recorded((1, 3, 6, 1), *value)) == f"1.3.6.1|{text}"


@pytest.mark.parametrize("value", [(ber.INTEGER, b""), (ber.COUNTER32, b"\xff" * 9), (0xC7, b"?")])
def test_a_value_that_breaks_its_type_has_no_line(value):
    with pytest.raises(ber.BerError):
        recording.line(Recorded((1, 3, 6, 1), *value))


def test_comments_and_empty_lines_are_passed_over():
    assert len(list(recording.read(["# made today", "", "1.3.6.1.2.1.1.3.0|67|17"]))) == 1
