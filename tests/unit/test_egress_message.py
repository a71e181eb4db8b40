"""STUN's codec: right answers, wrong ones, and nonsense."""

from contextlib import suppress

import pytest
from fakes.stun_server import answer, attribute, mapped
from hypothesis import example, given
from hypothesis import strategies as st

from probes.egress_message import MessageError, decode_answer, encode_request

ID = bytes(range(12))
ASKED = encode_request(ID)


def test_a_request_is_the_twenty_bytes_of_a_binding_request():
    assert bytes.fromhex("0001 0000 2112a442") + ID == ASKED


def test_an_answer_of_the_rfc_is_read():
    # RFC 5769 section 2.2, without the attributes that protect it: 192.0.2.1 port 32853.
    transaction = bytes.fromhex("b7e7a701bc34d686fa87dfae")
    data = bytes.fromhex("0101 000c 2112a442") + transaction + bytes.fromhex("0020 0008 0001 a147 e112a643")
    assert decode_answer(data, transaction) == "192.0.2.1"


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8::7"])
@pytest.mark.parametrize("masked", [True, False])
def test_both_attributes_and_both_families_are_understood(address, masked):
    assert decode_answer(answer(ASKED, mapped(address, ASKED, masked=masked)), ID) == address


def test_the_masked_address_goes_before_the_plain_one_that_some_routers_rewrite():
    plain, masked = mapped("10.0.0.1", ASKED, masked=False), mapped("203.0.113.7", ASKED)
    assert decode_answer(answer(ASKED, plain, masked), ID) == "203.0.113.7"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (ASKED, "no Binding answer"),
        (answer(ASKED, kind=0x0111), "refuses"),
        (answer(ASKED), "no address"),
        (answer(ASKED, attribute(0x0020, bytes(8))), "no known kind"),
        (answer(ASKED, attribute(0x0020, bytes(4))), "no known kind"),
        (answer(encode_request(bytes(12)), mapped("203.0.113.7", ASKED)), "no answer to this"),
        (answer(ASKED, b"\x00\x20\x00\xff"), "longer than the message"),
        (answer(ASKED, mapped("203.0.113.7", ASKED))[:-1], "length is wrong"),
        (b"", "less than a header"),
    ],
    ids=["a request", "refused", "empty", "family", "short", "another's", "overlong", "cut off", "nothing"],
)
def test_what_tells_no_address_is_said_to_be_so(data, says):
    with pytest.raises(MessageError, match=says):
        decode_answer(data, ID)


@given(st.binary(max_size=64))
@example(b"\x00\x20\x00\x08\x00\x01")
def test_nonsense_is_a_message_error_or_an_address(body):
    with suppress(MessageError):
        assert decode_answer(answer(ASKED, body), ID)
