import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.units import duration_seconds, rate_bits_per_second, size_bytes

PARSERS = (duration_seconds, rate_bits_per_second, size_bytes)


@pytest.mark.parametrize(
    ("parse", "text", "amount"),
    [
        (duration_seconds, "500ms", 0.5),
        (duration_seconds, "30s", 30),
        (duration_seconds, " 5 m ", 300),
        (duration_seconds, "1.5h", 5400),
        (duration_seconds, "2w", 1_209_600),
        (rate_bits_per_second, "512kbit/s", 512_000),
        (rate_bits_per_second, "0.1Gbit/s", 100_000_000),
        (size_bytes, "2GB", 2_000_000_000),
        (size_bytes, "4GiB", 2**32),
        (size_bytes, "0B", 0),
    ],
)
def test_amounts_are_read_in_their_unit(parse, text, amount):
    assert parse(text) == pytest.approx(amount)


@pytest.mark.parametrize(
    ("parse", "value", "words"),
    [
        (duration_seconds, "30", "'30' has no unit"),
        (duration_seconds, 30, "30 has no unit"),
        (rate_bits_per_second, "100mbit/s", "did you mean 'Mbit/s'"),
        (rate_bits_per_second, "100Mbps", "did you mean 'Mbit/s'"),
        (rate_bits_per_second, "100MB/s", "'MB/s' is not a unit here"),
        (size_bytes, "5 Mbit", "'Mbit' is not a unit here"),
        (duration_seconds, "-5s", "is not an amount"),
        (duration_seconds, "1e3s", "is not an amount"),
        (duration_seconds, "", "is not an amount"),
        (duration_seconds, "\u0663s", "is not an amount"),
        (size_bytes, "9" * 400 + "TB", "is not an amount"),
        (size_bytes, True, "must be text with a unit"),
        (size_bytes, ["2GB"], "must be text with a unit"),
    ],
)
def test_what_is_not_an_amount_is_refused_with_the_remedy(parse, value, words):
    with pytest.raises(ValueError, match="such as") as caught:
        parse(value)
    assert words in str(caught.value)


@given(st.sampled_from(PARSERS), st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.booleans()))
def test_nothing_but_a_value_error_comes_out_of_any_input(parse, value):
    try:
        amount = parse(value)
    except ValueError:
        return
    assert amount >= 0


@given(st.integers(0, 10**15 - 1))
def test_whole_bytes_stay_exact(number):
    assert size_bytes(f"{number}B") == number


@given(st.integers(1, 10**6), st.sampled_from([("ms", "s"), ("s", "m"), ("bit/s", "kbit/s")]))
def test_a_larger_unit_is_never_less(number, units):
    parse = rate_bits_per_second if "bit" in units[0] else duration_seconds
    assert parse(f"{number}{units[0]}") <= parse(f"{number}{units[1]}")
