"""Query parameters: read strictly, refused with what would be right."""

import json
from datetime import timedelta

import pytest

from netmon.web.arguments import Arguments, Period
from netmon.web.endpoints import EVENTS, READINGS, ROLLUPS, STATUS
from netmon.web.problem import Problem

HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
NOW_MS = 1_750_000_000_000


def arguments(endpoint=ROLLUPS, **query):
    given = {name.rstrip("_"): value if isinstance(value, list) else [value] for name, value in query.items()}
    return Arguments(
        {"measurement": ["icmp"], **given} if endpoint is not STATUS else given, endpoint.parameters
    )


def refusal(call):
    with pytest.raises(Problem) as refused:
        call()
    assert refused.value.status == 400
    return json.loads(refused.value.text)["detail"]


def test_without_times_the_period_ends_now():
    assert arguments().period(NOW_MS, HOUR, WEEK) == Period(NOW_MS - 3_600_000, NOW_MS)


@pytest.mark.parametrize(
    "text",
    ["2025-06-15T15:06:40Z", "2025-06-15T17:06:40+02:00", "2025-06-15T17:06:40 02:00", "20250615T150640Z"],
)
def test_a_time_may_have_any_zone_but_must_have_one(text):
    assert arguments(to=text).period(NOW_MS, HOUR, WEEK).end_ms == NOW_MS


@pytest.mark.parametrize(
    "text", ["yesterday", "2025-06-15T15:06:40", "2025-06-15", "9999-12-31T00:00:00Z", "1750000000"]
)
def test_a_time_that_is_none_is_refused_with_an_example(text):
    assert "such as 2025-01-31T12:00:00Z" in refusal(lambda: arguments(to=text).period(NOW_MS, HOUR, WEEK))


def test_a_period_that_is_too_long_or_turned_round_is_refused():
    detail = refusal(lambda: arguments(from_="2025-05-01T00:00:00Z").period(NOW_MS, HOUR, WEEK))
    assert detail == "from and to are 45 d 15 h apart; ask for 7 d at most, several times"
    later = {"from_": "2025-06-16T00:00:00Z"}
    assert refusal(lambda: arguments(**later).period(NOW_MS, HOUR, WEEK)) == "from is not before to"


def test_an_unknown_parameter_is_refused_with_the_nearest_name():
    assert refusal(lambda: arguments(mesurement="x")) == (
        "'mesurement' is not a parameter of this path; did you mean 'measurement'?"
    )
    assert refusal(lambda: arguments(STATUS, x="1")).endswith("there are none here")


def test_a_missing_measurement_is_named():
    assert refusal(lambda: Arguments({}, READINGS.parameters)).startswith("measurement is missing")


def test_labels_are_name_and_value_and_a_value_may_have_colons():
    assert arguments(key=["device:sw1", "target:https://x:1/"]).labels() == (
        ("device", "sw1"),
        ("target", "https://x:1/"),
    )
    assert "device:sw1" in refusal(lambda: arguments(key="device").labels())


@pytest.mark.parametrize("text", ["0", "-1", "5001", "ten", "1e3", "٣" * 400, "9" * 400])
def test_a_limit_beyond_reason_is_refused(text):
    assert "from 1 to 5000" in refusal(lambda: arguments(limit=text).limit(1000, 5000))


def test_a_window_is_a_duration():
    assert arguments(window="10m").seconds("window", "5m", 10) == 600
    assert arguments().seconds("window", "5m", 10) == 300
    assert "30s" in refusal(lambda: arguments(window="10").seconds("window", "5m", 10))
    assert "shorter than 10 s" in refusal(lambda: arguments(window="1s").seconds("window", "5m", 10))


def test_events_need_no_measurement():
    assert Arguments({}, EVENTS.parameters).text("kind") == ""
