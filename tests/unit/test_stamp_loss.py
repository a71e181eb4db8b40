"""Losses by direction: exact whatever the network does, and silent where nothing can be known."""

from hypothesis import given, settings
from hypothesis import strategies as st

from probes.stamp_gate import Session
from probes.stamp_loss import Base, BothWays, Echo, account

NEW = Base()


def echoes(*pairs, counted=None):
    """Return echoes of (request, reply); `counted` gives the count of each where the reflector has one."""
    return [Echo(*pair, None if counted is None else counted[at]) for at, pair in enumerate(pairs)]


def counting(*pairs):
    """Return echoes of a reflector that got each request once: its count is one more than its number."""
    return [Echo(request, reply, reply + 1) for request, reply in pairs]


def test_a_train_without_loss_has_none():
    found = account(NEW, range(3), counting((0, 0), (1, 1), (2, 2)), stateful=False)
    assert (found.lost, found.unknown, found.base) == (BothWays(0, 0), 0, Base(2, 3))
    assert (found.duplicated, found.reordered) == (BothWays(0, 0), BothWays(0, 0))


def test_a_request_that_the_reflector_did_not_count_was_lost_on_the_way_there():
    assert account(NEW, range(3), counting((0, 0), (2, 1)), stateful=False).lost == BothWays(1, 0)


def test_a_number_of_the_reflector_that_is_missing_was_lost_on_the_way_back():
    assert account(NEW, range(3), counting((0, 0), (2, 2)), stateful=False).lost == BothWays(0, 1)


def test_what_follows_the_last_reply_is_told_apart():
    found = account(NEW, range(5), counting((0, 0), (2, 1)), stateful=False)
    assert (found.lost, found.unknown, found.base) == (BothWays(1, 0), 2, None)


def test_silence_has_no_direction():
    found = account(NEW, range(4), [], stateful=True)
    assert (found.lost, found.unknown, found.base) == (BothWays(None, None), 4, None)


def test_a_copy_of_a_request_takes_a_number_and_is_no_loss():
    found = account(
        NEW, range(3), echoes((0, 0), (1, 1), (1, 2), (2, 3), counted=(1, 2, 2, 3)), stateful=False
    )
    assert (found.lost, found.duplicated) == (BothWays(0, 0), BothWays(1, 0))


def test_a_copy_whose_reply_was_lost_hides_no_loss_from_a_reflector_that_counts():
    # 0 comes twice, the reply to its copy is lost; 1 is lost on the way there.
    found = account(NEW, range(3), echoes((0, 0), (2, 2), counted=(1, 2)), stateful=False)
    assert (found.lost, found.duplicated) == (BothWays(1, 1), BothWays(1, 0))


def test_a_reflector_that_counts_copies_too_is_not_believed_where_they_are_seen():
    found = account(NEW, range(4), counting((0, 0), (1, 1), (1, 2), (3, 3)), stateful=False)
    assert (found.lost, found.duplicated) == (BothWays(1, 0), BothWays(1, 0))


def test_a_copy_of_a_reply_is_known_by_its_number():
    found = account(NEW, range(2), counting((0, 0), (0, 0), (1, 1)), stateful=False)
    assert (found.lost, found.duplicated) == (BothWays(0, 0), BothWays(0, 1))


def test_order_is_kept_apart_by_direction():
    overtaken_forward = counting((1, 0), (0, 1), (2, 2))
    assert account(NEW, range(3), overtaken_forward, stateful=False).reordered == BothWays(1, 0)
    overtaken_backward = counting((1, 1), (0, 0), (2, 2))
    assert account(NEW, range(3), overtaken_backward, stateful=False).reordered == BothWays(0, 1)


def test_the_next_train_counts_on():
    found = account(Base(9, 8), range(10, 13), [Echo(10, 10, 9), Echo(12, 11, 10)], stateful=True)
    assert (found.lost, found.unknown) == (BothWays(1, 0), 0)


def test_without_a_base_the_first_reply_is_one_and_what_was_lost_before_it_is_unknown():
    found = account(None, range(10, 14), [Echo(11, 40, 31), Echo(13, 42, 33)], stateful=True)
    assert (found.lost, found.unknown, found.base) == (BothWays(0, 1), 1, Base(42, 33))


