"""Delay variation, jitter, loss with its certainty, call quality, and the minute of all that."""

import asyncio
import statistics

import pytest
from fakes.clock import FakeClock, run
from fakes.context import make_context
from hypothesis import given
from hypothesis import strategies as st

from netmon import sdk
from netmon.metrics.fragment import families
from probes import train_minute as minute
from probes.call_quality import CallQuality, call_opinion, call_quality, opinion, rating
from probes.delay_statistics import (
    ipdv_seconds,
    longest_loss_packets,
    loss_interval,
    pdv_seconds,
    percentile,
    rtt_jitter_seconds,
)
from probes.echo import Countdown, Echo
from probes.echo_probe import EchoProbe, TrainSettings
from probes.stamped_socket import Datagram
from probes.timestamping import Arrival, Departure

SERIES = st.lists(st.none() | st.floats(0.0001, 5.0), max_size=80)
MINUTE_NS = 60 * 10**9
WELL = dict.fromkeys(("a", "b", "c"), sdk.Outcome.OK)


def echo(seconds, duplicates=0):
    sent = Departure(0, 10**18, 10**18)
    found = Echo("192.0.2.1", b"", Countdown(), sent, duplicates=duplicates)
    if seconds is not None:
        taken_ns = round(seconds * 1e9)
        found.reply = Datagram(b"", "", 0, Arrival(taken_ns + 1, 10**18, 10**18 + taken_ns), 61)
    return found


def test_jitter_is_that_of_the_standard():
    assert rtt_jitter_seconds([10, 12, 11, 30, 10]) == pytest.approx(2.5212, abs=5e-5)


@pytest.mark.parametrize("series", [[], [0.01], [None, 0.01, None]])
def test_jitter_needs_two_packets(series):
    assert rtt_jitter_seconds(series) is None


def test_variation_between_neighbours_leaves_out_gaps():
    assert ipdv_seconds([0.010, 0.013, None, 0.020, 0.018]) == pytest.approx([0.003, 0.002])


def test_variation_above_the_fastest_has_one_value_for_each_packet():
    assert pdv_seconds([0.012, None, 0.010, 0.030]) == pytest.approx([0.002, 0.0, 0.020])


@pytest.mark.parametrize(
    ("ratio", "value"), [(0.0, 1), (0.5, 5), (0.95, 10), (0.99, 10), (0.9, 9), (1.0, 10)]
)
def test_percentiles_are_values_that_occurred(ratio, value):
    assert percentile([3, 1, 2, 10, 9, 8, 7, 6, 5, 4], ratio) == value


def test_no_values_have_no_percentile():
    assert percentile([], 0.5) is None


@pytest.mark.parametrize(
    ("lost", "sent", "low", "high"),
    [
        (0, 18, 0.0, 0.1759),
        (1, 18, 0.0099, 0.2576),
        (10, 100, 0.0552, 0.1744),
        (0, 0, 0.0, 1.0),
        (5, 5, 0.5655, 1.0),
    ],
)
def test_a_loss_has_bounds_that_hold_for_few_packets_too(lost, sent, low, high):
    assert loss_interval(lost, sent) == pytest.approx((low, high), abs=1e-4)


@given(st.integers(1, 5000), st.data())
def test_the_bounds_hold_the_ratio(sent, data):
    lost = data.draw(st.integers(0, sent))
    low, high = loss_interval(lost, sent)
    assert 0.0 <= low <= lost / sent <= high <= 1.0


def test_the_longest_loss_is_counted_in_packets():
    assert longest_loss_packets([None, 1, None, None, None, 2, None, None]) == 3
    assert longest_loss_packets([]) == 0


@pytest.mark.parametrize(
    ("one_way_seconds", "loss_ratio", "rated", "score"),
    [(0.050, 0.01, 88.36, 4.30), (0.250, 0.03, 69.06, 3.55), (0.0, 0.0, 93.2, 4.41)],
)
def test_opinions_are_those_of_the_recommendation(one_way_seconds, loss_ratio, rated, score):
    found = rating(one_way_seconds, loss_ratio)
    assert (found, opinion(found)) == (pytest.approx(rated, abs=0.01), pytest.approx(score, abs=0.01))


