"""No octets from the network raise anything but our own errors, and a template never disagrees."""

from itertools import islice

from fakes.snmp_fuzz import Target, mutations, replies
from hypothesis import given, settings
from hypothesis import strategies as st

GOOD = [reply for reply in replies() if reply]
edits = st.lists(st.tuples(st.integers(0, 2_000), st.binary(max_size=4), st.integers(0, 4)), max_size=4)


def test_a_good_reply_is_lifted_as_it_is_decoded():
    target = Target()
    target.take(GOOD[0])
    assert target.found.lifted == 1


@settings(max_examples=150)
@given(st.sampled_from(GOOD), edits)
def test_a_damaged_reply_raises_nothing_but_our_own_errors(reply, changes):
    for at, octets, removed in changes:
        reply = reply[:at] + octets + reply[at + removed :]
    Target().take(reply)


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_any_octets_raise_nothing_but_our_own_errors(octets):
    Target().take(octets)


def test_two_thousand_mutations_are_taken_in_bounded_time():
    target = Target()
    for octets in islice(mutations(1), 2_000):
        target.take(octets)
    assert target.found.total < 4.0  # 2 ms each: twenty times what they take
    assert target.found.lifted > 5
