"""How a trace asks hop after hop, on imagined paths and in virtual time."""

import asyncio

import pytest
from fakes import clock
from fakes.context import make_context
from fakes.path_door import ImaginedDoor, hop, target

from netmon import sdk
from probes.path_hops import End, way_of
from probes.path_trace import Plan, Tracer, trace_all


def trace(network, rounds=3, within_seconds=20.0, max_hops=30, **door):
    opened = ImaginedDoor(network, **door)

    async def run():
        virtual = clock.FakeClock()
        began = asyncio.get_running_loop().time()
        plan = Plan(rounds, max_hops, 1.0, 0.2, virtual.monotonic() + within_seconds)
        packets = await Tracer(opened, plan, make_context(clock=virtual)).run()
        return way_of(packets, max_hops), asyncio.get_running_loop().time() - began

    way, seconds = clock.run(run())
    return way, opened, seconds


def path(length, *silent):
    def network(hop_limit, _size_bytes):
        if hop_limit in silent:
            return None
        return target() if hop_limit >= length else hop(f"r{hop_limit}")

    return network


@pytest.mark.parametrize("alone", [False, True], ids=["together", "one at a time"])
def test_each_hop_is_asked_once_a_round(alone):
    way, _door, _seconds = trace(path(9), rounds=4, alone=alone)
    assert (way.end, [h.sent for h in way.hops]) == (End.TARGET, [4] * 9)


def test_little_is_sent_past_the_target():
    _way, door, _seconds = trace(path(1), rounds=1)
    assert len(door.sent) <= 4


def test_a_trace_without_silence_takes_little_more_than_its_pauses():
    assert trace(path(12))[2] < 1.0


def test_silent_hops_before_the_target_do_not_hide_it():
    way, _door, seconds = trace(path(12, 3, 5, 6, 7, 8))
    assert (way.end, len(way.hops)) == (End.TARGET, 12)
    assert seconds < 3


def test_silence_ends_a_trace_soon():
    way, door, seconds = trace(path(3, *range(3, 31)))
    assert (way.end, len(way.hops)) == (End.SILENCE, 2)
    assert (len(door.sent) < 30, seconds < 5) == (True, True)


def test_a_target_that_comes_back_in_a_later_round_is_found():
    asked = []

    def network(hop_limit, size_bytes):
        asked.append(hop_limit)
        return path(4, *([] if len(asked) > 12 else [3, 4, 5, 6, 7, 8, 9]))(hop_limit, size_bytes)

    way, _door, _seconds = trace(network)
    assert (way.end, len(way.hops)) == (End.TARGET, 4)


def test_a_loop_is_not_followed_to_the_end():
    way, door, _seconds = trace(lambda hop_limit, _size: hop("ab"[hop_limit % 2]))
    assert way.end is End.LOOP
    assert len(door.sent) < 20


def test_routers_that_quote_too_little_are_asked_one_at_a_time():
    way, door, _seconds = trace(path(5), bare=True)
    assert (way.end, [h.sent for h in way.hops], door.alone) == (End.TARGET, [3] * 5, True)
    assert way.loss_begins == 0


def test_the_deadline_ends_everything():
    _way, _door, seconds = trace(path(20, *range(2, 20)), alone=True, within_seconds=2.5)
    assert seconds < 3


def test_a_flow_that_fails_leaves_no_other_one_tracing():
    def failing(hop_limit, _size_bytes):
        if hop_limit > 4:
            raise sdk.SourceError(sdk.Outcome.BUSY, "no port is left")
        return hop(f"r{hop_limit}")

    async def run():
        virtual = clock.FakeClock()
        plan = Plan(3, 30, 1.0, 0.2, virtual.monotonic() + 20)
        doors = ImaginedDoor(failing), ImaginedDoor(path(9), alone=True)
        with pytest.raises(sdk.SourceError, match="no port"):
            await trace_all(Tracer(door, plan, make_context(clock=virtual)) for door in doors)
        sent = len(doors[1].sent)
        await asyncio.sleep(5)
        return sent, len(doors[1].sent)

    before, after = clock.run(run())
    assert 0 < before == after
