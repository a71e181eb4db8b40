"""Whether enough of the busy hours was tested for a period's figures to be shown."""

import pytest
from fakes.clock import FakeClock

from netmon.model import Event
from netmon.sdk import PlannedTest
from netmon.verdict.peak_tests import NOT_RUN, peak_tests

PLAN = [PlannedTest(1000.0004 * n, "wan1", 1, 2, stratum=f"peak {n}", peak=True) for n in range(1, 11)]
NIGHT = PlannedTest(99_000.0, "wan1", 1, 2, stratum="off-peak 1")


def event(planned, refused=None, **data):
    plan = {"planned_at": round(planned.at, 3), "stratum": planned.stratum}
    data = {"plan": plan, "refused": refused, **data}
    return Event("bandwidth_test", (), "", FakeClock().stamp(), data)


@pytest.mark.parametrize(("tested", "shown"), [(10, True), (8, True), (7, False), (0, False)])
def test_a_period_is_shown_from_four_fifths_on(tested, shown):
    found = peak_tests([*PLAN, NIGHT], [event(one) for one in PLAN[:tested]])
    assert (found.planned, found.tested, found.shown) == (10, tested, shown)
    assert [one.reason for one in found.left_out] == [NOT_RUN] * (10 - tested)


def test_what_was_left_out_has_its_reason_and_its_reading():
    busy = event(PLAN[0], "people use the line", decision="line_busy", reading_bits_per_second=90_000_000)
    found = peak_tests(PLAN[:2], [busy, event(PLAN[1])])
    (left_out,) = found.left_out
    assert (left_out.stratum, left_out.reason, left_out.reading) == ("peak 1", "line_busy", 90e6)


def test_both_directions_are_one_test_and_one_that_failed_beside_it_does_not_undo_it():
    events = [event(PLAN[0]), event(PLAN[0]), event(PLAN[0], "refused", decision="failed")]
    assert peak_tests(PLAN[:1], events).tested == 1
    assert peak_tests(PLAN[:1], events[::-1]).tested == 1


def test_a_night_alone_and_an_empty_plan_show_nothing():
    assert not peak_tests([NIGHT], [event(NIGHT)]).shown
    assert not peak_tests([], []).shown


def test_tests_that_were_not_planned_count_for_nothing():
    by_hand = Event("bandwidth_test", (), "", FakeClock().stamp(), {"plan": None, "refused": None})
    assert peak_tests(PLAN, [by_hand]).tested == 0
