"""What the history and the calendar hear of the clock."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from fakes.store_clock import HandClock

from netmon.app.timekeeping import Timekeeping
from netmon.hub import Hub
from netmon.model import Retention
from netmon.schedule.calendar import Calendar


class Collector:
    """A subscriber that keeps what it is given."""

    def __init__(self):
        self.records = []

    def accept(self, records):
        self.records += records


def kept(clock, calendar=None):
    collector = Collector()
    timekeeping = Timekeeping(Hub((collector,)), clock, calendar or Calendar(clock))
    timekeeping.site = "lib"
    return timekeeping, collector.records


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (10_800, "the clock was set forward by 3 h"),
        (-3600, "the clock was set back by 1 h"),
        (0.75, "the clock was set forward by 750 ms"),
        (-2, "the clock was set back by 2 s"),
        (30 * 86_400, "the clock was set forward by 30 d"),
    ],
)
def test_a_step_is_evidence_with_its_size_and_bears_the_new_time(seconds, words):
    clock = HandClock()
    timekeeping, records = kept(clock)
    clock.step(seconds)
    timekeeping.watch.look()
    (event,) = records
    assert (event.kind, event.text, event.key) == ("clock_step", words, (("site", "lib"),))
    assert (event.data, event.stamp) == ({"seconds": seconds, "synchronised": True}, clock.stamp())
    assert event.retention is Retention.EVIDENCE


def test_the_first_time_that_can_be_trusted_is_an_event_and_its_loss_is_one():
    clock = HandClock(synced=False)
    timekeeping, records = kept(clock)
    for synced in (True, True, False):
        clock.synced = synced
        timekeeping.watch.look()
    assert [(event.kind, event.text, event.data) for event in records] == [
        ("clock_synchronised", "the clock is synchronised", {"synchronised": True}),
        ("clock_synchronised", "the clock is no longer synchronised", {"synchronised": False}),
    ]


async def test_after_a_step_calendar_jobs_are_armed_from_the_new_time():
    clock = HandClock()
    calendar = Calendar(clock)
    calendar.add("nightly", "10 3 * * *", asyncio.Event().wait)
    timekeeping, _ = kept(clock, calendar)
    clock.step(3650 * 86_400)
    timekeeping.watch.look()  # before the calendar runs there is nothing to arm
    task = asyncio.create_task(calendar.run())
    await asyncio.sleep(0)
    clock.step(-7300 * 86_400)
    timekeeping.watch.look()
    now = datetime.fromtimestamp(clock.wall_ns() / 1e9, UTC)
    assert timedelta(0) < calendar.next_runs()["nightly"] - now <= timedelta(days=1)
    task.cancel()
    await asyncio.wait([task])
