"""Statistics of evidence: hand-computed vectors, properties, and error rates on simulated days."""

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.evidence.statistics.binomial import (
    breach_threshold,
    cumulative,
    kept_threshold,
    power,
    share_interval,
)
from netmon.evidence.statistics.blocks import Day, bootstrap
from netmon.evidence.statistics.clustering import effective_size, fail_days, resemblance, sign_test
from netmon.evidence.statistics.memory import inflation, memory
from netmon.evidence.statistics.quantiles import interval, lower_bound, nearest_rank, upper_bound
from netmon.evidence.statistics.several import holm
from netmon.evidence.statistics.shift import hodges_lehmann
from netmon.evidence.statistics.weekdays import without_weekdays

BEFORE = [40, 42, 39, 41, 44, 40, 43, 41, 38, 42, 45, 41, 40, 42, 39, 43, 41, 44, 40, 42]
AFTER = [21, 23, 20, 22, 24, 20, 22, 21, 23, 22, 20, 24, 21, 22, 23, 20, 22, 21, 24, 22]
SAMPLES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


def test_the_bill_drops_the_largest_twentieth():
    assert nearest_rank(range(1, 8641), 0.95) == 8208
    assert nearest_rank(range(1, 101), 0.55) == 55, "not the 56th, as binary fractions would have it"
    assert nearest_rank([], 0.95) is None


# alpha 5 %: the decision table of the method.
@pytest.mark.parametrize(
    ("n", "of_90", "found", "of_80"),
    [
        (30, 7, 0.39, 11),
        (42, 9, 0.47, 14),
        (60, 11, 0.68, 18),
        (90, 15, 0.82, 25),
        (120, 19, 0.90, 32),
        (180, 26, 0.98, 46),
    ],
)
def test_so_many_failures_show_a_breach(n, of_90, found, of_80):
    assert (breach_threshold(n, 0.9), breach_threshold(n, 0.8)) == (of_90, of_80)
    assert power(n, 0.9, truth=0.8) == pytest.approx(found, abs=0.006)


def test_few_tests_show_nothing():
    assert breach_threshold(1, 0.9) is None, "one failure comes by chance once in ten"
    assert breach_threshold(0, 0.9) is None
    assert kept_threshold(28, 0.9) is None, "0.9 to the 28th is 5.2 %"
    assert kept_threshold(29, 0.9) == 0


@settings(max_examples=25)
@given(st.integers(1, 200), st.sampled_from([0.8, 0.9, 0.95]))
def test_a_breach_and_a_kept_promise_are_never_shown_by_the_same_tests(n, target):
    breach, kept = breach_threshold(n, target), kept_threshold(n, target)
    if breach is not None:
        chance = 1 - cumulative(n, 1 - target)[breach - 1]
        assert chance <= 0.05
    if breach is not None and kept is not None:
        assert kept < breach


def test_the_interval_of_a_share_is_the_exact_one():
    low, high = share_interval(0, 10)
    assert low == 0
    assert high == pytest.approx(1 - 0.025**0.1)  # closed form for no success
    assert share_interval(54, 60) == pytest.approx((0.79494, 0.96241), abs=1e-5)
    assert share_interval(0, 0) is None


def test_bounds_of_percentiles_need_their_numbers():
    def first(bound, share):
        return next(n for n in range(1, 400) if bound(range(n), share) is not None)

    assert [first(lower_bound, share) for share in (0.2, 0.1, 0.05, 0.01)] == [14, 29, 59, 299]
    assert [first(interval, share) for share in (0.2, 0.1, 0.05)] == [17, 36, 72]
    assert interval(range(1, 61), 0.2) == (6, 19)
    assert upper_bound(range(1, 61), 0.2) == -lower_bound(range(-60, 0), 0.8)


@settings(max_examples=25)
@given(SAMPLES, st.sampled_from([0.05, 0.1, 0.2, 0.5, 0.95]))
def test_bounds_lie_around_the_percentile_whatever_the_order(values, share):
    found = interval(values, share)
    assert found == interval(values[::-1], share)
    if found is not None:
        assert found[0] <= nearest_rank(values, share) <= found[1]


def test_a_shift_of_the_reference_days():
    shift = hodges_lehmann(BEFORE, AFTER)
    assert (shift.effect, shift.low, shift.high, shift.inflation) == (-19, -21, -18, 1)
    assert shift.sign == -1
    assert shift.p_value < 1e-6


