"""A clock that is set, or synchronised, is noticed at once; one that is only slewed is left in peace."""

import asyncio
import select
from contextlib import asynccontextmanager, closing

import pytest
from fakes.alarm import HandAlarm
from fakes.clock import FakeClock, run
from fakes.store_clock import HandClock

from netmon.kernel_clock import StepAlarm
from netmon.schedule.clock_watch import ClockWatch


class Heard:
    """What a watch has told."""

    def __init__(self, watch):
        self.jumps, self.steps, self.turns, self.step = 0, [], [], asyncio.Event()
        watch.on_jump, watch.on_step = self._jumped, self._stepped
        watch.on_synchronised = lambda synchronised, _stamp: self.turns.append(synchronised)

    def _jumped(self):
        self.jumps += 1

    def _stepped(self, seconds, stamp):
        self.steps.append((round(seconds, 3), stamp))
        self.step.set()


class SleepyClock(HandClock):
    """CLOCK_BOOTTIME goes on in suspend, and so does the time on the wall; CLOCK_MONOTONIC does not."""

    slept = 0.0

    def boottime_ns(self):
        return super().boottime_ns() + round(self.slept * 1e9)

    def sleep(self, seconds):
        self.slept += seconds
        self.step(seconds)


@asynccontextmanager
async def watching(clock):
    alarm = HandAlarm()
    watch = ClockWatch(clock, lambda: alarm)
    task = asyncio.create_task(watch.run())
    await asyncio.sleep(0)
    yield watch, Heard(watch), alarm
    task.cancel()
    await asyncio.wait([task])


@pytest.mark.parametrize("seconds", [3600, -3600, 30 * 86_400, -30 * 86_400, 3653 * 86_400, -3653 * 86_400])
async def test_a_step_is_told_when_the_kernel_says_so_not_at_the_next_look(seconds):
    clock = HandClock()
    async with watching(clock) as (watch, heard, alarm):
        clock.step(seconds)
        alarm.ring()
        async with asyncio.timeout(0.5):  # half of the time between two looks
            await heard.step.wait()
        ((size, stamp),) = heard.steps
        assert (size, stamp.wall_ms, heard.jumps) == (seconds, clock.wall_ns() // 1_000_000, 1)
        assert (watch.steps_total, alarm.acknowledged) == (1, 1)


def test_without_an_alarm_a_step_is_seen_within_a_second():
    def none():
        raise OSError("no timerfd here")

    async def story():
        clock = FakeClock()
        watch = ClockWatch(clock, none)
        heard = Heard(watch)
        task = asyncio.create_task(watch.run())
        clock.step(-7200)
        await asyncio.sleep(1.1)
        task.cancel()
        await asyncio.wait([task])
        return heard.steps

    ((size, _),) = run(story())
    assert size == -7200


def test_small_moves_are_no_steps_and_do_not_add_up():
    clock = HandClock()
    watch = ClockWatch(clock)
    heard = Heard(watch)
    for _ in range(100):
        clock.step(0.4)
        watch.look()
    assert (heard.steps, heard.jumps, watch.steps_total) == ([], 0, 0)


def test_a_machine_that_slept_arms_its_calendar_again_but_its_clock_was_not_set():
    clock = SleepyClock()
    watch = ClockWatch(clock)
    heard = Heard(watch)
    clock.sleep(8 * 3600)
    watch.look()
    assert (heard.jumps, heard.steps) == (1, [])


def test_synchronisation_is_told_when_it_changes_with_the_time_that_it_brought():
    clock = HandClock(synced=False)
    watch = ClockWatch(clock)
    heard = Heard(watch)
    watch.look()
    clock.step(10_800)
    clock.synced = True
    watch.look()
    watch.look()
    clock.synced = False
    watch.look()
    ((size, stamp),) = heard.steps
    assert (size, stamp.synced, heard.turns) == (10_800, True, [True, False])


def test_the_kernels_own_alarm_stays_quiet_while_nobody_sets_the_clock():
    with closing(StepAlarm()) as alarm:
        assert select.select([alarm], [], [], 0.05)[0] == []
        alarm.acknowledge()
        assert select.select([alarm], [], [], 0)[0] == []
