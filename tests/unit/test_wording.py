"""Numbers on the pages: units people read, and a word for what is not known."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from netmon import wording as human

NOW = datetime(2025, 6, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (human.bit_rate, 0, "0 bit/s"),
        (human.bit_rate, 93_400_000, "93.4 Mbit/s"),
        (human.bit_rate, 999_999, "1.00 Mbit/s"),
        (human.bit_rate, 1e9, "1 Gbit/s"),
        (human.size, 1_240_000_000, "1.24 GB"),
        (human.duration, 0.00041, "0.41 ms"),
        (human.duration, 0.0123, "12.3 ms"),
        (human.duration, 1.5, "1.50 s"),
        (human.span, 0.2, "0 s"),
        (human.span, 75, "1 min 15 s"),
        (human.span, 1510, "25 min"),
        (human.span, 7500, "2 h 5 min"),
        (human.span, 3600, "1 h"),
        (human.span, 41 * 86_400 + 7200, "41 d 2 h"),
        (human.share, 0.374, "37 %"),
        (human.share, 0.0374, "3.7 %"),
        (human.share, 0, "0 %"),
        (human.frequency, 0, "0"),
        (human.frequency, 12.5, "12.5/s"),
        (human.frequency, 0.001, "3.60/h"),
        (human.frequency, 0.00001, "under 1/h"),
        (human.count, 1_204_332, "1,204,332"),
    ],
)
def test_a_number_is_written_with_the_unit_that_people_use(write, value, text):
    assert write(value) == text


@pytest.mark.parametrize(
    "write",
    [human.bit_rate, human.size, human.duration, human.span, human.share, human.frequency, human.count],
    ids=lambda write: write.__name__,
)
def test_what_is_not_known_is_a_word(write):
    assert write(None) == "not known"


def test_a_moment_of_another_day_carries_its_date():
    assert human.moment(NOW - timedelta(minutes=1), NOW) == "11:59:00"
    assert human.moment(NOW - timedelta(days=1), NOW) == "31 May 12:00"
    assert human.moment(NOW - timedelta(days=400), NOW) == "27 Apr 2024 12:00"
    assert human.moment(None, NOW) == "not known"


def test_a_moment_is_shown_in_the_time_zone_of_the_page():
    there = NOW.astimezone(timezone(timedelta(hours=2)))
    assert human.moment(NOW, there) == "14:00:00"


def test_times_of_the_api_are_utc_with_a_z():
    there = datetime(2025, 6, 1, 14, 0, 0, 250_000, tzinfo=timezone(timedelta(hours=2)))
    assert human.rfc3339(there) == "2025-06-01T12:00:00.250Z"
