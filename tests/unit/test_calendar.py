"""Calendar jobs, whatever happens to the clock."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from fakes.clock import FakeClock

from netmon.schedule.calendar import Calendar, _NoReplay


@pytest.mark.parametrize("gap", [timedelta(days=30), timedelta(days=3650), timedelta(days=-3650)])
def test_a_gap_is_never_replayed(gap):
    trigger = _NoReplay.from_crontab("* * * * *", timezone="UTC")
    now = datetime(2026, 6, 1, 12, 0, 30, tzinfo=UTC)
    assert trigger.get_next_fire_time(now - gap, now) == datetime(2026, 6, 1, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(datetime(2026, 3, 28, 0, 30, tzinfo=UTC), id="the hour that does not exist"),
        pytest.param(datetime(2026, 10, 24, 0, 10, tzinfo=UTC), id="the hour that comes twice"),
    ],
)
def test_daylight_saving_neither_stops_nor_doubles_a_daily_job(start):
    trigger = _NoReplay.from_crontab("30 1 * * *", timezone="Europe/London")
    runs = [trigger.get_next_fire_time(None, start)]
    while len(runs) < 4:
        runs.append(trigger.get_next_fire_time(runs[-1], runs[-1].astimezone(UTC) + timedelta(seconds=1)))
    days = [run.date() for run in runs]
    assert days == [days[0] + timedelta(days=n) for n in range(4)]


async def test_after_a_step_of_the_clock_jobs_are_armed_from_the_new_time():
    clock = FakeClock()
    calendar = Calendar(clock)
    ran = asyncio.Event()

    async def job():
        ran.set()

    calendar.add("nightly", "10 3 * * *", job)
    task = asyncio.create_task(calendar.run())
    await asyncio.sleep(0)
    clock.step(-86_400 * 365)
    calendar.rearm()
    due = calendar.next_runs()["nightly"]
    now = datetime.fromtimestamp(clock.wall_ns() / 1e9, UTC)
    assert timedelta(0) < due - now <= timedelta(days=1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
