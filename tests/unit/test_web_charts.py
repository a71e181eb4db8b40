"""Small charts: gaps stay gaps, and what the eye sees is said in words."""

import re

from hypothesis import given
from hypothesis import strategies as st

from netmon import wording as human
from netmon.web import charts

VALUES = st.lists(st.none() | st.floats(0, 1e12), min_size=1, max_size=72)


def test_a_gap_breaks_the_line():
    path = charts.line([1.0, 2.0, None, None, 2.0, 1.0], 2.0)
    assert path.count("M") == 2


def test_a_lone_value_is_a_short_dash():
    assert charts.line([None, 2.0, None], 2.0) == f"M2 {charts._INK}h2"


def test_a_level_stretch_is_one_step():
    assert charts.line([1.0] * 50, 1.0) == f"M1 {charts._INK}h98"


def test_nothing_known_is_no_chart():
    assert charts.chart([[None, None], [None, None]], human.bit_rate) is None


def test_a_window_without_an_answer_is_marked_from_top_to_bottom():
    assert charts.marks([1.0, 0.0, None, 0.9]) == "M2 24v-24h2v24zM6 24v-4h2v4z"


def test_the_words_of_a_chart_say_its_scale_and_its_losses():
    chart = charts.chart([[0.010, 0.012]], human.duration, success=[1.0, 0.5], period="6 h")
    assert chart.label == "last 6 h, highest 12 ms, losses in 1 of 2 windows"


def test_an_outage_of_all_windows_is_still_a_chart():
    chart = charts.chart([[None, None]], human.duration, success=[0.0, 0.0])
    assert chart.lines == ("",)
    assert "no answer" in chart.label


@given(VALUES, VALUES)
def test_a_path_is_digits_and_stays_within_its_box(first, second):
    chart = charts.chart([first, second], human.bit_rate)
    if chart is None:
        assert all(value is None for value in (*first, *second))
        return
    for path in (*chart.lines, *chart.areas):
        assert re.fullmatch(r"[MhlvVHz0-9 -]*", path)
        assert all(0 <= y <= charts.HEIGHT for y in absolute_heights(path))


def absolute_heights(path):
    y = 0
    for command, numbers in re.findall(r"([MhlVHz])([0-9 -]*)", path):
        parts = [int(number) for number in re.findall(r"-?\d+", numbers)]
        if command == "M":
            y = parts[1]
        elif command == "l":
            y += parts[1]
        elif command == "V":
            continue
        yield y
