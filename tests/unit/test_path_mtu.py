"""The search for a path's MTU, on imagined paths and in virtual time."""

import asyncio
from random import Random

import pytest
from fakes import clock
from fakes.path_door import ImaginedDoor, hop, target, too_big
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.path_mtu import MtuSearch, PathMtu
from probes.path_socket import Flow, Method

LINK_BYTES = 1500
FLOWS = {4: Flow(Method.ICMP, "192.0.2.1", 0, 1), 6: Flow(Method.ICMP, "2001:db8::1", 0, 1)}


def search(network, version=4, link_bytes=LINK_BYTES, within_seconds=20.0):
    door = ImaginedDoor(network)

    async def find():
        loop = asyncio.get_running_loop()
        until = loop.time() + within_seconds
        return await MtuSearch(door, FLOWS[version], 4, 0.2).run(link_bytes, lambda: until - loop.time())

    return clock.run(find()), door


def narrow(size_bytes, narrow_hop, announce):
    """Imagine a path whose link after a hop carries no more; `announce` is what its router names."""

    def network(hop_limit, packet_bytes):
        if packet_bytes > size_bytes and hop_limit > narrow_hop:
            return too_big(f"r{narrow_hop}", announce) if announce is not None else None
        return target() if hop_limit >= 4 else hop(f"r{hop_limit}")

    return network


def test_a_path_as_wide_as_the_own_link_takes_one_look():
    found, door = search(narrow(9000, 2, None))
    assert found == PathMtu(1500)
    assert len(door.sent) == 4


@settings(max_examples=60)
@given(st.integers(68, 1500), st.integers(1, 3))
def test_an_announced_mtu_is_found_and_its_router_named(size_bytes, narrow_hop):
    found, _ = search(narrow(size_bytes, narrow_hop, size_bytes))
    assert found == PathMtu(size_bytes, f"r{narrow_hop}" if size_bytes < 1500 else "")


@settings(max_examples=60)
@given(st.integers(68, 1499), st.integers(1, 3))
def test_a_black_hole_is_found_to_the_octet_and_to_the_hop(size_bytes, narrow_hop):
    found, door = search(narrow(size_bytes, narrow_hop, None))
    assert found == PathMtu(size_bytes, black_hole=True, last_hop=narrow_hop)
    assert len(door.sent) < 100


@settings(max_examples=30)
@given(st.integers(1280, 1499))
def test_ipv6_is_searched_from_its_own_least_size(size_bytes):
    found, _ = search(narrow(size_bytes, 2, None), version=6)
    assert found == PathMtu(size_bytes, black_hole=True, last_hop=2)


@settings(max_examples=60)
@given(st.integers(68, 1499), st.one_of(st.integers(0, 67), st.integers(1500, 70_000)))
def test_a_router_that_names_nonsense_still_says_that_it_dropped_the_packet(size_bytes, nonsense):
    found, _ = search(narrow(size_bytes, 2, nonsense))
    assert (found.size_bytes, found.black_hole) == (size_bytes, False)


@settings(max_examples=40)
@given(st.integers(68, 1400), st.integers(1, 99))
def test_a_router_that_names_too_much_is_corrected(size_bytes, more):
    found, _ = search(narrow(size_bytes, 2, min(size_bytes + more, 1499)))
    assert (found.size_bytes, found.black_hole) == (size_bytes, False)


def test_a_target_that_does_not_answer_has_no_mtu():
    assert search(lambda *_packet: None)[0] is None


def test_a_loopback_carries_the_largest_packet_there_is():
    assert search(narrow(70_000, 2, None), link_bytes=65_536)[0] == PathMtu(65_535)


@pytest.mark.parametrize("seed", range(40))
def test_random_loss_is_hardly_ever_taken_for_a_black_hole(seed):
    random, whole = Random(seed), narrow(9000, 2, None)
    found, _ = search(lambda *packet: whole(*packet) if random.random() > 0.3 else None)
    assert found is None or not found.black_hole


def test_without_time_for_the_place_the_size_is_still_told():
    found, _ = search(narrow(1400, 2, None), within_seconds=2.6)
    assert found == PathMtu(1400, black_hole=True, last_hop=None)
    assert search(narrow(1400, 2, None), within_seconds=1.0)[0] is None
