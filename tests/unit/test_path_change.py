"""A change of way is one event, and a way that flaps is a handful."""

from probes.path_change import Known, WayMemory
from probes.path_hops import End, Hop, Way


def way(letters, end=End.TARGET):
    """Return a way of one-letter addresses; `.` is a silent hop."""
    hops = tuple(
        Hop(number, () if letter == "." else (letter,), 3, 3, (), kernel=True, loss_ratio=0)
        for number, letter in enumerate(letters, 1)
    )
    return Way(hops, end)


def changes(*ways, every_seconds=60.0):
    memory = WayMemory()
    found = [memory.see(one, number * every_seconds) for number, one in enumerate(ways)]
    return [(number, change) for number, change in enumerate(found) if change is not None]


def test_a_way_that_stays_is_no_change():
    assert changes(*[way("abT")] * 5) == []


def test_a_new_way_counts_when_it_was_seen_twice_in_a_row():
    ((number, change),) = changes(way("abT"), way("acT"), way("acT"), way("acT"))
    assert number == 2
    assert (change.old.hops, change.new.hops) == ((("a",), ("b",), ("T",)), (("a",), ("c",), ("T",)))


def test_a_single_other_sighting_is_no_change():
    assert changes(way("abT"), way("acT"), way("abT"), way("adT"), way("abT")) == []


def test_a_hop_that_is_silent_now_is_no_change_and_is_learnt_later():
    assert changes(way("a.T"), way("abT"), way("a.T"), way("..T")) == []
    ((_, change),) = changes(way("a.T"), way("abT"), way("acT"), way("acT"))
    assert change.old.hops[1] == ("b",)


def test_a_longer_way_is_another_one():
    assert len(changes(way("abT"), way("abcT"), way("abcT"))) == 1


def test_a_line_that_is_cut_is_not_another_way():
    assert changes(way("abT"), *[way("a", End.SILENCE)] * 4, way("abT")) == []
    assert changes(way("abT"), *[way("", End.SILENCE)] * 4) == []


def test_a_cut_way_by_another_router_is_another_way():
    assert len(changes(way("abT"), *[way("ac", End.SILENCE)] * 2)) == 1


def test_a_way_that_flaps_is_a_handful_of_events():
    flapping = [way("abT" if (turn // 2) % 2 else "acT") for turn in range(60)]
    assert len(changes(*flapping)) <= 2
    slower = [way("abT" if (turn // 8) % 2 else "acT") for turn in range(60)]
    assert len(changes(*slower)) <= 3


def test_changes_that_lie_hours_apart_are_each_told_soon():
    days = [*[way("abT")] * 3, *[way("acT")] * 3, *[way("abT")] * 3]
    assert [number for number, _ in changes(*days, every_seconds=1800)] == [4, 7]


def test_knowledge_of_one_way_only_grows():
    known = Known((("a",), (), ("c",)), complete=False)
    assert known.with_more_from(Known((("a",), ("b",)), complete=False)).hops == (("a",), ("b",), ("c",))
