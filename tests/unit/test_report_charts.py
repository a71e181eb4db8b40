"""Charts say in words what they draw, and draw what is not known as not known."""

from dataclasses import replace
from datetime import date, timedelta

from fakes.report_pages import estate
from fakes.reports import full

from netmon.evidence.before_after import Conclusion
from netmon.evidence.reports.charts_estate import group_chart
from netmon.evidence.reports.charts_tests import dot_plot, round_trips
from netmon.evidence.reports.charts_time import effects, outage_strip
from netmon.evidence.reports.charts_use import heat_map, weekly
from netmon.evidence.reports.figure import Figure, Unit
from netmon.evidence.reports.series import DotClass, StripDay, StripRun, StripState, Week

SERIES = full().circuits[0].charts


def paths(chart):
    return {shape.kind: shape.path for shape in chart.shapes}


def test_an_hour_that_nobody_measured_is_struck_and_not_pale():
    drawn = paths(heat_map(SERIES.heat))
    assert drawn["missing"].count("M") == 1
    assert sum(path.count("M") for kind, path in drawn.items() if kind.startswith("heat")) == 167
    blank = heat_map([replace(cell, p95=None) for cell in SERIES.heat])
    assert blank.finding == "How full the line is, is not known."
    assert not any(kind.startswith("heat") for kind in paths(blank))


def test_full_hours_say_their_number_beside_their_colour():
    chart = heat_map(SERIES.heat)
    assert {word.text for word in chart.words if word.kind == "on-dark"} >= {"80", "88"}
    assert "Tuesday, 16:00 to 17:00: 88 %" in chart.finding
    assert [key.words for key in chart.key][-1] == "opening hours"


def test_a_week_without_measurements_is_a_gap_in_the_line_and_a_marked_place():
    weeks = [Week(date(2026, 3, 2) + timedelta(7 * n), s, 7) for n, s in enumerate((0.7, 0.9, None, 0.5))]
    chart = weekly(weeks)
    assert paths(chart)["blank"].count("M") == 1
    lines = [shape.path for shape in chart.shapes if shape.kind == "line"]
    assert len(lines) == 2
    assert chart.finding == (
        "50 % to 90 % of the contracted rate; 1 of 3 measured weeks reach the 80 % line."
        " 1 of 4 weeks are not known."
    )
    assert weekly([replace(week, busy_hour_p95=None) for week in weeks]).finding.endswith(
        "not known for all weeks."
    )


def test_each_class_of_test_has_a_shape_of_its_own_and_is_counted():
    chart = dot_plot("down", SERIES.dots, SERIES.marks)
    drawn = paths(chart)
    assert len({key.shape.path for key in chart.key if key.shape.kind in set(DotClass)}) == len(DotClass)
    assert set(drawn) == {"grid", "limit", "minimum", *DotClass}
    valid = [d for d in SERIES.dots if d.direction == "down" and d.kind in ("clean", "corrected")]
    assert f"{len(valid)} valid tests" in chart.finding
    assert sum("contracted from" in word.text for word in chart.words) == 2


def test_without_a_valid_test_the_rate_is_not_known():
    invalid = [replace(d, kind=DotClass.INVALID, bits_per_second=None) for d in SERIES.dots]
    chart = dot_plot("up", invalid, ())
    assert chart.finding == "No valid test: the rate is not known."
    assert list(paths(chart)) == ["grid", "invalid"]


def test_a_round_trip_that_is_not_known_is_not_drawn():
    idle = replace(SERIES.round_trips[0], p50=Figure(None, Unit.SECONDS), p95=Figure(None, Unit.SECONDS))
    chart = round_trips([idle])
    assert list(paths(chart)) == ["grid"]
    assert chart.finding == "idle: middle not known, p95 not known."


def test_states_of_minutes_differ_in_height_and_short_ones_can_be_seen():
    day = StripDay(
        date(2026, 3, 1), 1440,
        tuple(StripRun(n * 2, 2, state) for n, state in enumerate(StripState)),
    )  # fmt: skip
    chart = outage_strip([day])
    drawn = paths(chart)
    assert set(drawn) == {"grid", *StripState}
    assert "h1.2" in drawn["down"]
    assert chart.finding == "1 day: up 2 min, down 2 min, not known 2 min, excluded by contract 2 min."


def test_a_long_period_shows_the_days_on_which_something_was():
    def day(number, state, minutes):
        runs = (StripRun(0, minutes, state), StripRun(minutes, 1440 - minutes, StripState.UP))
        return StripDay(date(2026, 1, 1) + timedelta(number), 1440, runs)

    days = [day(number, StripState.UP, 9) for number in range(300)]
    days[31] = day(31, StripState.DOWN, 60)
    chart = outage_strip(days)
    assert chart.height < 40
    assert chart.finding.endswith("Not drawn: 299 days without anything but up.")
    assert chart.told == "Down on 1 day: 1 Feb 60 min."
    bad = [day(number, StripState.UNKNOWN, 1 + number % 100) for number in range(365)]
    assert "Not drawn: 303 days with less of it than those that are." in outage_strip(bad).finding


def test_a_strip_of_which_nothing_is_known_does_not_say_that_nothing_was_down():
    chart = outage_strip([StripDay(date(2026, 3, 1), 1440, (StripRun(0, 1440, StripState.UNKNOWN),))])
    assert chart.finding == "1 day: not known 1,440 min."
    assert chart.told == "No minute is proven down."


def test_what_is_better_is_to_the_right_also_where_less_is_better():
    row = full().circuits[0].upgrades[0].effects[0]
    place = {
        sign: paths(effects([row], {row.outcome: sign}, lambda _: ""))["point"].partition(" ")[0]
        for sign in (1, -1)
    }
    assert float(place[-1][1:]) > 120 > float(place[1][1:])
    unsure = effects([replace(row, conclusion=Conclusion.NOT_CONCLUSIVE)], {}, lambda _: "")
    assert "open" in paths(unsure)
    nothing = replace(row, change=Figure(None, Unit.CHANGE))
    assert "missing" in paths(effects([nothing], {}, lambda _: ""))


def test_a_group_counts_the_sites_of_which_nothing_is_known():
    row = estate().groups[0]
    chart = group_chart(row)
    blank = sum(point.busy_share is None for point in row.points)
    assert blank
    assert chart.finding.endswith(f"{blank} not known.")
    drawn = paths(chart)
    assert drawn["point"].count("M") + drawn["over"].count("M") == len(row.points) - blank