@given(st.floats(0, 10), st.floats(0, 5), st.floats(0, 1))
def test_no_call_is_better_than_the_best_or_worse_than_the_worst(rtt_seconds, jitter_seconds, loss_ratio):
    assert 1.0 <= call_opinion(rtt_seconds, jitter_seconds, loss_ratio) <= 4.41


@pytest.mark.parametrize(
    ("found", "quality"),
    [
        ((0.020, 0.002, 0.0, 0.0), CallQuality.GOOD),
        ((0.060, 0.002, 0.0, 0.0), CallQuality.FAIR),
        ((0.020, 0.002, 0.056, 0.0099), CallQuality.FAIR),
        ((0.020, 0.002, 0.1, 0.02), CallQuality.POOR),
        ((0.020, 0.030, 0.0, 0.0), CallQuality.POOR),
        ((0.100, 0.002, 0.0, 0.0), CallQuality.POOR),
    ],
    ids=["good", "far", "one of eighteen lost", "surely lossy", "jitter", "very far"],
)
def test_the_verdict_on_calls_needs_proof_of_loss(found, quality):
    assert call_quality(*found) is quality


@given(SERIES)
def test_a_minute_has_ordered_figures_whatever_came(series):
    values = minute.minute_values(series)
    delays = [delay for delay in series if delay is not None]
    assert (values[minute.SENT], values[minute.RECEIVED]) == (len(series), len(delays))
    order = [values.get(minute.RTT[name]) for name in ("min", "p50", "p95", "p99", "max")]
    if delays:
        assert order == sorted(order)
        assert order[1] == statistics.median_low(delays)
    else:
        assert order.count(None) == 5
    assert (minute.MOS in values) == (len(delays) > 1)


