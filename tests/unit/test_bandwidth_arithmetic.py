"""Layers, curves, trains and purses: what bandwidth tests work out, on figures that are known."""

from random import Random

import pytest
from fakes.context import FakeLedger
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon import sdk
from probes.bandwidth.buffer_depth import depth_of
from probes.bandwidth.curve import Curve
from probes.bandwidth.layers import Layer, PacketShape, full_packet
from probes.bandwidth.measured import Direction
from probes.bandwidth.meter import Meter
from probes.bandwidth.passive import WanWatch
from probes.bandwidth.train_fit import fit
from probes.bandwidth.train_search import Train, TrainSearch
from probes.bandwidth.train_wire import Arrivals
from probes.bandwidth.witness import Witness
from probes.tcp_info import parse_tcp_flow


def test_a_gigabit_of_ethernet_is_941_megabits_of_tcp():
    packet = full_packet(4)
    assert packet.convert(1000, Layer.L1, Layer.TCP) == pytest.approx(941.5, abs=0.05)
    assert packet.convert(1000, Layer.L1, Layer.IP) == pytest.approx(975.3, abs=0.05)
    assert packet.convert(1000, Layer.L1, Layer.L2) == pytest.approx(987.0, abs=0.05)


@given(
    st.floats(1, 1e10),
    st.sampled_from(Layer),
    st.sampled_from(Layer),
    st.floats(1, 9000),
    st.sampled_from([40, 52, 60, 72]),
)
def test_a_rate_converted_there_and_back_is_the_same(rate, one, other, payload_bytes, header_bytes):
    packet = PacketShape(payload_bytes, header_bytes)
    assert packet.convert(packet.convert(rate, one, other), other, one) == pytest.approx(rate)


def curve_of(*rates):
    """Return a curve of ten bins a second, after half a second without a byte."""
    curve, total = Curve(), 0
    for at in range(5):
        curve.add(at / 10, 0)
    for at, rate in enumerate(rates):
        total += rate
        curve.add(0.5 + at / 10, total)
    return curve


def test_the_time_before_the_first_byte_does_not_count():
    assert curve_of(10, 10, 10).mean_bytes_per_second() == pytest.approx(100)


@pytest.mark.parametrize(
    ("rates", "steady"),
    [
        ((10, 50, 90, 100, 100, 101, 99, 100), True),
        ((10, 20, 40, 80, 100), False),
        ((10, 60, 100, 140, 60, 100), False),
        ((100, 100, 100, 100, 100, 100, 60, 60, 60, 60, 60, 60), False),
    ],
    ids=["after slow start", "in slow start", "up and down", "slower than before"],
)
def test_a_rate_is_steady_when_it_has_stopped_moving_at_its_best(rates, steady):
    assert curve_of(*rates).steady is steady


def test_a_steady_curve_has_the_rate_of_its_last_half_second_another_that_of_its_second_half():
    assert curve_of(10, 50, 100, 100, 100, 100, 100).bytes_per_second() == pytest.approx(1000)
    assert curve_of(10, 90, 10, 90, 10, 90).bytes_per_second() == pytest.approx(500, rel=0.3)
    assert Curve().bytes_per_second() is None


# Trains


def stamps(rate_bits, packets, size=1400, jitter_ns=0.0, seed=1):
    random = Random(seed)
    step = size * 8e9 / rate_bits
    return [round(number * step + random.expovariate(1) * jitter_ns) for number in range(packets)]


@settings(max_examples=30)
@given(st.floats(1e6, 9e8), st.integers(20, 200))
def test_a_train_out_of_a_steady_link_tells_its_rate(rate, packets):
    found = fit(stamps(rate, packets), 1400)
    assert found.bits_per_second == pytest.approx(rate, rel=2e-3)


def test_clumps_are_counted_whole():
    slots = [slot * 5_000_000 + packet * 1000 for slot in range(12) for packet in range(17)]
    assert fit(slots[5:-7], 1400).bits_per_second == pytest.approx(17 * 1400 * 8 / 0.005, rel=1e-3)


def test_too_few_packets_tell_nothing():
    assert fit([0, 1, 2], 1400) is None
    assert fit([5] * 100, 1400) is None


def searched(rate, *, jitter_seconds=0.0, most_bytes=2_000_000, buffer_packets=10**6):
    search = TrainSearch(1400, most_bytes, jitter_seconds)
    spent = 0
    while (train := search.next_train()) is not None:
        spent += train.packets * 1400
        # At a pace below the link's rate, that pace is what arrives.
        out = min(rate, train.bits_per_second or rate)
        came = min(train.packets, buffer_packets) if not train.bits_per_second else train.packets
        search.take(stamps(out, came, jitter_ns=jitter_seconds * 1e9, seed=spent))
    return search, spent


@pytest.mark.parametrize("rate", [2e6, 10e6, 50e6, 100e6, 500e6, 900e6])
def test_a_search_finds_the_rate_within_two_megabytes(rate):
    search, spent = searched(rate)
    found = search.capacity()
    assert found.bits_per_second == pytest.approx(rate, rel=0.002)
    assert spent <= 2_000_000


def test_a_shallow_buffer_is_paced_around():
    search, _ = searched(20e6, buffer_packets=10)
    assert search.capacity().bits_per_second == pytest.approx(20e6, rel=0.01)


def test_jitter_that_trains_cannot_outlast_is_a_refusal_with_its_figures():
    search, spent = searched(100e6, jitter_seconds=0.002)
    assert "2.0 ms" in search.refusal
    assert search.refusal.endswith("MB of 2.0 MB")
    assert spent < 1_500_000


