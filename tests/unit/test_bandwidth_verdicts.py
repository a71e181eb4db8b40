"""Who limited a test, whether one may run at all, and whom the server lets in."""

from dataclasses import replace
from ipaddress import ip_network

import pytest
from fakes.context import FakeClock
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon import sdk
from probes.bandwidth import record
from probes.bandwidth.commission.token_bucket import Bucket
from probes.bandwidth.curve import Curve
from probes.bandwidth.findings import Findings
from probes.bandwidth.judge import Judged, Verdict
from probes.bandwidth.latency import Latency, Trip, grade, latency
from probes.bandwidth.layers import Layer, full_packet
from probes.bandwidth.limits import Evidence, LimitedBy, limited_by
from probes.bandwidth.measured import Direction, Flow, Measured, Stop
from probes.bandwidth.ndt7_message import encode_measurement, next_message_bytes, server_record
from probes.bandwidth.probe import BandwidthProbe, BandwidthSettings
from probes.bandwidth.server.desk import Client, Desk, Limits, Turned, TurnedAway
from probes.bandwidth.settings import Kind
from probes.bandwidth.tester import load_seconds
from probes.bandwidth.train_talk import decode_arrivals, encode_arrivals, order_of
from probes.bandwidth.train_wire import Arrivals
from probes.bandwidth.trains import sending_ratio
from probes.bandwidth.witness import Card, HostState

QUIET = HostState((0.2, 0.1), 0.1, Card("eth0", 1_000_000_000, True, False), True, 0.001)
FLOW = Flow(4, 0.001, 0.020, 0.021, 0.99, 0.0, 0.0)


def measured(megabits=90.0, stop=Stop.TIME, flow=FLOW, **more):
    return Measured(megabits * 1e6, Layer.IP, full_packet(4), 10.0, stop, flow=flow, **more)


def evidence(found=None, host=QUIET, direction=Direction.UP, **more):
    return Evidence(direction, found or measured(), host, **more)


def unsteady():
    curve = Curve()
    for at, units in enumerate((0, 1, 3, 9, 20)):
        curve.add(at / 10, units)
    return curve


def uneven():
    curve, total = Curve(), 0
    for at in range(30):
        total += 20 + 10 * (at % 3)
        curve.add(at / 10, total)
    return curve


