"""What a test proves beside the router's counters: the rule, in tables and in a thousand random cases."""

import random
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from probes.bandwidth.cross import OwnLoad, others, settled, use_of
from probes.bandwidth.judge import ENOUGH_RATIO, Inputs, Verdict, judge
from probes.bandwidth.limits import LimitedBy
from probes.bandwidth.wan_port import PortCount

M = 1_000_000
SECOND = 1_000_000_000
LINE = Inputs(
    90.0 * M,
    100 * M,
    others_low=0.0,
    others_high=0.0,
    limited_by=LimitedBy.CIRCUIT,
    clock_synchronised=True,
)

CASES = {
    "nobody else, and the contract is kept": (replace(LINE, rate=98e6), Verdict.CLEAN, True),
    "nobody else, and it is not": (LINE, Verdict.CLEAN, False),
    "40 of others and 60 of the test on a line of 100": (
        replace(LINE, rate=60e6, others_low=40e6, others_high=40e6), Verdict.CORRECTED, True,
    ),
    "others above a tenth, and still too little": (
        replace(LINE, rate=60e6, others_low=20e6, others_high=20e6), Verdict.INCONCLUSIVE, None,
    ),
    "others below a tenth": (replace(LINE, others_low=2e6, others_high=3e6), Verdict.CORRECTED, False),
    "others who made room during the test": (
        replace(LINE, rate=85e6, others_low=0.0, others_high=11e6), Verdict.INCONCLUSIVE, None,
    ),
    "within the measuring error": (replace(LINE, rate=94e6), Verdict.INCONCLUSIVE, None),
    "a rate that was hardly certain": (
        replace(LINE, rate=88e6, uncertainty_ratio=0.1), Verdict.INCONCLUSIVE, None,
    ),
    "64 kbit/s of others on a slow line": (
        Inputs(1.9e6, 2 * M, 60_000, 60_000, limited_by=LimitedBy.CIRCUIT), Verdict.CLEAN, True,
    ),
    "a card of 100 Mbit/s on a contract of 500": (
        replace(LINE, rate=94e6, contracted=500 * M, limited_by=LimitedBy.NIC), Verdict.INVALID, None,
    ),
    "a slow server": (replace(LINE, limited_by=LimitedBy.SERVER), Verdict.INVALID, None),
    "this host had no time, and the contract was kept": (
        replace(LINE, rate=99e6, limited_by=LimitedBy.HOST_CPU), Verdict.CLEAN, True,
    ),
    "a bucket of the line, as commissioning found, that lasts below the contract": (
        replace(LINE, rate=20e6, limited_by=LimitedBy.POLICY, bucket_learned=True), Verdict.CLEAN, False,
    ),
    "a bucket that may be anybody's": (
        replace(LINE, rate=20e6, limited_by=LimitedBy.POLICY), Verdict.INCONCLUSIVE, None,
    ),
    "a test that its own cap has ended": (
        replace(LINE, rate=20e6, limited_by=LimitedBy.POLICY, cut_off=True), Verdict.INVALID, None,
    ),
    "a bucket of the line, and others": (
        replace(LINE, rate=20e6, others_high=20e6, limited_by=LimitedBy.POLICY, bucket_learned=True),
        Verdict.INCONCLUSIVE, None,
    ),
    "nothing tells what limited it": (
        replace(LINE, limited_by=LimitedBy.UNKNOWN), Verdict.INCONCLUSIVE, None
    ),
    "nothing came": (replace(LINE, rate=None), Verdict.INVALID, None),
    "a clock that nobody set": (replace(LINE, clock_synchronised=False), Verdict.INVALID, None),
    "others are not known": (replace(LINE, others_low=None, others_high=None), Verdict.INVALID, None),
    "others are not known, and the test alone was enough": (
        replace(LINE, rate=97e6, others_low=None), Verdict.CORRECTED, True,
    ),
    "a peak that is enough": (replace(LINE, rate=120e6, peak=True), Verdict.INCONCLUSIVE, None),
    "a peak that is not": (replace(LINE, rate=50e6, peak=True), Verdict.CLEAN, False),
    "no contract": (replace(LINE, contracted=None), Verdict.CLEAN, None),
}  # fmt: skip


