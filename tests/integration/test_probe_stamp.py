"""The STAMP probe against the emulated path, whose log is the truth, and against peers of other makes."""

import asyncio
from contextlib import nullcontext

import pytest
from fakes.context import make_context
from fakes.loopback import udp_server
from fakes.ports import free_port
from fakes.probing import probe_once
from fakes.referee import FAR, FAR_6, emulated_path
from fakes.reflecting import (
    WatchedProbe,
    WrongTime,
    both_ways,
    busy_loop,
    opened,
    queueing_errors,
    reflecting,
    told,
)

from netmon.sdk import Assignment, Outcome
from probes.stamp import StampProbe
from probes.stamp_delay import quantile
from probes.stamp_packet import Answer, decode_request, encode_reply

BUSY = pytest.mark.parametrize("busy", [False, True], ids=["quiet", "busy"])
DIRECTIONS = ("forward", "backward")

CLOSE_SECONDS = 1e-3
"""A busy host may hold back any stamp; `make bench ONLY=stamp` tells how close they really are."""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    with emulated_path(tmp_path_factory.mktemp("path")) as made:
        yield made


# Loss


LOSSES = {
    "none": ("delay=3ms", "delay=3ms"),
    "loss": ("delay=5ms,loss=3%", "delay=25ms,loss=1%"),
    "much loss": ("delay=2ms,loss=30%", "delay=2ms,loss=30%"),
    "bursts": ("delay=2ms,ge=2%:20%", "delay=2ms,ge=1%:30%"),
    "copies": ("delay=3ms,loss=5%,dup=5%", "delay=3ms,loss=5%,dup=5%"),
    "disorder": ("delay=3ms,loss=5%,dup=3%,reorder=10%:9ms", "delay=5ms,jitter=5ms,loss=5%,dup=3%"),
}


@pytest.mark.parametrize(
    ("case", "busy"), [*((case, False) for case in LOSSES), ("copies", True), ("disorder", True)]
)
async def test_loss_by_direction_is_exactly_what_the_path_did(path, case, busy):
    sums = dict.fromkeys(("forward", "backward", "unknown", "copied"), 0)
    async with opened(path, packets=400, spacing="2ms", timeout_seconds=2.0) as probe:
        with path.emulating(*LOSSES[case], "--seed", "7") as truth, reflecting(path.far, FAR):
            async with busy_loop() if busy else nullcontext():
                for _ in range(2):
                    reading, *_ = await probe.read()
                    for direction in ("forward", "backward", "unknown"):
                        sums[direction] += told(reading, "netmon_stamp_lost_packets", direction=direction)
                    sums["copied"] += told(reading, "netmon_stamp_duplicated_packets", direction="forward")
    forward, backward = both_ways(truth)
    assert sums["unknown"] == 0
    assert (sums["forward"], sums["backward"], sums["copied"]) == (
        forward.lost,
        backward.lost,
        forward.copied,
    )


async def test_a_cut_on_the_way_back_has_no_direction_until_replies_come_again(path):
    async with opened(path, packets=20, spacing="10ms", timeout_seconds=1.0) as probe:
        with reflecting(path.far, FAR):
            with path.emulating("delay=1ms", "delay=1ms,loss=100%"):
                (cut,) = await probe.read()
            with path.emulating("delay=1ms,loss=20%", "delay=1ms", "--seed", "3") as truth:
                (after,) = await probe.read()
    assert cut.outcomes == (Outcome.TIMEOUT,)
    assert told(cut, "netmon_stamp_lost_packets", direction="unknown") == 20
    assert told(cut, "netmon_stamp_lost_packets", direction="backward") is None
    lost = [
        told(after, "netmon_stamp_lost_packets", direction=way) for way in ("forward", "backward", "unknown")
    ]
    assert lost[1] == 0
    assert lost[0] + lost[2] == both_ways(truth)[0].lost


async def test_a_reflector_that_was_restarted_is_counted_anew(path):
    async with opened(path, packets=20, spacing="5ms", timeout_seconds=2.0) as probe:
        with path.emulating("delay=1ms", "delay=1ms"):
            for _ in range(2):
                with reflecting(path.far, FAR):
                    (reading,) = await probe.read()
    lost = [
        told(reading, "netmon_stamp_lost_packets", direction=way)
        for way in ("forward", "backward", "unknown")
    ]
    assert lost == [0, 0, 0]


# Delay


