"""Rates over counters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.rates import Count, increase, rate

SECOND = 1_000_000_000


def count(value, seconds=0.0, epoch=1):
    return Count(value, int(seconds * SECOND), epoch)


def test_a_rate_is_growth_by_elapsed_time():
    assert rate(count(1000), count(4000, 30)) == 100.0


@pytest.mark.parametrize(
    ("before", "after", "bits", "ceiling"),
    [
        pytest.param(count(10, 0, 1), count(20, 30, 2), 64, None, id="the epoch changed"),
        pytest.param(count(20), count(10, 30), 64, None, id="a 64-bit counter fell: it was reset"),
        pytest.param(count(10), count(20, 0), 64, None, id="no time passed"),
        pytest.param(count(10, 30), count(20, 0), 64, None, id="time went back"),
        pytest.param(count(0), count(10**12, 30), 64, 125e6, id="more than the line carries"),
        pytest.param(count(10), count(2**31 + 20, 600), 32, 125e6, id="may have wrapped more than once"),
        pytest.param(count(4000), count(3000, 30), 32, 1000, id="a wrap would exceed the line"),
        pytest.param(count(100_000), count(50_000, 30), 32, None, id="a wrap of over half the range"),
    ],
)
def test_what_cannot_be_known_is_none(before, after, bits, ceiling):
    assert increase(before, after, bits, ceiling) is None


def test_one_wrap_of_a_32_bit_counter_is_counted_through():
    assert increase(count(2**32 - 100), count(50, 30), 32, 1000) == 150


@given(
    start=st.integers(0, 2**32 - 1),
    grown=st.integers(0, 12_500_000 * 30),
)
def test_a_32_bit_counter_below_line_speed_always_gives_its_true_growth(start, grown):
    after = count((start + grown) % 2**32, 30)
    assert increase(count(start), after, 32, 12_500_000) == grown


@given(before=st.integers(0, 2**64 - 1), after=st.integers(0, 2**64 - 1), bits=st.sampled_from([32, 64]))
def test_no_rate_is_ever_negative_or_above_the_line(before, after, bits):
    got = rate(count(before), count(after, 10), bits, 1e9)
    assert got is None or 0 <= got <= 1e9
