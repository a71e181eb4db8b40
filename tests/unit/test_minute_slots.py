"""Minutes on CLOCK_BOOTTIME: whatever is done to the wall clock, none is lost and none comes twice."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.model import Stamp
from netmon.verdict.slots import MINUTE_NS, Grid, stamp_of

START_MS = 1_800_000_000_000


def stamp(second, step_seconds=0.0):
    return Stamp("boot", round((1000 + second) * 1e9), START_MS + round((second + step_seconds) * 1000))


def minute_of(slot, now):
    return stamp_of(slot, now).wall_ms // 60_000


def ended(grid, *stamps):
    return [slot for now in stamps for slot in grid.ended(now, 5.0, 1000)]


def test_slots_are_the_full_minutes_of_utc():
    grid = Grid(stamp(17.5))
    slots = ended(grid, stamp(64.9), stamp(65.0), stamp(200.0))
    assert [(slot.start_ns, slot.seconds) for slot in slots] == [
        (1000 * 10**9, 60.0),
        (1060 * 10**9, 60.0),
        (1120 * 10**9, 60.0),
    ]
    assert stamp_of(slots[0], stamp(200.0)).wall_ms == START_MS + 30_000


@pytest.mark.parametrize("second", range(60))
def test_no_minute_is_stamped_before_the_boot(second):
    now = Stamp("boot", 15 * 10**9, START_MS + second * 1000)
    assert stamp_of(Grid(now).running, now).boottime_ns >= 0


def test_a_long_pause_is_told_a_piece_at_a_time():
    grid = Grid(stamp(0))
    assert [len(list(grid.ended(stamp(6000), 0.0, 30))) for _ in range(4)] == [30, 30, 30, 10]


@pytest.mark.parametrize("step", [3600, -3600, 315_360_000, -315_360_000, 30, -30, 1, -1, 29.9, 47.3, -0.2])
@pytest.mark.parametrize("at", [120.0, 133.0, 150.0, 179.9])
def test_a_step_of_the_clock_neither_loses_nor_doubles_a_minute(step, at):
    grid = Grid(stamp(0))
    before = ended(grid, *(stamp(second) for second in range(1, int(at))))
    after = ended(grid, *(stamp(at + second, step) for second in range(600)))
    slots, now = [*before, *after], stamp(at + 600, step)
    assert all(one.end_ns == other.start_ns for one, other in pairwise(slots))
    assert all(30 < slot.seconds <= 90 for slot in slots)
    # By the clock as it is believed at last, which is how the history tells an unsynchronised boot.
    minutes = [minute_of(slot, now) for slot in slots]
    assert minutes == list(range(minutes[0], minutes[0] + len(slots)))


@given(st.lists(st.tuples(st.floats(1, 400), st.floats(-1e9, 1e9)), max_size=8))
def test_any_number_of_steps_leaves_a_slot_for_each_minute(steps):
    grid, slots, second, off = Grid(stamp(0)), [], 0.0, 0.0
    for wait, step in steps:
        second, off = second + wait, off + step
        slots += ended(grid, stamp(second, off))
    slots += ended(grid, stamp(second + 200, off))
    assert all(one.end_ns == other.start_ns for one, other in pairwise(slots))
    lived = (slots[-1].end_ns - slots[0].start_ns) / MINUTE_NS
    assert abs(len(slots) - lived) <= 0.5 * (len(steps) + 1)


def test_a_second_start_within_a_minute_goes_on_after_what_was_told():
    grid = Grid(stamp(10))
    grid.begin_after(stamp(30).boottime_ns)
    assert grid.running.start_ns == 1060 * 10**9
