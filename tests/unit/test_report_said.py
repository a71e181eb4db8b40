"""Figures in words: units, intervals, and a word for what is not known."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.evidence.reports.figure import Figure, Unit
from netmon.evidence.reports.said import days_words, grounds, percent, said, whole


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (
            Figure(0.9986, Unit.SHARE, n=43_060, low=0.99537, high=0.9986, coverage=0.9968),
            "99.86 % (99.54 to 99.86, n = 43,060 minutes, coverage 99.68 %)",
        ),
        (Figure(441.2e6, Unit.RATE, low=430.1e6, high=452.9e6), "441 Mbit/s (430 to 453)"),
        (Figure(9.5e8, Unit.RATE, low=9e8, high=1.1e9), "950 Mbit/s (900 Mbit/s to 1.10 Gbit/s)"),
        (Figure(None, Unit.SHARE, low=0.26, high=1.0), "not known (26.0 to 100 %)"),
        (Figure(-0.471, Unit.CHANGE, low=-0.52, high=-0.41), "\u221247 % (\u221252 to \u221241)"),
        (Figure(0.0, Unit.SHARE, high=0.0001), "0 % (at most 0.01 %)"),
        (Figure(107.0, Unit.POUNDS), "£107.00"),
        (Figure(14, Unit.CLOCK_HOUR), "14:00 to 15:00"),
        (Figure("2027-03-31", Unit.DATE), "31 March 2027"),
        (Figure("2026-03-29T00:59:00+00:00", Unit.MOMENT), "29 Mar 00:59"),
        (Figure(0.0114, Unit.SECONDS), "11.4 ms"),
        (Figure(12_720, Unit.USER_MINUTES), "12,720 user-min"),
        (Figure(0, Unit.COUNT), "0"),
        (Figure("the store"), "the store"),
        (Figure(), "not known"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_figure_is_said_with_its_unit_and_what_it_rests_on(figure, text):
    assert whole(figure, "minutes") == text


@given(st.sampled_from(list(Unit)), st.none() | st.integers(0, 10**9))
def test_what_is_not_known_is_never_a_number_whatever_its_unit(unit, n):
    assert said(Figure(None, unit, n=n)) == "not known"


@given(st.floats(0, 1, exclude_min=True, exclude_max=True).filter(lambda share: 1e-6 < share < 1 - 1e-6))
def test_a_share_between_nothing_and_all_is_never_rounded_to_either(share):
    number = float(percent(share).removesuffix(" %"))
    assert 0 < number < 100
    assert number == pytest.approx(share * 100, abs=0.051)


def test_without_grounds_there_are_no_empty_brackets():
    assert grounds(Figure(3, Unit.COUNT)) == ""
    assert whole(Figure(3, Unit.COUNT)) == "3"


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        (date(2026, 3, 1), date(2026, 3, 31), "March 2026"),
        (date(2028, 2, 1), date(2028, 2, 28), "1 to 28 February 2028"),
        (date(2026, 3, 4), date(2026, 3, 4), "4 March 2026"),
        (date(2026, 3, 30), date(2026, 4, 2), "30 March to 2 April 2026"),
        (date(2025, 12, 30), date(2026, 1, 2), "30 December 2025 to 2 January 2026"),
    ],
)
def test_days_are_said_as_people_say_them(first, last, text):
    assert days_words(first, last) == text


def test_of_one_thing_there_is_no_plural():
    assert grounds(Figure(0.5, Unit.SHARE, n=1), "lines") == "n = 1 line"
    assert grounds(Figure(0.5, Unit.SHARE, n=0), "lines") == "n = 0 lines"
