"""NTP packets: eras, and anything that a stranger may send."""

import pytest
from fakes.time_server import ntp_time, time_server
from hypothesis import given
from hypothesis import strategies as st

from probes.ntp_message import MessageError, decode_answer, encode_request, unix_ns

COOKIE = b"12345678"
SECOND_NS = 10**9


@pytest.mark.parametrize("year_seconds", [0, 1_700_000_000, 2_085_978_495, 2_085_978_497, 4_102_444_800])
def test_a_moment_is_read_in_the_era_it_is_near_to(year_seconds):
    near_ns = (year_seconds + 3600) * SECOND_NS
    assert unix_ns(ntp_time(year_seconds), near_ns) == year_seconds * SECOND_NS


@given(st.binary(max_size=120))
def test_bytes_that_are_no_answer_are_a_message_error(data):
    with pytest.raises(MessageError):
        decode_answer(data, COOKIE, SECOND_NS)


@given(st.integers(0, 47), st.integers(0, 255))
def test_no_damage_to_a_real_answer_raises_anything_but_a_message_error(at, octet):
    (answer,) = time_server()(encode_request(COOKIE))
    damaged = bytearray(answer)
    damaged[at] = octet
    try:
        decode_answer(bytes(damaged), COOKIE, SECOND_NS)
    except MessageError:
        assert at < 1 or 24 <= at < 32