def test_memory_widens_the_interval():
    remembering = [1.0, 2, 3, 4, 5, 4, 3, 2, 1, 2, 3, 4, 5, 4, 3, 2]
    assert memory(remembering) > 0.6
    assert inflation(0.5) == 3
    assert memory([5.0] * 9) == 0
    assert memory([1.0, 2.0]) == 0


def test_too_few_days_have_an_effect_and_no_interval():
    shift = hodges_lehmann([1.0, 2.0], [5.0])
    assert (shift.effect, shift.low, shift.high, shift.sign) == (3.5, None, None, 0)
    assert hodges_lehmann([], [1.0]) is None


@settings(max_examples=25)
@given(SAMPLES, SAMPLES, st.integers(-1000, 1000))
def test_what_is_added_to_the_days_after_is_added_to_the_shift(before, after, added):
    plain, moved = hodges_lehmann(before, after), hodges_lehmann(before, [one + added for one in after])
    assert moved.effect == pytest.approx(plain.effect + added, abs=1e-6)


def test_the_weeks_own_pattern_is_taken_off_and_the_shift_stays():
    before = [(day % 5, 10.0 * (day % 5)) for day in range(10)]
    after = [(day, value + 3) for day, value in before]
    early, late = without_weekdays(before, after)
    assert (set(early), set(late)) == ({-1.5}, {1.5})
    assert without_weekdays([(0, 1.0)], [(1, 5.0)]) == ([0.0], [0.0])


def test_several_questions_share_one_error():
    adjusted = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert adjusted == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})


def test_tests_of_one_day_count_less_when_they_resemble_each_other():
    same = [[1.0] * 6, [0.0] * 6, [1.0] * 6, [0.0] * 6]
    assert resemblance(same) == 1
    assert effective_size(same) == pytest.approx(4)
    mixed = [[1.0, 0.0] * 3] * 4
    assert resemblance(mixed) == 0
    assert effective_size(mixed) == 24
    assert effective_size([]) == 0


def test_days_vote_with_a_chance_of_a_half_each():
    assert fail_days([[0] * 9 + [1], [1, 0, 0, 0], [], [0]]) == 1, "a tenth is tolerated"
    assert sign_test(5, 5) == pytest.approx(1 / 32)
    assert sign_test(0, 5) == 1


def test_the_second_opinion_is_the_same_each_time_and_knows_a_shift():
    before = [Day(d % 5, {9: 1.0 + d % 3, 10: 2.0 + d % 2}) for d in range(20)]
    after = [Day(day.weekday, {hour: value + 5 for hour, value in day.hours.items()}) for day in before]
    first = bootstrap(before, after, seed=7, draws=100)
    assert first == bootstrap(before, after, seed=7, draws=100)
    assert 3 < first[0] <= 5 <= first[1] < 7
    assert bootstrap(before, [Day(6, {9: 1.0})], seed=7, draws=10) is None, "no hour of the week in common"


def walk(random, days, rho, sd=0.1):
    """Daily medians of a logarithm that remember the day before."""
    value, found = random.gauss(0, sd), []
    for _ in range(days):
        value = rho * value + math.sqrt(1 - rho**2) * random.gauss(0, sd)
        found.append(value)
    return found


@pytest.mark.parametrize("rho", [0.3, 0.5])
def test_days_with_memory_rarely_show_a_change_that_is_none(rho):
    random = Random(11)
    false = 0
    for _ in range(200):
        days = walk(random, 56, rho)
        false += hodges_lehmann(days[:28], days[28:]).sign != 0
    assert false / 200 <= 0.09, "3 to 7 % at length (the bench); here within what 200 runs can tell"


def test_a_sixth_less_is_found_in_four_weeks():
    random = Random(12)
    found = 0
    for _ in range(100):
        days = walk(random, 56, 0.3)
        after = [day + math.log(0.84) for day in days[28:]]
        found += hodges_lehmann(days[:28], after).sign == -1
    assert found >= 80


def test_a_line_that_just_keeps_its_promise_is_rarely_called_in_breach():
    random = Random(13)
    fails = [sum(random.random() < 0.1 for _ in range(120)) for _ in range(400)]
    limit = breach_threshold(120, 0.9)
    assert sum(k >= limit for k in fails) / 400 <= 0.075
    worse = [sum(random.random() < 0.2 for _ in range(120)) for _ in range(100)]
    assert sum(k >= limit for k in worse) / 100 >= 0.8
