"""Did the upgrade work: matched days, two methods, controls, several outcomes, and the baseline's warning."""

from datetime import date, timedelta
from math import exp
from random import Random

import pytest
from fakes.evidence import MARCH, inputs

from netmon.evidence.before_after import Conclusion, History, before_after
from netmon.evidence.calendar import Days, mask
from netmon.evidence.curve import Curve
from netmon.evidence.inputs.cells import hours
from netmon.evidence.matched import hourly, less_controls, matched, sides
from netmon.evidence.readiness import baseline, warnings

CUTOVER = date(2026, 5, 6)
BOTH = sides(CUTOVER, date(2026, 6, 6), date(2026, 4, 4))
PRIMARY = ("rtt",)


def working(day):
    return day.weekday() < 5


def walk(seed, level, after=1.0, sd=0.05, days=None):
    """Values of nine hours a day around a level, which is multiplied after the cutover."""
    random = Random(seed)
    found, state = {}, 0.0
    for day in days or [*BOTH.before, *BOTH.after]:
        state = 0.3 * state + random.gauss(0, sd)
        scale = after if day > CUTOVER else 1.0
        found[day] = {hour: level * scale * exp(state + random.gauss(0, sd / 5)) for hour in range(9, 18)}
    return found


def compare(histories, primary=PRIMARY, both=BOTH):
    return before_after(histories, both, primary, working, draws=200)


def test_the_days_around_a_cutover_count_for_neither_side():
    assert (BOTH.before[-1], BOTH.after[0], BOTH.weeks) == (date(2026, 5, 2), date(2026, 5, 10), 4)
    assert BOTH.before[0] == date(2026, 4, 5)
    assert sides(CUTOVER, date(2027, 1, 1), date(2020, 1, 1)).weeks == 8
    assert sides(CUTOVER, CUTOVER, CUTOVER).weeks == 0


def test_half_the_round_trip_is_half_the_round_trip():
    (found,) = compare({"rtt": History(walk(1, 0.080, after=0.5))})
    assert found.conclusion is Conclusion.BETTER
    assert found.change == pytest.approx(-0.5, abs=0.05)
    assert found.low < found.change < found.high < 0
    assert (found.days_before, found.days_after, found.weeks) == (20, 20, 4)
    assert found.worthwhile
    assert not found.controlled


def test_slower_is_worse_and_a_little_faster_is_not_worth_it():
    (slow,) = compare({"rtt": History(walk(1, 0.080, after=1.6))})
    assert (slow.conclusion, slow.worthwhile) == (Conclusion.WORSE, False)
    (little,) = compare({"rtt": History(walk(1, 0.080, after=0.85, sd=0.02))})
    assert (little.conclusion, little.worthwhile) == (Conclusion.BETTER, False)


def test_no_change_is_not_shown():
    (found,) = compare({"rtt": History(walk(4, 0.080))})
    assert found.conclusion is Conclusion.NOT_SHOWN


def test_three_weeks_are_too_little():
    short = sides(CUTOVER, date(2026, 5, 31), date(2026, 4, 1))
    (found,) = compare({"rtt": History(walk(1, 0.080, after=0.5))}, both=short)
    assert (found.weeks, found.conclusion, found.change) == (3, Conclusion.TOO_LITTLE, None)
    (nothing,) = compare({"rtt": History({})})
    assert (nothing.conclusion, nothing.low, nothing.p_value) == (Conclusion.TOO_LITTLE, None, None)


@pytest.mark.parametrize("days", [5, 9])
def test_a_few_days_within_long_weeks_are_too_little(days):
    few = {day: some for day, some in walk(1, 0.080, after=0.5).items() if working(day)}
    after = [day for day in few if day > CUTOVER][days:]
    (found,) = compare({"rtt": History({day: some for day, some in few.items() if day not in after})})
    assert (found.weeks, found.days_before, found.days_after) == (4, 20, days)
    assert (found.conclusion, found.change, found.p_value) == (Conclusion.TOO_LITTLE, None, None)