@BUSY
async def test_queueing_by_direction_is_right_with_a_clock_that_is_off_and_drifts(path, busy):
    loaded, jittery = "delay=8ms,rate=10mbit,buf=200ms,xrate=8mbit", "delay=12ms,jitter=2ms,dist=exp"
    async with opened(path, packets=400, spacing="5ms", timeout_seconds=15.0) as probe:
        wrong = WrongTime(offset_seconds=-3.7, drift=20e-6)
        with path.emulating(loaded, jittery, "--seed", "5") as truth, reflecting(path.far, FAR, wrong=wrong):
            async with busy_loop() if busy else nullcontext():
                for _ in range(4):
                    reading, *_ = await probe.read()
    assert told(reading, "netmon_probe_kernel_timestamps") == 1
    assert told(reading, "netmon_stamp_clock_drift_ratio") is None
    for way, one_way in zip(DIRECTIONS, both_ways(truth), strict=True):
        errors, waits = queueing_errors(probe.found[-1], one_way, way)
        assert quantile(errors, 0.99) < CLOSE_SECONDS, (way, quantile(errors, 0.5), errors[-5:])
        for stat, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
            value = told(reading, "netmon_stamp_queueing_seconds", direction=way, stat=stat)
            assert value == pytest.approx(quantile(waits, share), abs=CLOSE_SECONDS), (way, stat)


async def test_the_round_trip_is_the_networks_and_not_the_reflectors(path):
    async with opened(path, packets=100, spacing="5ms") as probe, busy_loop():
        with (
            path.emulating("delay=8ms", "delay=12ms") as truth,
            reflecting(path.far, FAR, wrong=WrongTime(5)),
        ):
            (reading,) = await probe.read()
    forward, backward = both_ways(truth)
    true = sorted(
        forward.seconds[asked.sequence] + backward.seconds[asked.reply.sequence]
        for asked in probe.found[-1].asked
        if asked.delay is not None
    )
    for stat, share in (("min", 0.0), ("p50", 0.5), ("p95", 0.95)):
        value = told(reading, "netmon_stamp_rtt_seconds", stat=stat)
        assert value == pytest.approx(quantile(true, share), abs=CLOSE_SECONDS), stat


@pytest.mark.parametrize(
    ("own", "other", "bound", "known"),
    [
        (0.001, 0.002, 0.003, True),
        (0.1, 0.2, 0.3, False),
        (None, 0.001, None, False),
        (0.001, None, None, False),
    ],
    ids=["both good", "too coarse", "own unsynchronised", "other unsynchronised"],
)
async def test_one_way_delay_is_told_only_above_the_clocks_error(path, own, other, bound, known):
    async with opened(path, packets=10, spacing="5ms") as probe:
        probe._host = WrongTime(error_seconds=own)
        far = WrongTime(error_seconds=other)
        with path.emulating("delay=8ms", "delay=20ms"), reflecting(path.far, FAR, wrong=far):
            (reading,) = await probe.read()
    said = told(reading, "netmon_stamp_clock_error_seconds")
    assert said == (bound if bound is None else pytest.approx(bound, rel=0.02))
    one_way = [told(reading, "netmon_stamp_oneway_seconds", direction=way) for way in DIRECTIONS]
    assert one_way == (
        [pytest.approx(0.008, abs=1e-3), pytest.approx(0.02, abs=1e-3)] if known else [None, None]
    )


async def test_ipv6_is_measured_the_same_way(path):
    async with opened(path, f"[{FAR_6}]:862", packets=10, spacing="5ms") as probe:
        with path.emulating("delay=8ms", "delay=8ms"), reflecting(path.far, FAR_6):
            (reading,) = await probe.read()
    assert reading.outcomes == (Outcome.OK,)
    assert told(reading, "netmon_stamp_rtt_seconds", stat="p50") == pytest.approx(0.016, abs=1e-3)
    assert told(reading, "netmon_stamp_hop_limit", direction="backward") == 64


# Peers of other makes


class TwampLight:
    """A peer that answers with so many octets; `stateful` ones number their replies by themselves."""

    def __init__(self, size, *, stateful=True, lose=(), keep=()):
        self.size, self.stateful, self.lose, self.keep, self.count = size, stateful, lose, keep, 0

    def __call__(self, data):
        request = decode_request(data)
        if request.sequence in self.lose:
            return []
        reply = bytearray(encode_reply(request, self.answer(data), 44)[: self.size])
        number = self.count if self.stateful else request.sequence
        self.count += 1
        reply[:4] = number.to_bytes(4, "big")
        return [] if request.sequence in self.keep else [bytes(reply)]

    @staticmethod
    def answer(data):
        stamp = int.from_bytes(data[4:12], "big")
        return Answer(0, stamp + 2000, 0x0001, stamp + 1000, 61, 0, None)


QUICK = {"packets": 10, "spacing": "5ms"}