SLOW_SERVER = {"seconds": 10.0, "bytes_sent": 10**8, "busy_seconds": 3.0}
CASES = {
    "a busy sender and nothing else": (evidence(), LimitedBy.CIRCUIT),
    "nothing came": (evidence(replace(measured(), bits_per_second=None)), LimitedBy.UNKNOWN),
    "the contract is met though a core is busy": (
        evidence(
            measured(98.9), replace(QUIET, own_core_ratio=0.99),
            contracted_bits_per_second=100_000_000,
        ),
        LimitedBy.CIRCUIT,
    ),
    "the byte cap came first": (
        evidence(measured(stop=Stop.BYTES, curve=unsteady())), LimitedBy.POLICY
    ),
    "a program without a curve that kept to the pace of its cap, and a queue": (
        evidence(measured(stop=Stop.BYTES, flow=replace(FLOW, rtt_seconds=0.05))), LimitedBy.POLICY
    ),
    "trains": (
        evidence(measured(uncertainty_ratio=0.01, details={"sending_ratio": 0.5})), LimitedBy.CIRCUIT
    ),
    "trains that this host sent no faster than they came": (
        evidence(measured(uncertainty_ratio=0.01, details={"sending_ratio": 0.98})), LimitedBy.HOST_CPU
    ),
    "trains that the far end sent no faster than they came": (
        evidence(
            measured(uncertainty_ratio=0.01, details={"sending_ratio": 0.98}), direction=Direction.DOWN
        ),
        LimitedBy.SERVER,
    ),
    "a card of 100 Mbit/s on a contract of 500": (
        evidence(
            measured(97.0), replace(QUIET, card=Card("eth0", 100_000_000, True, False)),
            contracted_bits_per_second=500_000_000,
        ),
        LimitedBy.NIC,
    ),
    "half duplex": (evidence(host=replace(QUIET, card=Card("eth0", 10**8, False, False))), LimitedBy.NIC),
    "by radio": (evidence(host=replace(QUIET, card=Card("wlan0", None, None, True))), LimitedBy.WIFI),
    "this process has no more time": (
        evidence(host=replace(QUIET, own_core_ratio=0.95)), LimitedBy.HOST_CPU
    ),
    "this process waits for a core that others have": (
        evidence(host=replace(QUIET, own_core_ratio=0.5, own_waiting_ratio=0.45)), LimitedBy.HOST_CPU
    ),
    "the program that measures has no more time": (
        evidence(measured(details={"own_process_ratio": 0.98})), LimitedBy.HOST_CPU
    ),
    "no core has time": (evidence(host=replace(QUIET, core_busy_ratios=(1.0, 0.99))), LimitedBy.HOST_CPU),
    "another core is busy with something else": (
        evidence(host=replace(QUIET, core_busy_ratios=(1.0, 0.2))), LimitedBy.CIRCUIT
    ),
    "no core has time, and packets queue on the way": (
        evidence(
            measured(flow=replace(FLOW, rtt_seconds=0.084)), replace(QUIET, core_busy_ratios=(1.0, 1.0))
        ),
        LimitedBy.CIRCUIT,
    ),
    "no core has time, the rate is uneven, and packets were late": (
        evidence(
            measured(flow=replace(FLOW, rtt_seconds=0.084), curve=uneven()),
            replace(QUIET, core_busy_ratios=(1.0, 1.0)),
        ),
        LimitedBy.HOST_CPU,
    ),
    "our send buffer": (evidence(measured(flow=replace(FLOW, buffer_limited_ratio=0.5))), LimitedBy.HOST_CPU),
    "the server's window": (
        evidence(measured(flow=replace(FLOW, window_limited_ratio=0.5))), LimitedBy.SERVER
    ),
    "the server has nothing to send": (
        evidence(measured(flow=None, far_record=SLOW_SERVER), direction=Direction.DOWN), LimitedBy.SERVER
    ),
    "the server's processor": (
        evidence(measured(far_record={"own_core_ratio": 0.97})), LimitedBy.SERVER
    ),
    "others on the line": (
        evidence(cross_bits_per_second=40e6, contracted_bits_per_second=200_000_000),
        LimitedBy.CROSS_TRAFFIC,
    ),
    "trains, with every core busy": (
        evidence(
            measured(flow=None, peak=True, uncertainty_ratio=0.001),
            replace(QUIET, core_busy_ratios=(1.0, 1.0)),
        ),
        LimitedBy.CIRCUIT,
    ),
    "a core that takes packets and nothing else": (
        evidence(host=replace(QUIET, core_interrupt_ratios=(0.97, 0.0))), LimitedBy.HOST_CPU
    ),
    "near what the instrument was found to carry": (
        evidence(ceiling_bits_per_second=95e6), LimitedBy.HOST_CPU
    ),
    "far from what the instrument was found to carry": (
        evidence(ceiling_bits_per_second=900e6), LimitedBy.CIRCUIT
    ),
    "at the sustained rate of a bucket": (
        evidence(bucket=Bucket(200e6, 1e6, 91e6)), LimitedBy.POLICY
    ),
    "at the peak of a bucket": (evidence(bucket=Bucket(91e6, 1e6, 20e6)), LimitedBy.CIRCUIT),
    "a server that lets nobody have more": (
        evidence(measured(far_record={"most_bits_per_second": 90_000_000})), LimitedBy.SERVER
    ),
    "the far end hung up": (evidence(measured(stop=Stop.FAR_END, curve=unsteady())), LimitedBy.SERVER),
    "a far end that tells nothing": (
        evidence(measured(flow=None), direction=Direction.DOWN), LimitedBy.UNKNOWN
    ),
}  # fmt: skip


