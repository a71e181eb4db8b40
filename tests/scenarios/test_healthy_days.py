"""Healthy days wake nobody. `NETMON_HEALTHY_HOURS=168` lives a week, as does the bench `alert_scenarios`."""

import os

from fakes.healthy_site import live, told

HOURS = int(os.environ.get("NETMON_HEALTHY_HOURS", "6"))


def test_a_healthy_day_with_noise_tests_restarts_and_clocks_that_are_set_has_no_incident():
    stage = live(HOURS)
    assert stage.minutes.grid.running.start_ns > HOURS * 3500 * 10**9
    assert told(stage, HOURS) == ([], {"netmon/lib/site/-/access"}), "nothing, until the line is cut"