@pytest.mark.parametrize(("inputs", "verdict", "delivered"), CASES.values(), ids=CASES)
def test_a_verdict_is_what_the_figures_allow(inputs, verdict, delivered):
    found = judge(inputs)
    assert found.verdict is verdict
    assert found.delivered is delivered
    assert found.reason


# A thousand lines whose truth is known


def a_line(seed):
    """Return a random line: what it carries, what others have on it, and what the test then gets."""
    rng = random.Random(seed)
    contracted = rng.choice((2, 10, 80, 100, 500, 1000)) * M
    capacity = contracted * rng.choice((0.3, 0.8, 0.9, 0.94, 0.96, 1.0, 1.1))
    around = capacity * rng.choice((0.0, 0.004, 0.05, 0.09, 0.3, 0.6, rng.random()))
    beside = around * rng.choice((1.0, 1.0, rng.random()))  # others who make room
    error = 1 + rng.uniform(-0.015, 0.015)
    held = rng.choice((1.0, 1.0, 1.0, rng.uniform(0.3, 0.9)))  # a host, card or server that is the limit
    limited = LimitedBy.CIRCUIT if held == 1.0 else rng.choice(list(LimitedBy)[1:5])
    rate = (capacity - beside) * held * error
    known = rng.random() > 0.1
    return capacity, Inputs(
        rate,
        contracted,
        beside if known else None,
        around if known else None,
        limited_by=limited,
        clock_synchronised=rng.choice((True, True, None, False)),
    )


@settings(max_examples=1000, deadline=None)
@given(st.integers(0, 10**9))
def test_no_breach_is_claimed_that_is_none_and_no_delivery_that_was_not_there(seed):
    capacity, inputs = a_line(seed)
    found = judge(inputs)
    enough = ENOUGH_RATIO * inputs.contracted
    if found.delivered is False:
        assert capacity < enough
        assert inputs.limited_by is LimitedBy.CIRCUIT
        assert inputs.others_high <= 0.1 * inputs.contracted
    if found.delivered is True:
        assert capacity * 1.02 >= enough
        assert found.verdict in (Verdict.CLEAN, Verdict.CORRECTED)
    if found.verdict is Verdict.CLEAN:
        assert inputs.others_high <= max(0.01 * inputs.contracted, 64_000)
    if found.verdict is Verdict.INVALID or inputs.clock_synchronised is False:
        assert found.delivered is None
    assert found.rate is None or found.rate >= inputs.rate


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**9), st.floats(0, 2e9), st.floats(0, 1e9))
def test_more_that_was_carried_never_turns_delivery_into_a_breach(seed, more, others_more):
    _, inputs = a_line(seed)
    before = judge(inputs)
    low = None if inputs.others_low is None else inputs.others_low + others_more
    high = None if low is None else max(inputs.others_high, low)
    after = judge(replace(inputs, rate=inputs.rate + more, others_low=low, others_high=high))
    if before.delivered:
        assert after.delivered


# From the router's counters to what others had