@pytest.mark.parametrize(("case", "who"), CASES.values(), ids=CASES)
def test_what_limited_a_test_is_told_with_its_reason(case, who):
    found = limited_by(case)
    assert found.limited_by is who
    assert found.reason


# Settings


@pytest.mark.parametrize(
    ("target", "wrong"),
    [
        ("host", {"streams": 0}),
        ("host", {"max_bytes": "1kB"}),
        ("host", {"duration": "2m"}),
        ("host", {"buffer": True}),
        ("host", {"peak_tests": 100}),
        ("host", {"most_use_ratio": 1.5}),
        ("https://host/", {"method": Kind.HTTP}),
        ("ftp://host/", {}),
        ("host:0", {}),
    ],
)
def test_settings_that_cannot_work_are_refused(target, wrong):
    with pytest.raises(sdk.UsageError):
        BandwidthProbe(sdk.Assignment("b", (target,), 60.0, 30.0), BandwidthSettings(**wrong))


# Latency


def test_a_phase_has_its_median_its_tail_and_its_losses():
    found = latency([Trip(at, None if at == 7 else 0.010 + at / 1000) for at in range(20)], 0, 10)
    assert found == Latency(0.014, 0.019, 0.019, 0.010, pytest.approx(0.0142, abs=1e-4), 1, 10)
    assert latency([Trip(0, None)]) is None


@pytest.mark.parametrize(("rise", "letter"), [(0.004, "A+"), (0.029, "A"), (0.1, "C"), (0.5, "F")])
def test_the_grade_is_by_the_mean_rise(rise, letter):
    idle = Latency(0.02, 0.02, 0.02, 0.02, 0.02, 0, 10)
    assert grade(idle, [replace(idle, mean_seconds=0.02 + rise)] * 2) == letter


# Messages


def test_messages_grow_as_the_specification_says():
    assert next_message_bytes(1 << 13, (1 << 13) * 16) == 1 << 14
    assert next_message_bytes(1 << 13, (1 << 13) * 15) == 1 << 13
    assert next_message_bytes(1 << 20, 1 << 40) == 1 << 20


SCALARS = st.none() | st.booleans() | st.floats() | st.integers() | st.just(10**400) | st.text(max_size=20)
JSON = (
    SCALARS
    | st.lists(SCALARS | st.lists(SCALARS, max_size=4), max_size=4)
    | st.dictionaries(st.text(max_size=12), SCALARS | st.lists(SCALARS, max_size=4), max_size=4)
)
NAMES = st.sampled_from(["TCPInfo", "AppInfo", "Netmon", "Test", "Origin"])


@settings(max_examples=40)
@given(st.dictionaries(NAMES, JSON, max_size=5))
def test_whatever_a_server_says_becomes_a_record_or_nothing(said):
    assert all(isinstance(name, str) for name in server_record(said))


def test_a_servers_own_words_are_harmless():
    import json

    text = encode_measurement("download", 1.5, 10, None, {"Netmon": {"release": "a\nb", "cores": 4}})
    assert server_record(json.loads(text)) == {"app_bytes": 10, "release": "a b", "cores": 4}


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from(["train", "packets", "packet_bytes", "bits_per_second"]), JSON))
def test_no_order_is_taken_that_nobody_should_follow(said):
    order = order_of(said)
    assert order is None or (0 < order.packets <= 20_000 and order.packet_bytes <= 9000)


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from(["numbers", "sent_ns", "stamps_ns"]), JSON))
def test_stamps_that_cannot_be_read_are_none(said):
    found = decode_arrivals(said)
    assert found is None or len(found.numbers) == len(found.stamps_ns)


def test_stamps_without_end_are_none():
    assert decode_arrivals({"numbers": [0], "sent_ns": [0], "stamps_ns": [10**400]}) is None


def test_stamps_come_back_as_they_were_but_for_their_beginning():
    there = Arrivals((0, 1), (10**18, 10**18 + 5), (2 * 10**18, 2 * 10**18 + 7))
    assert decode_arrivals(encode_arrivals(there)) == Arrivals((0, 1), (0, 5), (0, 7))