def test_what_was_declared_and_not_measured_still_was_a_question():
    history = {"rtt": History(walk(1, 0.080, after=0.9))}
    (alone,) = compare(history)
    (found,) = compare(history, primary=("rtt", "capacity", "loss"))
    assert found.p_value == pytest.approx(3 * alone.p_value)


def test_what_happened_everywhere_is_not_the_upgrades_doing():
    season = 0.6
    own, others = walk(1, 0.080, after=season), [walk(n, 0.05, after=season) for n in (2, 3)]
    assert compare({"rtt": History(own)})[0].conclusion is Conclusion.BETTER
    (found,) = compare({"rtt": History(own, others)})
    assert found.controlled
    assert found.conclusion is Conclusion.NOT_SHOWN


def test_hours_that_no_control_knows_are_left_out():
    day = date(2026, 3, 2)
    own, controls = {day: {9: 5.0, 10: 6.0}}, [{day: {9: 1.0}}, {day: {9: 3.0}}, {}]
    assert less_controls(own, controls) == {day: {9: 3.0}}


def test_outcomes_that_decide_share_one_error_and_others_explore():
    many = {
        "rtt": History(walk(1, 0.080, after=0.9)),
        "loaded_rtt": History(walk(2, 0.2)),
        "capacity": History(walk(3, 9e7, after=2)),
    }
    found = {effect.outcome: effect for effect in compare(many, primary=("rtt", "loaded_rtt"))}
    alone = compare({"rtt": many["rtt"]})[0]
    assert found["rtt"].p_value == pytest.approx(2 * alone.p_value)
    assert (found["capacity"].p_value, found["capacity"].primary) == (None, False)
    assert found["capacity"].conclusion is Conclusion.BETTER


def test_saturated_minutes_are_added_up_over_the_day():
    days = [*BOTH.before, *BOTH.after]
    random = Random(3)
    full = {
        day: {h: (0.0 if day > CUTOVER else 4.0) + random.choice((0, 1)) for h in range(9, 18)}
        for day in days
    }
    (found,) = compare({"saturation": History(full)}, primary=("saturation",))
    assert found.change == pytest.approx(-36, abs=3)
    assert (found.conclusion, found.worthwhile) == (Conclusion.BETTER, True)


def test_only_hours_of_the_week_that_both_sides_know_are_compared():
    values = walk(1, 0.080)
    for day in BOTH.after:
        values[day] = {
            hour: value for hour, value in values[day].items() if hour != 12 and day.weekday() != 4
        }
    before, after = matched({day: hours for day, hours in values.items() if hours}, BOTH, working)
    assert {day.weekday for day in before} == {0, 1, 2, 3} == {day.weekday for day in after}
    assert all(12 not in day.hours for day in before)


def test_hours_need_half_of_their_minutes():
    days = Days(date(2026, 3, 2), date(2026, 3, 2), MARCH.timezone)
    values = [None] * 1440
    values[540:570] = [1.0, 3.0] * 15
    values[600:629] = [9.0] * 29
    serving = mask(hours("Mon-Fri 09:00-17:00"), days)
    assert hourly(Curve(days.start_minute, values), days, serving) == {date(2026, 3, 2): {9: 2.0}}


UPGRADES = """\
site,circuit,cutover,declared_on,primary,document,controls
s1,c1,2026-05-06,2026-04-01,rtt,Paper 1,"c2,c3"
s2,c2,2026-05-06,2026-06-01,"rtt, loss",Paper 1,
"""


def test_a_baseline_that_will_be_short_is_a_warning_in_time():
    upgrade, late = inputs(upgrades=UPGRADES).upgrades
    today = date(2026, 4, 24)
    known = {today - timedelta(days=number) for number in range(1, 10)}
    assert list(warnings(upgrade, today, known)) == ["cutover in 12 days, baseline 9 of 28 days"]
    whole = {today - timedelta(days=number) for number in range(-10, 40)}
    assert baseline(upgrade, whole) == 28
    assert list(warnings(upgrade, today, whole)) == []
    told = list(warnings(late, date(2026, 6, 2), known))
    assert told[0] == "the baseline has 9 of 28 days: no effect can be shown"
    assert "declared after cutover" in told[1]
    assert told[2].startswith("no controls")
