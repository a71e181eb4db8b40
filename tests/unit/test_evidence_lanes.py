"""Numbers of minutes: what is not known is None outside and NaN inside, and many are compared at once."""

from array import array
from math import isnan, nan

from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.evidence.curve import Curve, larger
from netmon.evidence.numbers import Known, packed

NOT_NEGATIVE = st.one_of(
    st.none(), st.just(0.0), st.floats(0, 1e300), st.sampled_from([0.7, 0.9, 1e-300, 5e-324])
)
ANY = st.one_of(NOT_NEGATIVE, st.floats(-1e300, 0))
LIMIT = st.one_of(st.sampled_from([0.0, 0.7, 0.9, -1.0]), st.floats(0, 2))


@settings(max_examples=150)
@given(st.lists(ANY, max_size=30), LIMIT)
def test_masks_say_where_a_known_value_reaches_a_limit(values, limit):
    curve = Curve(0, values)
    assert list(curve.at_least(limit)) == [one is not None and one >= limit for one in values]
    assert list(curve.above(limit)) == [one is not None and one > limit for one in values]
    assert list(curve.is_known()) == [one is not None for one in values]


@settings(max_examples=150)
@given(st.lists(st.tuples(ANY, ANY), max_size=30))
def test_of_two_values_the_larger_one_is_taken_and_the_known_one(pairs):
    one, other = ([pair[side] for pair in pairs] for side in (0, 1))
    expected = [max((x for x in pair if x is not None), default=None) for pair in pairs]
    assert larger(Curve(5, one), Curve(5, other)) == Curve(5, expected)


def test_more_numbers_than_are_compared_at_once():
    values = [None if n % 7 == 0 else n / 1000 for n in range(9000)]
    curve = Curve(0, values)
    assert curve.at_least(4.5).count(1) == sum(one is not None and one >= 4.5 for one in values)
    assert larger(curve, Curve(0, values[::-1])).values[:3] == [8.999, 8.998, 8.997]
    assert curve.scaled(2).values == [None if one is None else one * 2 for one in values]


@given(st.lists(ANY, max_size=20), st.integers(-25, 25), st.integers(-25, 25))
def test_no_nan_ever_leaves_a_view(values, first, last):
    known = Known(packed(values))
    assert known == values
    assert list(known) == values
    assert [known[place] for place in range(len(values))] == values
    assert known[first:last] == values[first:last]
    assert (len(known), repr(known)) == (len(values), repr(values))
    assert known != [*values, 1.0]


def test_what_is_packed_once_is_not_packed_again():
    numbers = array("d", [1.0, nan])
    assert packed(numbers) is numbers
    assert isnan(Curve(0, numbers).numbers[1])
    assert packed(iter([1, None, 2.5])).tolist()[::2] == [1.0, 2.5]
