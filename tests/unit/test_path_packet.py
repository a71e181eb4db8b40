"""Traced packets: the same for every flow-hashing router, and told apart by what is quoted of them."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from probes.path_packet import (
    TAG_BYTES,
    body,
    echo_request,
    echo_sequence,
    is_quote_of,
    tag,
    tag_sequence,
)

sequences, nonces = st.integers(0, 0xFFFF), st.binary(min_size=8, max_size=8)


def checksum(message):
    """RFC 1071, written apart from the code under test."""
    total = sum(struct.unpack(f"!{len(message) // 2}H", message))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@given(sequences, nonces, st.sampled_from([0, 100, 1400]))
def test_all_echo_requests_have_one_checksum(sequence, nonce, size_bytes):
    reference = checksum(echo_request(4, 7, tag(7, bytes(8))))
    assert checksum(echo_request(4, sequence, body(tag(sequence, nonce), 4, size_bytes))) == reference


@given(sequences, nonces, st.integers(0, 3000), st.sampled_from([(4, 20), (6, 40)]))
def test_a_packet_has_the_size_that_was_asked_for_or_the_least_there_is(sequence, nonce, size_bytes, ip):
    version, ip_header_bytes = ip
    made = body(tag(sequence, nonce), version, size_bytes)
    assert ip_header_bytes + 8 + len(made) == max(size_bytes, ip_header_bytes + 8 + TAG_BYTES)


@given(sequences, nonces, st.integers(0, 100), st.binary(max_size=200))
def test_a_packet_is_found_again_wherever_its_quotation_is_cut_off(sequence, nonce, cut, after):
    start = tag(sequence, nonce)
    quoted = body(start, 4, 90)[:cut]
    assert is_quote_of(quoted, start)
    assert is_quote_of(start + after, start)
    assert tag_sequence(quoted) == (sequence if cut >= TAG_BYTES else None)
    request = echo_request(4, sequence, quoted)
    assert echo_sequence(request, 8) == sequence
    assert echo_sequence(request[:7], 8) is None


@given(st.binary(max_size=300), st.sampled_from([0, 8, 128, 129]), nonces)
def test_no_quotation_breaks_the_parsers(quoted, kind, nonce):
    assert echo_sequence(quoted, kind) is None or quoted[0] == kind
    assert tag_sequence(quoted) is None or quoted.startswith(b"nmtr")
    is_quote_of(quoted, tag(1, nonce))


@given(sequences, nonces, sequences, nonces)
def test_another_packets_quotation_is_not_taken_for_this_one(one, one_nonce, other, other_nonce):
    first, second = tag(one, one_nonce), tag(other, other_nonce)
    assert is_quote_of(second, first) == (first == second)
