"""A probe's day of planned tests: what is due, what was missed, what the page says."""

from datetime import date

import pytest
from fakes.context import FakeClock, make_context

from netmon import sdk
from probes.bandwidth.agenda import Fleet, Timetable
from probes.bandwidth.diary import Diary
from probes.bandwidth.manners import Decision
from probes.bandwidth.probe import BandwidthProbe, BandwidthSettings

TABLE = Timetable("UTC", sdk.parse_hours(["08:00-18:00"]), 4, 0, 60.0, 20.0)
KEY = (("site", "lib"), ("probe", "b"))
MIDNIGHT = 1_790_035_200.0  # 2026-09-22


@pytest.fixture
def diary():
    made = Diary(TABLE, Fleet("line", ("lib",)), "lib", MIDNIGHT)
    made.look(MIDNIGHT, synchronised=True)
    return made


def told(diary, now):
    stamp = sdk.Stamp("boot", 1, round(now * 1000))
    reading = diary.reading(KEY, stamp)
    return [column[0] for column in reading.columns[:4]], dict(reading.shape.rows[0].texts)


def test_each_moment_is_due_once_and_for_as_long_as_its_turn_allows(diary):
    first, second, *_ = diary.today
    assert first.day == date(2026, 9, 22)
    assert diary.due(first.at - 1) is None
    assert diary.due(first.at) == diary.due(first.latest) == first
    diary.note(first, Decision.TESTED)
    assert diary.due(first.at) is None
    values, texts = told(diary, first.at)
    assert values == [4, 1, 0, second.at]
    assert texts == {"netmon_bandwidth_decision_info": "tested"}


def test_what_was_missed_is_told_unless_it_was_before_this_process(diary):
    first, second, *_ = diary.today
    assert diary.missed(second.latest + 1) == [first, second]
    diary.began = first.at + 1
    assert diary.missed(second.latest + 1) == [second]


def test_a_moment_of_before_this_process_is_not_kept_again(diary):
    first, second, *_ = diary.today
    diary.began = first.at + 1  # the process before may have tested, and ended
    assert diary.due(first.at + 2) is None
    assert diary.due(second.at) == second


def test_a_clock_that_is_set_back_leaves_no_moment_to_a_process_that_never_was(diary):
    first, *_ = diary.today
    diary.began = first.at + 86_400
    diary.look(first.at - 1, synchronised=True)
    assert diary.due(first.at) == first


def test_a_new_day_is_a_new_page(diary):
    diary.note(diary.today[0], Decision.CAP)
    told(diary, MIDNIGHT)
    diary.look(MIDNIGHT + 86_400, synchronised=True)
    assert not diary.told
    assert told(diary, MIDNIGHT + 86_400)[0][:3] == [4, 0, 0]


def test_while_nobody_knows_the_time_nothing_is_due_and_the_page_says_why(diary):
    first = diary.today[0]
    diary.look(first.at, synchronised=False)
    assert diary.due(first.at) is None
    assert diary.missed(first.at + 1000) == []
    assert told(diary, first.at)[1] == {"netmon_bandwidth_decision_info": "clock"}
    diary.look(first.at, synchronised=True)
    assert not diary.told
    assert diary.due(first.at) == first


async def test_the_daemon_is_told_the_plan_at_once_and_tests_nothing_before_its_time():
    clock = FakeClock(now_ns=0, wall_offset_ns=round(MIDNIGHT * 1e9))
    settings = BandwidthSettings(peak_hours=["08:00-18:00"], peak_tests=4, off_peak_tests=0)
    probe = BandwidthProbe(sdk.Assignment("b", ("server",), 30.0, 20.0), settings)
    assert probe.due()
    await probe.open(make_context(clock=clock))
    (plan,) = await probe.read()
    assert plan.shape.measurement == sdk.BANDWIDTH_PLAN
    assert not probe.due()
    clock.advance(86_400)
    assert probe.due()
    *missed, plan = await probe.read()
    assert missed == []  # of yesterday nothing is told any more
    assert plan.columns[0] == (4,)


async def test_moments_that_passed_while_nobody_looked_are_events():
    clock = FakeClock(now_ns=0, wall_offset_ns=round(MIDNIGHT * 1e9))
    settings = BandwidthSettings(peak_hours=["08:00-18:00"], peak_tests=4, off_peak_tests=0)
    probe = BandwidthProbe(sdk.Assignment("b", ("server",), 30.0, 20.0), settings)
    assert probe.due()
    await probe.open(make_context(clock=clock))
    await probe.read()
    clock.advance(86_000)
    assert probe.due()
    *missed, plan = await probe.read()
    assert [event.data["decision"] for event in missed] == ["late"] * 4
    assert len({event.data["plan"]["stratum"] for event in missed}) == 4
    assert [column[0] for column in plan.columns[:3]] == [4, 0, 4]
