"""Queueing by direction, from clocks that are off, drift, and are set."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.stamp_delay import Delay, DelayWindow, above_floor, agreed_drift, lower_hull, quantile, slope_at

MS, SECOND = 1_000_000, 1_000_000_000
PATH_NS = (5 * MS, 12 * MS)


class Path:
    """Packets over a path with a far clock that is `offset` ahead and gains `drift`."""

    def __init__(self, offset_ns=0, drift=0.0, seed=1):
        self.offset_ns, self.drift, self.random = offset_ns, drift, Random(seed)
        self.now_ns = 1_000 * SECOND

    def train(self, packets, wait=lambda _at_ns: 0.0, spacing_ns=10 * MS, jitter_ns=0.0):
        """Return delays and the true queueing (s) forward; `wait` gives it (ns), jitter is on both ways."""
        delays, true = [], []
        for _ in range(packets):
            ahead_ns = self.offset_ns + round(self.drift * (self.now_ns - 1_000 * SECOND))
            jitters = [self.random.expovariate(1 / jitter_ns) if jitter_ns else 0.0 for _ in PATH_NS]
            waited = wait(self.now_ns) + jitters[0]
            true.append(waited / 1e9)
            forward = PATH_NS[0] + round(waited) + ahead_ns
            delays.append(Delay(self.now_ns, forward, PATH_NS[1] + round(jitters[1]) - ahead_ns))
            self.now_ns += spacing_ns
        return delays, true


def worst_error(found, true):
    assert len(found) == len(true)
    return max(abs(one - other) for one, other in zip(found, true, strict=True))


@pytest.mark.parametrize(
    "offset_ns", [0, 3 * SECOND, -315_360_000 * SECOND], ids=["none", "3 s", "-10 years"]
)
def test_queueing_does_not_depend_on_how_far_the_clocks_are_apart(offset_ns):
    delays, true = Path(offset_ns).train(100, wait=lambda at_ns: at_ns % (7 * MS))
    found = DelayWindow().add(delays)
    assert worst_error(found.forward, [one - min(true) for one in true]) < 1e-9
    assert max(found.backward) < 1e-9


@pytest.mark.parametrize("drift", [20e-6, -20e-6, 100e-6])
def test_a_drift_is_found_in_both_directions_and_removed(drift):
    path, window = Path(-SECOND, drift), DelayWindow()
    for _ in range(12):
        delays, true = path.train(100, jitter_ns=2 * MS)
        found = window.add(delays)
        path.now_ns += 9 * SECOND
    assert found.known_drift_ratio == pytest.approx(drift, abs=1e-6)
    assert worst_error(found.forward, true) < 50e-6


def test_a_drift_is_not_told_before_a_minute_is_over_and_jitter_is_not_taken_for_one():
    found = DelayWindow().add(Path().train(10, jitter_ns=5 * MS, spacing_ns=50 * MS)[0])
    assert abs(found.drift_ratio) <= 100e-6
    assert found.known_drift_ratio is None


def test_a_queue_that_grows_in_one_direction_is_no_drift():
    path = Path()
    start_ns = path.now_ns
    delays, true = path.train(200, wait=lambda at_ns: (at_ns - start_ns) * 100e-6, spacing_ns=50 * MS)
    found = DelayWindow().add(delays)
    assert found.drift_ratio == 0.0
    assert worst_error(found.forward, true) < 1e-6


def test_a_standing_queue_is_seen_against_the_minutes_before():
    path, window = Path(3 * SECOND, 10e-6), DelayWindow()
    for _ in range(6):
        window.add(path.train(20)[0])
        path.now_ns += 10 * SECOND
    delays, true = path.train(20, wait=lambda _at_ns: 40 * MS)
    assert worst_error(window.add(delays).forward, true) < 50e-6


@pytest.mark.parametrize("step_ns", [SECOND, -3600 * SECOND, 2 * MS], ids=["second", "hour back", "2 ms"])
def test_a_clock_that_is_set_between_two_trains_begins_a_new_window(step_ns):
    path, window = Path(), DelayWindow()
    window.add(path.train(20)[0])
    path.offset_ns += step_ns
    found = window.add(path.train(20)[0])
    assert max(*found.forward, *found.backward) < 1e-6
    assert found.window_seconds < 1


def test_a_clock_that_is_set_amid_a_train_leaves_what_came_after():
    path, window = Path(), DelayWindow()
    before = path.train(7)[0]
    path.offset_ns += 5 * MS
    found = window.add(before + path.train(13)[0])
    assert len(found.forward) == 13
    assert max(*found.forward, *found.backward) < 1e-6


def test_a_queue_of_seconds_is_not_mistaken_for_a_clock_that_was_set():
    path, window = Path(), DelayWindow()
    window.add(path.train(20)[0])
    delays, true = path.train(20, wait=lambda _at_ns: 2 * SECOND)
    assert worst_error(window.add(delays).forward, true) < 1e-6


def test_what_is_older_than_ten_minutes_is_forgotten():
    path, window = Path(), DelayWindow()
    window.add(path.train(20)[0])
    path.now_ns += 700 * SECOND
    found = window.add(path.train(20, wait=lambda _at_ns: 9 * MS)[0])
    assert max(found.forward) < 1e-6


def test_a_train_without_delays_says_nothing():
    assert DelayWindow().add([]) is None


def test_one_packet_waited_for_nobody_knows_more_than_zero():
    found = DelayWindow().add(Path().train(1)[0])
    assert (found.forward, found.backward, found.drift_ratio) == ((0.0,), (0.0,), 0.0)


POINTS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(-(10**12), 10**12)), min_size=1, max_size=40)


@given(POINTS)
def test_no_point_lies_below_the_hull(points):
    points.sort()
    hull = lower_hull(points)
    assert set(hull) <= set(points)
    for (left, low), (right, high) in pairwise(hull):
        for at, value in points:
            if left <= at <= right:
                assert (value - low) * (right - left) >= (high - low) * (at - left)


@given(POINTS, st.integers(-100, 100))
def test_the_hull_is_enough_to_find_the_floor_under_any_slope(points, slope):
    points.sort()
    heights = above_floor(points, lower_hull(points), slope)
    assert min(heights) == 0


def test_the_slope_is_that_of_the_edge_over_the_moment():
    hull = ((0, 0), (10, 5), (20, 30))
    assert (slope_at(hull, 4), slope_at(hull, 15), slope_at(hull[:1], 4)) == (0.5, 2.5, 0.0)


@pytest.mark.parametrize(
    ("forward", "backward", "drift"),
    [(2e-5, 1e-5, 1e-5), (-1e-5, -3e-5, -1e-5), (1e-5, -1e-5, 0.0), (1e-2, 1e-2, 500e-6), (0.0, 1e-5, 0.0)],
    ids=["ahead", "behind", "contradiction", "impossible", "only one"],
)
def test_a_drift_is_what_both_directions_agree_on(forward, backward, drift):
    assert agreed_drift(forward, backward, 500e-6) == drift


def test_a_quantile_is_a_value_that_was_measured():
    assert [quantile([1.0, 2.0, 3.0, 4.0], share) for share in (0.0, 0.5, 0.75, 0.99)] == [1.0, 2.0, 3.0, 4.0]
    assert quantile([], 0.5) is None