@pytest.mark.parametrize(("size", "hop_limit"), [(36, None), (38, None), (41, 61), (44, 61)])
async def test_a_twamp_light_peer_may_reply_with_fewer_octets(size, hop_limit):
    async with udp_server(TwampLight(size, lose={3}, keep={5, 6})) as peer:
        found = await probe_once(StampProbe, f"127.0.0.1:{peer.port}", QUICK, 1.0)
    assert (found.outcome, found["probe_success"]) == (Outcome.OK, 1)
    lost = [told(found.reading, "netmon_stamp_lost_packets", direction=way) for way in DIRECTIONS]
    assert (lost, found["netmon_probe_packets_sent"], found["netmon_probe_packets_received"]) == (
        [1, 2],
        11,
        8,
    )
    assert told(found.reading, "netmon_stamp_hop_limit", direction="forward") == hop_limit
    assert found.texts == {"netmon_stamp_reflector_info": "stateful"}


async def test_a_peer_that_repeats_our_numbers_tells_no_direction():
    async with udp_server(TwampLight(44, stateful=False, lose={3})) as peer:
        found = await probe_once(StampProbe, f"127.0.0.1:{peer.port}", QUICK, 1.0)
    lost = [
        told(found.reading, "netmon_stamp_lost_packets", direction=way) for way in (*DIRECTIONS, "unknown")
    ]
    assert (lost, found.texts["netmon_stamp_reflector_info"]) == ([None, None, 1], "plain")


@pytest.mark.parametrize("answer", [lambda data: [data], lambda _data: [b"", bytes(35), bytes(300)]])
async def test_an_echo_and_garbage_are_no_reply(answer):
    async with udp_server(answer) as peer:
        found = await probe_once(StampProbe, f"127.0.0.1:{peer.port}", QUICK, 0.5)
    assert (found.outcome, found["netmon_probe_packets_received"]) == (Outcome.TIMEOUT, 0)
    assert found["netmon_stamp_clock_drift_ratio"] is None


async def test_times_that_cannot_be_are_no_delay_and_the_packet_still_came():
    class Liar(TwampLight):
        @staticmethod
        def answer(_data):
            return Answer(0, 5, 0x8001, 1 << 40, 61, 0, None)

    async with udp_server(Liar(44)) as peer:
        found = await probe_once(StampProbe, f"127.0.0.1:{peer.port}", QUICK, 1.0)
    assert (found.outcome, found["netmon_probe_packets_received"]) == (Outcome.OK, 10)
    assert told(found.reading, "netmon_stamp_rtt_seconds", stat="p50") is None


async def test_a_port_where_nobody_listens_refuses():
    found = await probe_once(StampProbe, f"127.0.0.1:{free_port()}", QUICK, 1.0)
    assert (found.outcome, found["netmon_probe_loss_ratio"]) == (Outcome.REFUSED, 1.0)


async def test_many_targets_are_measured_at_once_and_told_apart():
    with reflecting(None, "127.0.0.1", 0) as first, reflecting(None, "127.0.0.2", 0) as second:
        targets = tuple(f"127.0.0.{n}:{one.port}" for n, one in ((1, first), (2, second)))
        found = await probe_once(StampProbe, targets, QUICK, 1.0)
    assert found.reading.outcomes == (Outcome.OK, Outcome.OK)
    assert (first.reflected_total, second.reflected_total) == (10, 10)


async def test_the_story_tells_each_packet_and_what_the_clocks_say():
    with reflecting(None, "127.0.0.1", 0, wrong=WrongTime(2.0, error_seconds=0.001)) as reflector:
        found = await probe_once(StampProbe, f"127.0.0.1:{reflector.port}", QUICK, 1.0)
    story = "\n".join(found.story)
    assert "packet 1: " in story
    assert "inside the reflector; queued 0.0" in story
    assert "lost: 0 forward, 0 backward, 0 on a way that nobody knows" in story
    assert "the reflector's seems +2000.0" in story


async def test_a_train_that_is_cut_off_leaves_the_next_one_without_a_base():
    with reflecting(None, "127.0.0.1", 0) as reflector:
        context = make_context()
        assignment = Assignment("stamp", (f"127.0.0.1:{reflector.port}",), 0.05, 2.0)
        probe = WatchedProbe(assignment, WatchedProbe.settings_type(packets=20, spacing="20ms"))
        await probe.open(context)
        cut = asyncio.create_task(probe.read())
        async with asyncio.timeout(2):
            while reflector.reflected_total < 3:  # noqa: ASYNC110 - a counter tells nobody
                await asyncio.sleep(0.001)
        cut.cancel()
        await asyncio.gather(cut, return_exceptions=True)
        (reading,) = await probe.read()
        await probe.close()
        await context.shared.close()
    assert told(reading, "netmon_stamp_lost_packets", direction="unknown") == 0
    assert told(reading, "netmon_probe_packets_received") == 20
