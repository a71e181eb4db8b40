"""`netmon plan`: bytes per circuit before the first one is sent."""

import json
from argparse import Namespace
from datetime import UTC, datetime

import pytest
from fakes.clock import FakeClock

from netmon.cli.plan import PlanCommand
from netmon.errors import UsageError

CONFIG = """
[site]
id = "library-12"
timezone = "Europe/London"
[[circuit]]
id = "wan1"
down = "80Mbit/s"
up = "20Mbit/s"
cap = "{cap}"
reserve = "100MB"
source = "192.0.2.10"
quiet_hours = ["Mon-Fri 12:00-13:00"]
[[circuit]]
id = "lte"
source = "192.0.2.11"
metered = true
cap = "500MB"
[[probe]]
name = "throughput"
type = "bandwidth"
targets = ["192.0.2.1"]
circuit = "wan1"
every = "30s"
settings = {{ method = "http", max_bytes = "50MB" }}
[[probe]]
name = "mobile"
type = "bandwidth"
targets = ["192.0.2.1"]
circuit = "lte"
every = "30s"
settings = {{ method = "ndt7" }}
[[probe]]
name = "every-hour"
type = "bandwidth"
targets = ["192.0.2.1"]
circuit = "lte"
every = "1h"
settings = {{ method = "trains", max_bytes = "2MB", peak_tests = 0, off_peak_tests = 0, directions = "down" }}
[[probe]]
type = "icmp"
targets = ["192.0.2.1"]
"""
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
HEAVY_BYTES = round((80e6 + 20e6) / 8 * 0.8)


def planned(tmp_path, capsys, cap="5GB", days=7, as_json=True):
    path = tmp_path / "netmon.toml"
    path.write_text(CONFIG.format(cap=cap))
    command = PlanCommand({}, FakeClock(wall_ns=round(MONDAY.timestamp() * 1e9)))
    code = command.run(Namespace(config=path, json=as_json, days=days))
    return code, capsys.readouterr().out


def test_a_week_has_its_tests_and_its_bytes_and_says_what_will_not_take_place(tmp_path, capsys):
    code, out = planned(tmp_path, capsys)
    bills = {one["probe"]: one for one in json.loads(out)["bills"]}
    assert code == 0
    heavy = bills["throughput"]
    assert heavy["tests"] + heavy["forbidden"].get("quiet_hours", 0) == 5 * 6 + 7
    assert heavy["usual_bytes"] == heavy["tests"] * HEAVY_BYTES
    assert heavy["most_bytes"] == heavy["tests"] * 100_000_000
    assert heavy["next"] == sorted(heavy["next"])
    assert (bills["mobile"]["tests"], bills["mobile"]["forbidden"]) == (0, {"metered": 5 * 6 + 7})
    assert bills["every-hour"]["usual_bytes"] == 7 * 24 * 600_000
    assert set(bills) == {"throughput", "mobile", "every-hour"}


def test_what_a_cap_cannot_hold_is_told_before(tmp_path, capsys):
    code, out = planned(tmp_path, capsys, cap="300MB", as_json=False)
    assert code == 1
    assert "circuit wan1: more than its cap allows" in out
    assert "circuit lte, probe mobile" in out


def test_a_cap_of_a_month_is_compared_with_a_month_however_long_the_plan(tmp_path, capsys):
    assert planned(tmp_path, capsys, cap="2500MB", days=30)[0] == 0
    assert planned(tmp_path, capsys, cap="2500MB", days=120)[0] == 0


@pytest.mark.parametrize("days", [0, 367, 10**12])
def test_a_plan_has_a_year_at_most(tmp_path, capsys, days):
    with pytest.raises(UsageError):
        planned(tmp_path, capsys, days=days)


@pytest.mark.parametrize("days", [1, 30])
def test_the_plan_is_the_same_each_time_it_is_asked_for(tmp_path, capsys, days):
    assert planned(tmp_path, capsys, days=days) == planned(tmp_path, capsys, days=days)
