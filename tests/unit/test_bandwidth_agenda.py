"""When sites test: random, in each part of the day, never two behind one egress at once."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.hours import Hours, parse_hours
from probes.bandwidth.agenda import Fleet, Timetable, appointments, fleet_day, strata

WORK = parse_hours(["Mon-Fri 08:00-18:00"])
TABLE = Timetable("Europe/London", WORK, 6, 1, turn_seconds=75.0, late_seconds=15.0)
ALONE = Fleet("line", ("library",))
MONDAY = date(2026, 11, 23)
DST_DAYS = (date(2026, 3, 29), date(2026, 10, 25))


def local(appointment, zone="Europe/London"):
    return datetime.fromtimestamp(appointment.at, ZoneInfo(zone))


def fleets(count, egresses, **more):
    sites = [f"site-{number:03}" for number in range(count)]
    return [Fleet(f"egress-{at}", tuple(sites[at::egresses]), **more) for at in range(egresses)]


def days(count, first=MONDAY):
    return [first + timedelta(days=number) for number in range(count)]


def test_a_working_day_has_a_test_in_each_part_of_its_peak_hours_and_one_beside_them():
    found = appointments(TABLE, ALONE, "library", MONDAY)
    hours = [local(one).hour + local(one).minute / 60 for one in found if one.peak]
    assert [int((hour - 8) // (10 / 6)) for hour in hours] == [0, 1, 2, 3, 4, 5]
    (beside,) = (local(one) for one in found if not one.peak)
    assert not WORK.covers(beside)


def test_on_a_sunday_without_peak_hours_only_the_other_test_is_left():
    assert [one.stratum for one in appointments(TABLE, ALONE, "library", MONDAY - timedelta(days=1))] == [
        "off-peak 1"
    ]


def test_the_moments_are_random_and_everybody_finds_them_again():
    found = [appointments(TABLE, ALONE, "library", day)[0] for day in days(5)]
    assert len({one.at % 86_400 for one in found}) == 5
    assert found == [appointments(TABLE, ALONE, "library", day)[0] for day in days(5)]


def test_within_a_month_no_hour_of_the_peak_is_spared():
    hours = Counter(
        local(one).hour for day in days(30) for one in appointments(TABLE, ALONE, "library", day) if one.peak
    )
    assert set(hours) == set(range(8, 18))


@pytest.mark.parametrize(("day", "length"), [(DST_DAYS[0], 23), (DST_DAYS[1], 25), (MONDAY, 24)])
def test_days_on_which_clocks_are_set_are_covered_once(day, length):
    table = replace(TABLE, peak_hours=parse_hours(["00:30-03:30"]), peak=2)
    parts = strata(table, day)
    minutes = [minute for part in parts for minute in part.minutes]
    assert len(minutes) == len(set(minutes)) == length * 60
    peak = [minute for part in parts if part.peak for minute in part.minutes]
    assert len(peak) == (3 + length - 24) * 60  # the hour that is missing, or comes twice, lies in it
    assert {datetime.fromtimestamp(minute * 60, ZoneInfo("Europe/London")).date() for minute in minutes} == {
        day
    }


def of_fleet(fleet, all_days, table=TABLE):
    plans = [fleet_day(table, fleet, day) for day in all_days]
    return [(one, site) for plan in plans for site, made in plan.items() for one in made]


def overlaps(found, table=TABLE):
    """Return how many begin before the one before them must have ended."""
    begins = sorted(one.at for one, _ in found)
    return sum(later - sooner < table.turn_seconds for sooner, later in pairwise(begins))


def test_200_sites_on_3_egresses_never_meet_in_30_days():
    for fleet in fleets(200, 3):
        found = of_fleet(fleet, days(30))
        assert overlaps(found) == 0
        working = sum(day.weekday() < 5 for day in days(30))
        assert len(found) == len(fleet.sites) * (6 * working + 30)


def test_public_tests_stay_within_the_quota_of_their_egress_and_each_site_has_its_share():
    for fleet in fleets(200, 3, public_tests_per_day=40):
        found = of_fleet(fleet, days(30))
        assert max(Counter(one.day for one, _ in found).values()) <= 40
        assert len(found) == 30 * 40
        per_site = Counter(site for _, site in found)
        assert min(per_site[site] for site in fleet.sites) >= 0.7 * 30 * 40 / len(fleet.sites)
        assert overlaps(found) == 0


def test_more_sites_than_turns_take_turns():
    table = replace(TABLE, peak=1, off_peak=0, turn_seconds=3600.0)
    fleet = Fleet("hub", tuple(f"site-{number}" for number in range(25)))
    found = of_fleet(fleet, days(5), table)
    assert len(found) == 5 * 10
    assert max(Counter(site for _, site in found).values()) == 2
    assert overlaps(found, table) == 0


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 40), st.tuples(st.integers(1, 8), st.integers(0, 3)), st.sampled_from((30.0, 75.0, 700.0)),
    st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.sampled_from((None, 0, 3, 40)),
    st.sampled_from(("UTC", "Europe/London", "Australia/Lord_Howe", "America/Santiago")),
)  # fmt: skip
def test_no_fleet_on_any_day_anywhere_has_two_tests_at_once(sites, parts, turn, day, quota, timezone):
    table = Timetable(timezone, WORK, *parts, turn, 10.0)
    fleet = Fleet("hub", tuple(f"s{number}" for number in range(sites)), quota)
    found = of_fleet(fleet, [day, day + timedelta(days=1)], table)
    assert overlaps(found, table) == 0
    assert quota is None or max(Counter(one.day for one, _ in found).values(), default=0) <= quota
    for one, _ in found:
        assert local(one, timezone).date() == one.day
        assert WORK.covers(local(one, timezone)) is one.peak


def test_without_peak_hours_all_day_is_beside_them():
    table = replace(TABLE, peak_hours=Hours())
    assert [one.peak for one in appointments(table, ALONE, "library", MONDAY)] == [False]
