from fakes.records import OCTETS, SECONDS, reading, shape
from hypothesis import given
from hypothesis import strategies as st

from netmon.model import Kind, Metric, Outcome, Reading, Stamp, info
from netmon.store.rollup import roll_up
from netmon.store.statistics import percentile

MINUTE = 60_000


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=30), st.floats(0.01, 1.0))
def test_a_percentile_is_the_least_value_with_that_share_at_or_below_it(values, share):
    found = percentile(sorted(values), share)
    below = [value for value in values if value <= found]
    less = [value for value in values if value < found]
    assert len(below) >= share * len(values) - 1e-9
    assert len(less) < share * len(values) + 1e-9


def test_each_window_has_its_own_statistics_aligned_to_utc():
    of = shape()
    readings = [reading(of, second, [float(second)]) for second in range(0, 120, 10)]
    first, second = roll_up(readings, MINUTE)
    assert (first.n, first.minimum, first.maximum, first.mean) == (6, 0.0, 50.0, 25.0)
    assert (first.p50, first.p95, first.p99) == (20.0, 50.0, 50.0)
    assert second.start_ms == first.start_ms + MINUTE
    assert first.start_ms % MINUTE == 0


def test_what_is_not_known_does_not_count():
    of = shape()
    (found,) = roll_up([reading(of, 0, [None]), reading(of, 10, [0.5]), reading(of, 20, [None])], MINUTE)
    assert (found.n, found.mean) == (1, 0.5)
    (nothing,) = roll_up([reading(of, 0, [None])], MINUTE)
    assert (nothing.n, nothing.minimum, nothing.mean, nothing.p99) == (0, None, None, None)


def test_counters_become_rates_between_neighbours():
    of = shape(metrics=(OCTETS,))
    counts = [(0, 100), (10, 1100), (20, None), (30, 3100)]
    (found,) = roll_up([reading(of, second, [value]) for second, value in counts], MINUTE)
    assert (found.n, found.minimum, found.maximum) == (2, 100.0, 100.0)


def test_counters_of_fractions_keep_them():
    seconds = Metric("netmon_host_cpu_seconds_total", "Seconds of CPU.", Kind.COUNTER)
    of = shape(metrics=(seconds,))
    readings = [reading(of, second, [0.5 + second * 0.02]) for second in range(0, 60, 10)]
    (found,) = roll_up(readings, MINUTE)
    assert (found.n, round(found.minimum, 9), round(found.maximum, 9)) == (5, 0.02, 0.02)


def test_counters_of_whole_numbers_stay_exact_beyond_what_a_float_can_tell():
    of = shape(metrics=(OCTETS,))
    (found,) = roll_up([reading(of, 0, [2**63]), reading(of, 1, [2**63 + 1])], MINUTE)
    assert found.mean == 1.0


def test_no_rate_is_taken_across_a_discontinuity():
    of = shape(metrics=(OCTETS,))
    (found,) = roll_up([reading(of, 0, [100]), reading(of, 10, [900], epoch=1)], MINUTE)
    assert found.n == 0


def test_boots_are_connected_by_wall_time_only_when_it_is_true():
    of = shape(metrics=(OCTETS,))
    before = reading(of, 0, [100])

    def rebooted(*, synced):
        stamp = Stamp("boot-2", 5, before.stamp.wall_ms + 10_000, synced)
        return Reading(of, stamp, ([600],), (Outcome.OK,), (0,))

    (known,) = roll_up([before, rebooted(synced=True)], MINUTE)
    (unknown,) = roll_up([before, rebooted(synced=False)], MINUTE)
    assert (known.mean, unknown.mean) == (50.0, None)


def test_only_the_rows_and_metrics_asked_for_are_rolled_up():
    of = shape(metrics=(OCTETS, SECONDS, info("alias", "Text.")), rows=("a", "b"))
    readings = [reading(of, second, [1, 2], [0.1, 0.2], [1, 1]) for second in (0, 10)]
    everything = [(dict(one.key)["target"], one.metric.name) for one in roll_up(readings, MINUTE)]
    assert len(everything) == 4
    (one,) = roll_up(readings, MINUTE, (("target", "b"),), [SECONDS.name])
    assert (dict(one.key)["target"], one.p50) == ("b", 0.2)
