from netmon.store.backlog import Backlog


def filled(limit, *items):
    backlog = Backlog(limit)
    for name, size, precious in items:
        backlog.add(name, size, precious=precious)
    return backlog


def test_items_come_out_in_the_order_they_came():
    backlog = filled(100, ("a", 1, False), ("b", 1, True), ("c", 1, False))
    assert backlog.items() == ["a", "b", "c"]
    assert backlog.take() == ["a", "b", "c"]
    assert (len(backlog), backlog.size_bytes) == (0, 0)


def test_the_oldest_common_ones_go_first_when_it_is_full():
    backlog = filled(10, ("evidence", 4, True), ("old", 4, False), ("new", 2, False))
    assert backlog.add("newer", 3, precious=False) == ["old"]
    assert backlog.items() == ["evidence", "new", "newer"]
    assert backlog.dropped_total == 1


def test_precious_ones_go_when_nothing_else_is_left():
    backlog = filled(10, ("a", 6, True), ("b", 6, True))
    assert backlog.items() == ["b"]


def test_one_that_is_larger_than_the_bound_does_not_stay():
    assert filled(10, ("huge", 11, False)).items() == []
