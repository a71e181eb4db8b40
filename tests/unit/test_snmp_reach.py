"""Timeouts follow what was measured; a device that stays dark is left alone, and looked at now and then."""

from collectors.snmp.peer import Patience
from collectors.snmp.reach import Reach


def poll(reach, now, *, answers):
    """One poll; returns how patiently the device was asked, None when it was not."""
    if not reach.begin(now):
        return None
    patience = reach.patience(3, now)
    if answers:
        reach.answered(0.01)
    else:
        reach.silent(now)
    return patience


def test_a_new_device_gets_the_usual_time():
    assert Reach(1.0).patience(3, 100.0) == Patience(1.0, 3)


def test_a_fast_device_gets_no_less_time_than_a_new_one():
    reach = Reach(1.0)
    for _ in range(20):
        reach.answered(0.001)
    assert reach.try_seconds == 1.0


def test_a_slow_device_gets_more_time_within_bounds():
    reach = Reach(1.0)
    reach.answered(0.9)
    assert 2.5 < reach.try_seconds < 3.0
    reach.answered(30.0)
    assert reach.try_seconds == 3.0


def test_an_answer_to_a_repeated_request_measures_nothing():
    reach = Reach(1.0)
    reach.answered(None)
    assert reach.try_seconds == 1.0


def test_silence_doubles_the_time_until_something_is_measured():
    reach = Reach(1.0)
    reach.silent(0.0)
    assert reach.try_seconds == 2.0
    reach.answered(0.001)
    assert reach.try_seconds == 1.0


def test_the_breaker_opens_after_three_dark_polls_and_lets_one_try_through_later():
    reach, now = Reach(1.0), 100.0
    assert poll(reach, now, answers=False) == Patience(1.0, 3)
    assert poll(reach, now + 1, answers=False) == Patience(0.5, 1)
    assert poll(reach, now + 2, answers=False) == Patience(0.5, 1)
    assert poll(reach, now + 3, answers=False) is None
    assert poll(reach, now + 11, answers=False) is None
    assert poll(reach, now + 13, answers=False) == Patience(1.0, 1)
    assert poll(reach, now + 14, answers=False) is None


def test_a_device_that_answers_again_is_treated_as_ever():
    reach = Reach(1.0)
    for second in range(3):
        poll(reach, second, answers=False)
    assert poll(reach, 20.0, answers=True) == Patience(1.0, 1)
    assert poll(reach, 20.1, answers=True).tries == 3


def test_many_silent_requests_of_one_poll_are_one_dark_poll():
    reach = Reach(1.0)
    reach.begin(0.0)
    for _ in range(5):
        reach.silent(0.0)
    assert reach.begin(1.0)