def test_a_reflector_that_began_anew_is_counted_from_its_first_reply():
    found = account(Base(99, 90), range(100, 103), [Echo(101, 0, 1), Echo(102, 1, 2)], stateful=True)
    assert (found.lost, found.unknown) == (BothWays(0, 0), 1)


def test_a_reflector_that_begins_anew_amid_a_train_is_not_reckoned_with():
    found = account(
        Base(99, 90),
        range(100, 104),
        [Echo(100, 100, 91), Echo(101, 101, 92), Echo(103, 0, 1)],
        stateful=True,
    )
    assert (found.lost, found.unknown, found.base) == (BothWays(None, None), 1, None)


def test_a_reflector_that_repeats_our_numbers_gives_losses_no_direction():
    found = account(NEW, range(3), echoes((0, 0), (2, 2)), stateful=False)
    assert (found.lost, found.unknown) == (BothWays(None, None), 1)
    assert account(NEW, range(2), echoes((0, 0), (1, 1)), stateful=False).lost == BothWays(0, 0)


def test_a_reflector_that_once_had_numbers_of_its_own_has_them_always():
    assert account(NEW, range(3), echoes((0, 0), (2, 2)), stateful=True).lost == BothWays(0, 1)


def test_without_counts_copies_are_subtracted_as_far_as_they_are_seen():
    found = account(NEW, range(4), echoes((0, 0), (1, 1), (1, 2), (3, 3)), stateful=False)
    assert (found.lost, found.duplicated) == (BothWays(1, 0), BothWays(1, 0))


# The whole: a network that loses, copies and reorders both ways, and a reflector that counts.

FATES = st.tuples(
    st.sampled_from(("pass", "pass", "pass", "lose", "copy")),
    st.integers(0, 4),
    st.lists(
        st.tuples(st.sampled_from(("pass", "pass", "lose", "copy")), st.integers(0, 4)),
        min_size=2,
        max_size=2,
    ),
)


class Network:
    """Carries trains, each of which ends in quiet; knows the truth."""

    def __init__(self):
        self.session, self.next = Session(0.0), 0

    def train(self, fates):
        truth, coming = {"forward": 0, "backward": 0, "copied": 0}, []
        first = self.next
        for at, (fate, late, replies) in enumerate(fates):
            truth["forward"] += fate == "lose"
            truth["copied"] += fate == "copy"
            copies = {"lose": 0, "pass": 1, "copy": 2}[fate]
            coming += [(at + late, first + at, replies[copy]) for copy in range(copies)]
        self.next += len(fates)
        back = []
        for at, (_, request, (fate, late)) in enumerate(sorted(coming, key=lambda one: one[0])):
            self.session.count(request)
            echo = Echo(request, self.session.replies, self.session.counted)
            self.session.replies += 1
            truth["backward"] += fate == "lose"
            back += [(at + late, echo)] * {"lose": 0, "pass": 1, "copy": 2}[fate]
        return range(first, self.next), [echo for _, echo in sorted(back, key=lambda one: one[0])], truth


PASSES = ("pass", 0, [("pass", 0), ("pass", 0)])


@settings(deadline=None, max_examples=80)
@given(st.lists(st.lists(FATES, min_size=1, max_size=12), min_size=1, max_size=3))
def test_once_a_later_packet_is_answered_every_loss_and_copy_has_its_direction(trains):
    network, base = Network(), NEW
    for fates in trains:
        quiet = ("pass", 10, PASSES[2])
        requests, found, truth = network.train([*fates, quiet])
        told = account(base, requests, found, stateful=True)
        assert told.lost == BothWays(truth["forward"], truth["backward"])
        assert (told.unknown, told.duplicated.forward) == (0, truth["copied"])
        base = told.base


@settings(deadline=None, max_examples=80)
@given(st.lists(FATES, min_size=1, max_size=12))
def test_without_one_no_more_is_claimed_than_was_lost(fates):
    requests, found, truth = Network().train(fates)
    told = account(NEW, requests, found, stateful=True)
    unanswered = len(requests) - len({echo.request for echo in found})
    assert 0 <= told.unknown <= unanswered
    assert told.lost.backward is None or told.lost.backward <= truth["backward"]