def test_a_slotted_link_is_counted_right_or_refused():
    search, slot_ns = TrainSearch(1400, 2_000_000, 0.0014), 5_000_000
    while (train := search.next_train()) is not None:
        step = 1400 * 8e9 / min(40e6, train.bits_per_second or 40e6)
        ends = [-(-round(number * step) // slot_ns) * slot_ns for number in range(train.packets)]
        search.take([end + number * 1000 for number, end in enumerate(ends)])
    assert search.refusal or search.capacity().bits_per_second == pytest.approx(40e6, rel=0.03)


def test_a_search_gives_up_when_nothing_comes():
    search, sent = TrainSearch(1400, 2_000_000, 0.0), 0
    while search.next_train() is not None:
        search.take([])
        sent += 1
    assert sent == 4
    assert search.capacity() is None


def test_the_first_train_is_short_and_unpaced():
    assert TrainSearch(1400, 2_000_000, 0.0).next_train() == Train(20, 0.0)


def test_the_depth_of_a_buffer_is_the_longest_wait_and_known_when_it_overflowed():
    sent = tuple(range(0, 100, 1))
    came = tuple(1000 + 3 * one for one in sent[:60])
    found = depth_of(Arrivals(sent[:60], sent[:60], came), 100)
    assert (found.seconds, found.full) == (pytest.approx(118e-9), True)
    assert depth_of(Arrivals(sent, sent, sent), 100).full is False
    assert depth_of(Arrivals((), (), ()), 100) is None


# The host


def stat(*cores):
    """Return cores as the kernel tells them: user, nice, system, idle, wait, interrupts, soft, stolen."""
    lines = [f"cpu{at} {' '.join(map(str, ticks))}" for at, ticks in enumerate(cores)]
    return "\n".join(["cpu 1 2 3 4 5 6 7 8", *lines, "intr 5"])


def test_each_core_has_its_share_of_work_and_of_interrupts(tmp_path):
    (tmp_path / "proc").mkdir()
    file = tmp_path / "proc" / "stat"
    file.write_text(stat([0] * 8, [100] * 8))
    witness = Witness(tmp_path)
    file.write_text(stat([10, 0, 10, 60, 10, 0, 10, 0], [100, 100, 100, 100, 100, 110, 180, 110]))
    found = witness.state("")
    assert found.core_busy_ratios == pytest.approx((0.3, 1.0))
    assert found.core_interrupt_ratios == pytest.approx((0.1, 0.9))
    assert found.idlest_core_ratio == pytest.approx(0.3)


def test_a_time_that_is_too_short_has_no_shares(tmp_path):
    found = Witness(tmp_path).state("")
    assert (found.core_busy_ratios, found.core_interrupt_ratios, found.own_core_ratio) == ((), (), None)


# Purse


def test_every_byte_is_on_the_ledger_when_it_is_seen():
    ledger = FakeLedger({"line": 1000})
    meter = Meter(ledger, "line", 600)
    assert meter.note_total(400) == 400
    assert ledger.spent["line"] == 400
    assert meter.allows(200)
    assert not meter.allows(201)


def test_a_ledger_that_others_emptied_ends_a_test_too():
    ledger = FakeLedger({"line": 1000})
    meter = Meter(ledger, "line", 10_000)
    ledger.spend("line", 900)
    assert not meter.allows(101)


# Counters


def wan(boottime_ns, octets, packets, epoch=0):
    names = ("ifHCInOctets", "ifHCInUcastPkts", "ifHCInMulticastPkts", "ifHCInBroadcastPkts")
    shape = sdk.Shape(
        "interface",
        tuple(sdk.counter(name, "A count.") for name in names),
        (sdk.Row((("ifName", "lan"),)), sdk.Row((("ifName", "wan"), ("circuit", "line")))),
    )
    stamp = sdk.Stamp("boot", boottime_ns, 0)
    columns = ([1, octets], [1, packets], [0, 0], [0, None])
    return sdk.Reading(shape, stamp, columns, (sdk.Outcome.OK,) * 2, (0, epoch))


class Newest:
    def __init__(self, reading):
        self._reading = reading

    def reading(self, _measurement, _key):
        return self._reading

    def value(self, _measurement, _key, _metric):
        return None


def test_a_minute_of_the_wan_ports_counters_is_a_rate_in_every_layer():
    watch = WanWatch("line")
    assert watch.look(Newest(wan(0, 0, 0)), Direction.DOWN) is None
    assert watch.look(Newest(wan(30 * 10**9, 10**6, 1000)), Direction.DOWN) is None
    minute = watch.look(Newest(wan(60 * 10**9, 759_000_000, 500_000)), Direction.DOWN)
    assert minute.rate(Layer.L2) == pytest.approx(101.2e6)
    assert minute.rate(Layer.IP) == pytest.approx(100.0e6)


def test_a_minute_with_a_restart_in_it_is_not_known():
    watch = WanWatch("line")
    watch.look(Newest(wan(0, 10**9, 10**6)), Direction.DOWN)
    assert watch.look(Newest(wan(60 * 10**9, 2 * 10**9, 2 * 10**6, epoch=1)), Direction.DOWN) is None


def test_a_port_that_is_not_read_has_no_minute():
    assert WanWatch("line").look(Newest(None), Direction.DOWN) is None


@given(st.binary(max_size=300))
def test_a_struct_of_any_length_is_read_or_left(raw):
    flow = parse_tcp_flow(raw)
    assert (flow is None) == (len(raw) < 216)
