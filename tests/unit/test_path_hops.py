"""What a trace's packets add up to."""

import pytest
from fakes.path_door import answered, hop, refused, target

from probes.path_hops import End, HopState, loops, way_of


async def way(*rounds, max_hops=30):
    """Return the way that rounds of letters found: a-z for routers, T the target, X a refusal, `.` nobody."""
    packets = []
    for letters in rounds:
        for hop_limit, letter in enumerate(letters, 1):
            answer = {".": None, "T": target(), "X": refused("x")}.get(letter, hop(letter))
            packets.append(answered(hop_limit, answer))
    return way_of(packets, max_hops)


def states(found):
    return [hop.state for hop in found.hops]


async def test_what_went_past_the_target_is_no_hop():
    found = await way("abTTT", "abT")
    assert (found.end, found.addresses) == (End.TARGET, (("a",), ("b",), ("target",)))
    assert [hop.sent for hop in found.hops] == [2, 2, 2]


async def test_a_target_that_a_later_round_finds_sooner_is_that_near():
    found = await way("a.TT", "aTT")
    assert (len(found.hops), found.hops[1].answered, found.loss_begins) == (2, 1, 2)


async def test_a_hop_that_later_hops_prove_wrong_is_no_loss():
    found = await way("abcT", "a.cT", "a.cT")
    assert states(found) == [HopState.OK, HopState.LIMITED, HopState.OK, HopState.OK]
    assert [hop.loss_ratio for hop in found.hops] == [0, 0, 0, 0]
    assert (found.hops[1].unanswered_ratio, found.loss_begins) == (pytest.approx(2 / 3), 0)


async def test_loss_is_what_all_later_hops_lack_at_least():
    found = await way("abcT", "a.cT", "ab..", "a...")
    assert [hop.loss_ratio for hop in found.hops] == [0, 0.5, 0.5, 0.5]
    assert states(found) == [HopState.OK, HopState.LOSSY, HopState.LOSSY, HopState.LOSSY]
    assert found.loss_begins == 2


async def test_a_silent_hop_has_no_address_and_no_state_but_silent():
    found = await way("a.cT", "a.cT")
    assert (found.hops[1].addresses, found.hops[1].state) == ((), HopState.SILENT)


@pytest.mark.parametrize(
    ("letters", "end", "hops"),
    [
        ("abTTT", End.TARGET, 3),
        ("ab.....", End.SILENCE, 2),
        (".......", End.SILENCE, 0),
        ("abXX", End.REFUSAL, 3),
        ("abcbcbcb", End.LOOP, 8),
        ("abc", End.HOP_LIMIT, 3),
    ],
)
async def test_the_end_says_what_a_person_wants_to_know(letters, end, hops):
    found = await way(letters, max_hops=3 if end is End.HOP_LIMIT else 30)
    assert (found.end, len(found.hops)) == (end, hops)


@pytest.mark.parametrize(
    ("letters", "is_loop"), [("abc", False), ("aab", False), ("aba", True), ("aaa", True), ("a.a", False)]
)
def test_two_in_a_row_are_no_loop(letters, is_loop):
    assert loops([() if letter == "." else (letter,) for letter in letters]) is is_loop
