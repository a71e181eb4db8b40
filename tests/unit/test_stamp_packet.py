"""STAMP on the wire: what is said comes back, whatever comes is survived, no reply outgrows its request."""

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from probes.stamp_packet import (
    BASE_BYTES,
    Answer,
    FollowUp,
    decode_reply,
    decode_request,
    encode_reply,
    encode_request,
    looks_reflected,
    reply_identity,
    request_identity,
)
from probes.stamp_time import ErrorEstimate, decode_error, decode_time, encode_error, encode_time

NOW_NS = 1_800_000_000_123_456_789
DAY_NS = 86_400 * 10**9
WORD, HALF, QUAD, OCTET = (st.integers(0, (1 << bits) - 1) for bits in (32, 16, 64, 8))
ANSWERS = st.builds(
    Answer,
    sequence=st.integers(0, 2**32 - 2),
    sent=QUAD,
    error_word=HALF,
    received=QUAD,
    hop_limit=OCTET,
    counted=WORD,
    follow_up=st.none() | st.builds(FollowUp, WORD, QUAD),
)
ANSWER = Answer(5, encode_time(NOW_NS), 0x8001, encode_time(NOW_NS - 1000), 57, 6, FollowUp(4, 99))


# Time


@given(st.integers(-(2**60), 2**62))
def test_a_moment_survives_to_the_nanosecond(moment_ns):
    assert decode_time(encode_time(moment_ns), moment_ns) == moment_ns


@given(st.integers(-68 * 365, 68 * 365), QUAD)
def test_of_all_eras_the_nearest_is_meant(days, stamp):
    near_ns = NOW_NS + days * DAY_NS
    moment_ns = decode_time(stamp, near_ns)
    assert abs(moment_ns - near_ns) <= 2**31 * 10**9
    assert encode_time(moment_ns) >> 32 == stamp >> 32 or stamp & 0xFFFFFFFF >= 2**32 - 3


def test_a_clock_that_is_ten_years_off_after_2036_is_still_understood():
    in_2040_ns = NOW_NS + 13 * 365 * DAY_NS
    assert decode_time(encode_time(in_2040_ns), in_2040_ns - 10 * 365 * DAY_NS) == in_2040_ns


def test_a_timestamp_of_ptp_has_nanoseconds_and_another_beginning():
    assert decode_time(1_800_000_000 << 32 | 5, NOW_NS, ptp=True) == 1_800_000_000 * 10**9 + 5


@given(st.floats(0, 2.0**31 * 100), st.booleans(), st.booleans())
def test_an_error_is_never_said_smaller_than_it_is_nor_much_larger(seconds, synchronised, ptp):
    said = decode_error(encode_error(ErrorEstimate(synchronised, seconds, ptp)))
    assert (said.synchronised, said.ptp) == (synchronised, ptp)
    assert seconds <= said.seconds <= seconds * 1.01 + 2.0**-32  # its smallest step


@pytest.mark.parametrize(
    ("word", "bound"),
    [
        (0x8000 | 32 << 8 | 2, 2.0),
        (32 << 8 | 2, None),
        (0x8000 | 32 << 8, None),
        (0xC000 | 32 << 8 | 2, None),
    ],
    ids=["synchronised", "unsynchronised", "zero is against the rules", "PTP's seconds are not UTC's"],
)
def test_only_a_synchronised_clock_bounds_an_error(word, bound):
    assert decode_error(word).bound_seconds == bound


# Packets


@given(WORD.filter(lambda n: n < 2**32 - 1), QUAD, HALF, HALF, ANSWERS)
def test_what_the_reflector_says_arrives(sequence, stamp, error_word, session, answer):
    packet = encode_request(sequence, stamp, error_word, session)
    request = decode_request(packet)
    assert (request.sequence, request.error_word, request.session) == (sequence, error_word, session)
    reply_packet = encode_reply(request, answer, len(packet))
    reply = decode_reply(reply_packet)
    assert len(reply_packet) == len(packet)
    assert reply_identity(reply_packet) == request_identity(packet)
    assert reply.request_sequence == sequence
    assert (reply.sequence, reply.sent, reply.received) == (answer.sequence, answer.sent, answer.received)
    assert reply.error == decode_error(answer.error_word)
    assert (reply.request_hop_limit, reply.counted) == (answer.hop_limit, answer.counted)
    assert reply.follow_up == answer.follow_up


@given(st.binary(max_size=300))
@example(bytes(BASE_BYTES) + b"\0\7\0\x10short")
@example(bytes(BASE_BYTES + 200))
def test_whatever_asks_gets_no_more_octets_than_it_sent(data):
    request = decode_request(data)
    if request is None:
        assert len(data) < 36
        return
    reply = encode_reply(request, ANSWER, len(data))
    assert len(reply) == len(data) or len(data) < BASE_BYTES == len(reply) + BASE_BYTES - len(data)
    assert decode_reply(reply).sequence == ANSWER.sequence


@given(st.binary(max_size=200))
def test_whatever_answers_is_read_without_harm(data):
    reply = decode_reply(data)
    assert (reply is None) == (len(data) < 36)


@pytest.mark.parametrize(("size", "hop_limit"), [(36, None), (38, None), (41, 57), (44, 57)])
def test_replies_of_twamp_peers_may_end_early(size, hop_limit):
    packet = encode_request(7, encode_time(NOW_NS), 0x8001, 3)
    reply = decode_reply(encode_reply(decode_request(packet), ANSWER, size))
    assert (reply.request_sequence, reply.request_hop_limit) == (7, hop_limit)
    assert (reply.counted, reply.follow_up) == (None, None)


def test_an_extension_that_is_not_known_comes_back_marked_and_one_that_does_not_fit_too():
    packet = encode_request(0, 1, 1, 1)[:BASE_BYTES] + struct.pack("!BBH4s", 0x80, 99, 4, b"what")
    reply = encode_reply(decode_request(packet + struct.pack("!BBH", 0x80, 7, 16)), ANSWER, 200)
    assert reply[BASE_BYTES] == 0x80
    assert reply[BASE_BYTES + 4 : BASE_BYTES + 8] == b"what"
    assert reply[BASE_BYTES + 8] == 0x40
    assert decode_reply(reply).follow_up is None


def test_a_reflector_that_has_no_follow_up_yet_says_so():
    packet = encode_request(0, 1, 1, 1)
    first = Answer(0, 1, 1, 1, 64, 1, None)
    assert decode_reply(encode_reply(decode_request(packet), first, len(packet))).follow_up is None


# Loops


@given(st.integers(0, 2**32 - 1), st.integers(0, 50 * 10**9), ANSWERS)
def test_every_reply_looks_like_one_and_no_request_does(sequence, inside_ns, answer):
    packet = encode_request(sequence % (2**32 - 1), encode_time(NOW_NS), 0x8001, 3)
    assert not looks_reflected(packet)
    received, sent = encode_time(NOW_NS), encode_time(NOW_NS + inside_ns)
    said = Answer(answer.sequence, sent, 1, received, 64, 1, answer.follow_up)
    assert looks_reflected(encode_reply(decode_request(packet), said, len(packet)))


def test_padding_of_a_twamp_sender_does_not_look_like_a_reply():
    packet = encode_request(1, encode_time(NOW_NS), 0x8001, 3)[:14] + bytes(range(30, 60))
    assert not looks_reflected(packet)