def stamp(ns):
    return sdk.Stamp("boot", ns, ns // 1_000_000)


def book(every_seconds=10.0):
    return minute.TrainBook(lambda target: (("target", target),), every_seconds)


def test_a_minute_is_published_with_its_last_train_and_then_begins_anew():
    kept = book()
    published = []
    for turn in range(12):
        kept.note("a", [echo(0.010), echo(None)])
        published.append(kept.readings(stamp(MINUTE_NS + turn * 10 * 10**9), WELL))
    assert [len(found) for found in published] == [0, 0, 0, 0, 0, 2] * 2
    (first, totals), (second, later) = published[5], published[11]
    assert [one.cell(0, minute.SENT) for one in (first, second)] == [12, 12]
    assert [one.cell(0, minute.REQUESTS) for one in (totals, later)] == [12, 24]
    assert (first.shape, totals.shape, totals.epochs) == (second.shape, later.shape, later.epochs)


class ScriptedProbe(EchoProbe[TrainSettings]):
    """Answers its one packet at once, without a network."""

    measurement, own_metrics, settings_type = "scripted", (), TrainSettings
    answers = True

    def endpoint(self, target):
        return target, 0

    def socket_for(self, _resolved):
        return None

    def figures(self, _resolved, _echoes, _known_ns):
        return sdk.Sample()

    async def measure(self, target):
        self._book.note(target, [echo(0.010 if self.answers else None)])
        return sdk.Sample(outcome=sdk.Outcome.OK if self.answers else sdk.Outcome.UNREACHABLE)


class DeadProbe(ScriptedProbe):
    answers = False


def trains(kind, phase_seconds=0.0, minutes=60):
    """Return what a probe published that runs every ten seconds."""

    async def go():
        clock = FakeClock()
        probe = kind(sdk.Assignment("a", ("127.0.0.1",), 10.0, 2.0), TrainSettings())
        await sdk.Probe.open(probe, make_context(clock=clock))
        found = []
        for turn in range(6 * minutes):
            due_ns = 100 * MINUTE_NS + round((phase_seconds + turn * 10) * 1e9)
            await asyncio.sleep((due_ns - clock.boottime_ns()) / 1e9)
            found += await probe.read()
        return found

    return run(go())


def test_no_row_of_a_dead_targets_minute_says_that_it_answers():
    found = trains(DeadProbe, minutes=3)
    assert {one.shape.measurement for one in found} == {"scripted", minute.MINUTE, minute.SMOKEPING}
    assert {outcome for one in found for outcome in one.outcomes} == {sdk.Outcome.UNREACHABLE}


@pytest.mark.parametrize("phase_seconds", [0.0, 9.0, 9.5, 9.9])
def test_a_train_that_begins_a_little_later_each_time_neither_doubles_nor_loses_a_minute(phase_seconds):
    found = [one for one in trains(ScriptedProbe, phase_seconds) if one.shape.measurement == minute.MINUTE]
    assert [one.stamp.boottime_ns // MINUTE_NS for one in found] == list(range(100, 160))
    assert {one.cell(0, minute.SENT) for one in found} == {6}


def test_a_minute_of_which_only_the_end_was_seen_is_not_published():
    kept = book()
    published = []
    for turn in range(9):
        kept.note("a", [echo(0.010)])
        published.append(len(kept.readings(stamp(MINUTE_NS + (turn + 3) * 10 * 10**9), WELL)))
    assert published == [0] * 8 + [2]
    assert kept.readings(stamp(3 * MINUTE_NS), WELL) == []


def test_losses_follow_from_the_histogram_as_its_readers_expect():
    kept = book(60.0)
    kept.note("a", [echo(0.010, duplicates=1), echo(None), echo(3.0), echo(100.0)])
    _, totals = kept.readings(stamp(MINUTE_NS), WELL)
    row = {metric: column[0] for metric, column in zip(totals.shape.metrics, totals.columns, strict=True)}
    assert (row[minute.REQUESTS], row[minute.COUNT], row[minute.FURTHER]) == (4, 3, 1)
    assert row[minute.SUM] == pytest.approx(103.01)
    by_bound = {dict(metric.labels)["le"]: row[metric] for metric in minute.BUCKETS}
    assert (by_bound["0.0064"], by_bound["0.0128"], by_bound["26.2144"], by_bound["+Inf"]) == (0, 1, 2, 3)


def test_totals_name_host_and_address_as_the_peer_does_and_follow_the_address():
    kept = book(60.0)
    shown = []
    for turn, address in enumerate(("192.0.2.1", "192.0.2.1", "192.0.2.2")):
        kept.note("a", [echo(0.010)], (("host", "a.example"), ("ip", address)))
        found = kept.readings(stamp((turn + 1) * MINUTE_NS), WELL)
        shown += [(one.shape, one.shape.rows[0].info) for one in found]
    (_, first), (one, info), (_, _), (same, _), (_, minutes), (_, other) = shown
    assert (first, minutes) == ((), ())
    assert same is one
    assert info == (("host", "a.example"), ("ip", "192.0.2.1"))
    assert dict(other)["ip"] == "192.0.2.2"


def test_the_histogram_is_one_family_with_the_peers_buckets():
    kept = book(60.0)
    kept.note("a", [echo(0.010)])
    _, totals = kept.readings(stamp(MINUTE_NS), WELL)
    found = {family.name: family for family in families(totals.shape)}
    assert set(found) == {
        "smokeping_requests_total",
        "smokeping_response_duplicates_total",
        "smokeping_response_duration_seconds",
        "smokeping_response_ttl",
        "smokeping_send_errors_total",
        "smokeping_receive_errors_total",
    }
    text = found["smokeping_response_duration_seconds"].render(totals.columns).decode()
    assert text.startswith('smokeping_response_duration_seconds_bucket{target="a",le="5e-05"} 0\n')
    assert 'le="26.2144"} 1\n' in text
    assert 'smokeping_response_duration_seconds_sum{target="a"} 0.01\n' in text
