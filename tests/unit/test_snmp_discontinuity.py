"""Epochs: they change exactly when growth across two polls means nothing."""

from hypothesis import given
from hypothesis import strategies as st

from collectors.snmp.discontinuity import Columns, Counted, Epochs


def note(epochs, **ports):
    return epochs.note({name: Counted(*port) for name, port in ports.items()})


def test_counters_that_grow_keep_their_epoch():
    epochs = Epochs(100)
    assert note(epochs, a=(1, 0, (5, 9)), b=(2, 0, (5, 9))) == ((100, 100), [])
    assert note(epochs, a=(1, 0, (6, 9)), b=(2, 0, (7, None))) == ((100, 100), [])


def test_a_counter_that_falls_starts_a_new_epoch_of_its_port_only_and_is_told():
    epochs = Epochs(100)
    note(epochs, a=(1, 0, (5, 9)), b=(2, 0, (5, 9)))
    now, fallen = note(epochs, a=(1, 0, (5, 3)), b=(2, 0, (6, 9)))
    assert now[0] != 100
    assert now[1] == 100
    assert fallen == ["a"]
    assert note(epochs, a=(1, 0, (6, 4)), b=(2, 0, (6, 9))) == (now, [])


def test_a_moved_discontinuity_time_is_a_new_epoch_and_no_surprise():
    epochs = Epochs(100)
    note(epochs, a=(1, 0, (5,)))
    (epoch,), fallen = note(epochs, a=(1, 777, (0,)))
    assert epoch != 100
    assert fallen == []


def test_a_fall_behind_a_gap_is_still_seen():
    epochs = Epochs(100)
    note(epochs, a=(1, None, (5,)))
    note(epochs, a=(1, None, (None,)))
    (epoch,), fallen = note(epochs, a=(1, None, (3,)))
    assert (epoch != 100, fallen) == (True, ["a"])


def test_another_if_index_under_the_same_name_is_a_new_epoch():
    epochs = Epochs(100)
    note(epochs, a=(1, 0, (5,)))
    assert note(epochs, a=(2, 0, (6,)))[0] != (100,)


def test_a_port_that_was_away_comes_back_in_a_new_epoch():
    epochs = Epochs(100)
    note(epochs, a=(1, 0, (5,)), b=(2, 0, (5,)))
    note(epochs, a=(1, 0, (5,)))
    assert note(epochs, a=(1, 0, (5,)), b=(2, 0, (6,)))[0] == (100, 101)


def test_a_restart_is_a_new_epoch_for_all():
    epochs = Epochs(100)
    note(epochs, a=(1, 0, (5,)), b=(2, 0, (5,)))
    epochs.restart()
    now, fallen = note(epochs, a=(1, 0, (9,)), b=(2, 0, (1,)))
    assert (100 in now, fallen) == (False, [])


counts = st.one_of(st.none(), st.integers(0, 5))
polls = st.lists(
    st.one_of(
        st.none(),
        st.tuples(st.lists(st.tuples(st.integers(1, 2), counts, counts, counts), min_size=2, max_size=2)),
    ),
    max_size=8,
)


@given(polls)
def test_whole_columns_give_what_ports_one_by_one_give(polls):
    by_port, by_column = Epochs(100), Epochs(100)
    for poll in polls:
        if poll is None:
            by_port.restart()
            by_column.restart()
            continue
        (rows,) = poll
        indexes, restarts, *columns = zip(*rows, strict=True)
        now = Columns(("a", "b"), indexes, restarts, tuple(map(list, columns)))
        assert tuple(map(list, by_column.note_columns(now))) == tuple(map(list, by_port.note(now.ports())))
