"""The machine's clocks, read together."""

import time

import pytest

from netmon.clock import SystemClock
from netmon.kernel_clock import kernel_clock

BEHIND_NS = 3 * 3600 * 10**9


class Machine(SystemClock):
    """Three hours behind, until it is set and synchronised before the n-th look at any of its clocks.

    A look takes 100 ns; those in `slow` take 400 ms, because something else has the processor.
    """

    def __init__(self, set_before, slow=()):
        super().__init__()
        self.looks, self.set_before, self.slow, self.now_ns = 0, set_before, slow, 10**12

    def _right(self):
        self.looks += 1
        self.now_ns += 400_000_000 if self.looks in self.slow else 100
        return self.looks >= self.set_before

    def boottime_ns(self):
        self._right()
        return self.now_ns

    def wall_ns(self):
        behind = 0 if self._right() else BEHIND_NS
        return self.now_ns - behind + 10**18

    def synchronised(self):
        return self._right()


def test_a_stamp_holds_the_clocks_of_one_moment():
    clock = SystemClock()
    before_ms = (time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)) / 1e6
    stamp = clock.stamp()
    assert abs(stamp.wall_ms - stamp.boottime_ns / 1e6 - before_ms) < 20
    assert stamp.synced is (kernel_clock().synchronised is not False)


@pytest.mark.parametrize("set_before", range(1, 8))
def test_a_clock_set_while_it_is_read_never_settles_an_offset_that_is_wrong(set_before):
    stamp = Machine(set_before).stamp()
    offset_ns = stamp.wall_ms * 10**6 - stamp.boottime_ns
    assert not stamp.synced or abs(offset_ns - 10**18) < 2_000_000


def test_a_reading_that_was_interrupted_is_taken_again():
    stamp = Machine(set_before=1, slow=(2, 3, 4, 7)).stamp()
    assert abs(stamp.wall_ms * 10**6 - stamp.boottime_ns - 10**18) < 2_000_000
