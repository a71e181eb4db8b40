"""Jobs at fixed intervals, in virtual time."""

import asyncio
import itertools

import pytest
from fakes import clock as fake_time

from netmon.schedule.ticker import Job, Ticker, phase_seconds


def play(seconds, *jobs, script=None, step=None):
    """Run jobs for some virtual seconds and return the jobs' states."""

    async def go():
        clock = fake_time.FakeClock()
        async with Ticker(clock) as ticker:
            for job in jobs:
                ticker.add(job(clock))
            if script is not None:
                await script(ticker, clock)
            if step is not None:
                await asyncio.sleep(seconds / 2)
                clock.step(step)
            await asyncio.sleep(seconds / (1 if step is None else 2))
            return ticker.states

    return fake_time.run(go())


def noting(times, name="job", every=10.0, takes=0.0, burst=""):
    def make(clock):
        async def run():
            times.append(clock.monotonic())
            await asyncio.sleep(takes)

        return Job(name, every, run, burst)

    return make


def test_a_job_runs_soon_after_the_start_and_then_once_an_interval():
    times = []
    play(100, noting(times))
    assert times[0] <= 1.0
    assert 10 <= len(times) <= 12
    assert {round(b - a, 3) for a, b in itertools.pairwise(times[1:])} == {10.0}


@pytest.mark.parametrize("step", [3600.0, -3600.0, 315_360_000.0, -315_360_000.0])
def test_a_step_of_the_wall_clock_changes_nothing(step):
    times = []
    play(100, noting(times), step=step)
    assert max(b - a for a, b in itertools.pairwise(times)) <= 10.001


def test_a_job_that_takes_too_long_is_never_run_twice_at_once_and_its_lost_slots_are_counted():
    times = []
    (state,) = play(100, noting(times, takes=25.0))
    assert min(b - a for a, b in itertools.pairwise(times)) >= 25
    assert state.overruns_total >= 2


def test_jobs_of_one_burst_run_together_and_others_apart():
    first, second, third = [], [], []
    play(
        100,
        noting(first, "a", burst="snmp"),
        noting(second, "b", burst="snmp"),
        noting(third, "c"),
    )
    assert first[2:] == pytest.approx(second[2:])
    assert first[2] != pytest.approx(third[2])


def test_the_phase_of_a_name_is_the_same_everywhere():
    assert phase_seconds("switch-1", 60) == phase_seconds("switch-1", 60)
    assert 0 <= phase_seconds("switch-1", 60) < 60


def test_run_now_runs_at_once_and_keeps_the_grid():
    times = []

    async def script(ticker, clock):
        await asyncio.sleep(12)
        assert ticker.run_now("job")
        assert not ticker.run_now("nobody")
        await asyncio.sleep(0.1)
        assert times[-1] == pytest.approx(clock.monotonic(), abs=0.2)

    play(50, noting(times), script=script)
    grid = [t for t in times[1:] if t != times[2]]
    assert {round((b - a) % 10, 2) for a, b in itertools.pairwise(grid)} <= {0.0, 10.0}


def test_a_removed_job_runs_no_more_and_its_name_is_free_again():
    times = []

    async def script(ticker, clock):
        await asyncio.sleep(5)
        await ticker.remove("job")
        times.clear()
        await asyncio.sleep(30)
        assert times == []
        ticker.add(noting(times)(clock))

    play(30, noting(times), script=script)
    assert times