# The desk


SITE, OTHER = Client("192.0.2.1", "one", "secret"), Client("192.0.2.2", "two", "secret")


def desk(**limits):
    return Desk((ip_network("192.0.2.0/24"),), "secret", Limits(**limits), FakeClock())


def nothing():
    pass


def why(at, client, *, alone=False):
    with pytest.raises(TurnedAway) as caught, at.test(client, nothing, alone=alone):
        pass
    return caught.value.why


def test_strangers_and_wrong_tokens_are_turned_away_and_counted():
    at = desk()
    assert why(at, replace(SITE, address="198.51.100.1")) is Turned.STRANGER
    assert why(at, replace(SITE, token="guess")) is Turned.UNKNOWN
    assert dict(at.turned_total) == {Turned.STRANGER: 1, Turned.UNKNOWN: 1}


def test_one_test_at_a_time_with_as_many_streams_as_it_has():
    at = desk()
    with at.test(SITE, nothing) as first, at.test(SITE, nothing) as second:
        assert first is second
        assert why(at, OTHER) is Turned.BUSY
    with at.test(OTHER, nothing):
        pass
    assert at.tests_total == 2


def test_a_clients_next_test_ends_what_is_left_of_its_last():
    at, hung_up = desk(), []
    with at.test(SITE, lambda: hung_up.append(1)), at.test(SITE, nothing, alone=True) as next_one:
        assert hung_up == [1]
        assert at.end(SITE) is next_one
        assert at.end(SITE) is None


def test_an_address_has_so_many_tests_an_hour():
    at = desk(tests_per_hour=2)
    for _ in range(2):
        with at.test(SITE, nothing, alone=True):
            pass
    assert why(at, SITE, alone=True) is Turned.OFTEN
    at.clock.advance(3601)
    with at.test(SITE, nothing, alone=True):
        pass


def test_a_day_has_so_many_bytes():
    at = desk(day_bytes=1000)
    with at.test(SITE, nothing) as visit:
        visit.spent_bytes = 1000
    assert why(at, OTHER) is Turned.VOLUME
    at.clock.advance(86_401)
    with at.test(OTHER, nothing):
        pass
    assert at.spent_bytes_total == 1000


def test_a_train_tells_whether_its_sender_was_faster_than_the_line():
    came = tuple(range(0, 400_000, 1000))
    quick = Arrivals(tuple(range(400)), tuple(at // 4 for at in came), came)
    slow = replace(quick, sent_ns=came)
    assert sending_ratio(quick) == (pytest.approx(0.25, rel=0.01),)
    assert sending_ratio(slow) == (pytest.approx(1.0),)
    assert sending_ratio(Arrivals((), (), ())) == ()


def test_what_proves_nothing_cannot_be_claimed_whoever_the_contract_names():
    stamp = sdk.Stamp("boot", 1, 1)
    for verdict, claimable in ((Verdict.CLEAN, True), (Verdict.INVALID, False)):
        one = record.Test(Direction.UP, measured(), QUIET, 1, stamp, judged=Judged(verdict, "so it is", 90e6))
        found = Findings("speed.example.net", "192.0.2.1", [one])
        found.claimed(("speed.example.net",), ())
        assert found.tests[0].claim.claimable is claimable


def test_a_load_is_placed_by_the_clock_of_its_beginning():
    curve = Curve(began_ns=5_000_000_000_000)
    for at in range(31):
        curve.add(at / 10, at * 1000)
    found = replace(measured(), curve=curve, seconds=3.0)
    began_ns, offset_ns = 1_000_000_000_000, 4_000_000_000_000
    # The end's offset would be another one, had the clock been set meanwhile: nobody asks for it.
    assert load_seconds(found, began_ns, began_ns + 9 * 10**9, offset_ns) == (1000.0, 1003.0)
    assert load_seconds(measured(), began_ns, began_ns + 9 * 10**9, offset_ns) == (1000.0, 1009.0)
