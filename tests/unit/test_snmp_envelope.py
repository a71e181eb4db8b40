"""Messages with a community: prebuilt requests, replies opened, ids found at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.snmp import ber
from collectors.snmp.envelope import CommunityEnvelope
from collectors.snmp.identity import Identities
from collectors.snmp.limits import Allowance
from collectors.snmp.message import (
    MIN_REQUEST_ID,
    VERSION_2C,
    Header,
    Pdu,
    decode_header,
    encode_message,
    message_id,
)

IDS = st.integers(MIN_REQUEST_ID, 2**31 - 1)


@given(IDS, st.binary(max_size=200), st.binary(max_size=300))
def test_the_quick_look_finds_the_id_that_the_decoder_finds(request_id, community, varbinds):
    octets = encode_message(Header(VERSION_2C, community, Pdu.RESPONSE, request_id, 0, 0, 0), varbinds)
    assert message_id(octets) == decode_header(octets).request_id == request_id


@given(IDS)
def test_the_header_says_where_the_id_is(request_id):
    octets = encode_message(Header(VERSION_2C, b"c", Pdu.RESPONSE, request_id, 0, 0, 0), b"")
    at = decode_header(octets).id_at
    assert octets[at : at + 4] == request_id.to_bytes(4, "big")


@given(IDS, st.integers(0, 127))
def test_the_quick_look_finds_the_id_of_version_3(msg_id, size):
    numbers = ber.encode_integer(msg_id) + ber.encode_integer(65_507) + b"\x04\x01\x07\x02\x01\x03"
    octets = ber.encode(
        ber.SEQUENCE, ber.encode_integer(3) + ber.encode(ber.SEQUENCE, numbers) + ber.encode(4, bytes(size))
    )
    assert message_id(octets) == msg_id


@given(st.binary(max_size=100))
def test_the_quick_look_finds_a_number_or_refuses(octets):
    try:
        message_id(octets)
    except ber.BerError:
        return


@pytest.mark.parametrize(
    "change",
    [{"pdu": Pdu.GET}, {"version": 0}, {"community": b"other"}],
    ids=["PDU type", "version", "community"],
)
def test_only_responses_to_the_credential_have_a_header(change):
    envelope = CommunityEnvelope(VERSION_2C, b"c")
    fields = {"version": VERSION_2C, "community": b"c", "pdu": Pdu.RESPONSE, "request_id": 1 << 30}
    fields |= {"first": 0, "second": 0, "start": 0}
    assert envelope.header(encode_message(Header(**fields), b"")) is not None
    assert envelope.header(encode_message(Header(**(fields | change)), b"")) is None


def test_an_envelope_does_not_show_its_community():
    assert "secret" not in repr(CommunityEnvelope(VERSION_2C, b"secret"))


def test_ids_have_31_bits_are_not_repeated_and_are_remembered_for_a_while():
    identities, drawn = Identities(), []
    for _ in range(5000):
        number = identities.new(drawn[-10:])
        assert MIN_REQUEST_ID <= number < 2**31
        assert number not in drawn[-10:]
        drawn.append(number)
        identities.ended(number)
    assert len(set(drawn)) > 4990
    assert all(map(identities.remembers, drawn[-2000:]))
    assert not any(map(identities.remembers, drawn[:500]))


def test_an_allowance_lets_a_burst_through_and_then_its_rate():
    allowance, sent = Allowance(per_second=10, burst=5), []
    for hundredths in range(200):
        now = 50 + hundredths / 100
        while allowance.take(now):
            sent.append(now)
    assert sent[:5] == [50.0] * 5
    assert len(sent) in (24, 25)