def a_router(
    *, others_bps, test_bps, seconds=4.0, began=3.0, until=12.0, every=0.5, refresh=0.0, packet=1518, rise=0.0
):
    """Return counts of a router, which refreshes its counters so often, and the test's own load."""

    def octets(moment):
        if refresh:
            moment = moment // refresh * refresh
        inside = min(max(moment - began, 0.0), seconds)
        room = others_bps * (1 - rise) * inside + others_bps * (moment - inside)
        return int((room + test_bps * inside) / 8 * packet / (packet - 18))

    def count(moment):
        return PortCount(round(moment * SECOND), 1, octets(moment), octets(moment) // packet)

    moments = [step * every for step in range(int(until / every))]
    looks = [*(step / 10 for step in range(int(seconds * 10))), seconds]
    own = OwnLoad([(round((began + at) * SECOND), test_bps * at / 8) for at in looks])
    return [count(moment) for moment in moments], own


def test_the_routers_40_and_the_tests_60_are_100():
    counts, own = a_router(others_bps=40e6, test_bps=60e6)
    found = others(counts, own)
    judged = judge(replace(LINE, rate=60e6, others_low=found.low, others_high=found.high))
    assert judged.verdict is Verdict.CORRECTED
    assert judged.delivered
    assert judged.rate == pytest.approx(100e6, rel=0.03)
    assert use_of(counts[:4]) == pytest.approx(40e6, rel=0.001)


@pytest.mark.parametrize("seconds", [0.7, 1.5, 4.0, 10.0])
@pytest.mark.parametrize("refresh", [0.0, 1.0, 3.0, 5.0])
def test_counters_that_are_refreshed_rarely_count_all_of_the_test(refresh, seconds):
    counts, own = a_router(
        others_bps=40e6, test_bps=60e6, seconds=seconds, began=11.3, until=60, refresh=refresh
    )
    found = others(counts, own)
    assert found.problem == ""
    # A counter that is seen up to three seconds late has bytes of other moments in it.
    assert found.low == pytest.approx(40e6, rel=0.03 if refresh <= 1 else 0.6)


def test_others_who_make_room_are_known_between_two_bounds():
    counts, own = a_router(others_bps=40e6, test_bps=80e6, seconds=3.0, rise=0.5)
    found = others(counts, own)
    assert found.low == pytest.approx(20e6, rel=0.02)
    assert 20e6 < found.high < 40e6


def test_what_was_sent_again_may_have_been_counted_twice():
    counts, own = a_router(others_bps=40e6, test_bps=60e6)
    found = others(counts, replace(own, again_bytes=60e6 / 8 * 4 * 0.05))
    assert found.low == pytest.approx(37e6, rel=0.03)
    assert found.high == pytest.approx(40e6, rel=0.03)


def test_an_idle_line_is_clean_though_its_counters_stand_still():
    counts, own = a_router(others_bps=0, test_bps=100e6, seconds=0.7, every=0.25)
    found = others(counts, own)
    assert found.low == found.high == pytest.approx(0.0, abs=0.5e6)


def test_a_test_that_the_wan_port_did_not_see_went_another_way():
    counts, own = a_router(others_bps=0, test_bps=0, until=25)
    own = OwnLoad([(at, at / SECOND * 12e6) for at, _ in own.arrived])
    found = others(counts, own)
    assert found.low is None
    assert "another way" in found.problem


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda counts: counts[:8], "did not move after"),
        (lambda counts: counts[7:], "not counted before"),
        (lambda counts: [*counts[:9], *(replace(one, epoch=2) for one in counts[9:])], "began anew"),
        (lambda _: [], "not counted before"),
    ],
)
def test_counters_that_prove_nothing_say_so(change, words):
    counts, own = a_router(others_bps=5e6, test_bps=60e6)
    found = others(change(counts), own)
    assert found.low is None
    assert words in found.problem


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 0.9), st.floats(0.6, 10), st.sampled_from((0.25, 0.5, 1.0)), st.floats(2.0, 8.0))
@example(0.0, 0.7, 0.5, 3.0)
def test_test_and_others_together_are_the_line(share, seconds, every, began):
    counts, own = a_router(
        others_bps=100e6 * share, test_bps=100e6 * (1 - share), seconds=seconds, began=began,
        every=every, until=began + seconds + 13,
    )  # fmt: skip
    found = others(counts, own)
    assert found.problem == ""
    assert 100e6 * (1 - share) + found.low == pytest.approx(100e6, rel=0.01)


def test_the_end_is_awaited_until_the_counters_moved_after_it():
    counts, own = a_router(others_bps=40e6, test_bps=60e6, refresh=5.0, until=30)
    reached = [settled(counts[:end], own) for end in range(1, len(counts))]
    assert reached == sorted(reached)
    first = counts[reached.index(True)].time_ns
    assert first >= 10 * SECOND
