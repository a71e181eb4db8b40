"""Restart or wrap: what a change of sysUpTime means."""

import pytest

from collectors.snmp.uptime import EngineAge, Uptime, restarted

WRAP = 2**32


@pytest.mark.parametrize(
    ("before", "after", "elapsed", "expected"),
    [
        pytest.param(100_000, 103_000, 30, False, id="goes on"),
        pytest.param(100_000, 500, 30, True, id="fell"),
        pytest.param(1_000, 500, 30, True, id="fell just after another restart"),
        pytest.param(WRAP - 1_000, 2_000, 30, False, id="wrapped after 497 days"),
        pytest.param(WRAP - 100_000_000, 500, 30, True, id="fell far from the wrap"),
        pytest.param(1_000, 200_000, 3_600, True, id="grew, but has been up for half of the time only"),
        pytest.param(1_000, 358_000, 3_600, False, id="a clock that runs one percent slow"),
        pytest.param(WRAP - 1_000, 60_000, 3_600, True, id="fell beside where the wrap would land"),
    ],
)
def test_sys_up_time_alone(before, after, elapsed, expected):
    assert restarted(Uptime(before, 1000.0), Uptime(after, 1000.0 + elapsed)) is expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(EngineAge(7, 49_000_000), EngineAge(7, 49_000_030), False, id="engine goes on"),
        pytest.param(EngineAge(7, 900), EngineAge(8, 5), True, id="boots counted up"),
        pytest.param(EngineAge(7, 900), EngineAge(1, 5), True, id="boots fell"),
        pytest.param(EngineAge(1, 900), EngineAge(1, 5), True, id="a device that cannot count its boots"),
    ],
)
def test_the_engines_age_decides_where_it_is_offered(before, after, expected):
    fell = Uptime(500_000, 1000.0, before), Uptime(100, 1030.0, after)
    assert restarted(*fell) is expected
