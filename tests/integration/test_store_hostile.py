"""Records that no plugin should make: each costs itself alone, and never the daemon or its neighbours."""

import asyncio
import logging
from types import SimpleNamespace

import pytest
from fakes.records import OCTETS, SECONDS, reading, shape, stamp
from fakes.store_clock import HandClock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netmon.errors import StoreError
from netmon.model import Event, Fact, Metric, Outcome, Reading, Row, Shape, Stamp
from netmon.store.frames import Frame, Framer
from netmon.store.history import open_history

LONE = "\ud800"
DEEP: list[object] = []
for _ in range(5_000):
    DEEP = [DEEP]


class Rude:
    """Refuses everything, in a way of its own."""

    def __len__(self):
        raise RuntimeError("no")

    __iter__ = __eq__ = __str__ = __repr__ = __len__

    def __hash__(self):
        raise OSError(5, "not even that")


class Grown(list[object]):
    """A column that was one cell long when its reading was made."""

    asked = 0

    def __len__(self):
        self.asked += 1
        return 1 if self.asked == 1 else 2


ODD_STAMPS = [
    None, Stamp("b", 2**70, 0), Stamp("b", -1, 0), Stamp("b", 5, 2**63), Stamp("b", 5, -(2**63)),
    Stamp("b", 0.5, 1), Stamp("b", 5, 1.5), Stamp(None, 5, 1), Stamp(LONE, 5, 1), Stamp(b"b", 5, 1), Rude(),
]  # fmt: skip
ODD_TEXTS = [None, 7, b"x", Rude()]
ODD_KEYS = [None, "ab", (("a",),), (("a", 1),), ((None, "x"),), (("a", "b", "c"),), 5, Rude(), DEEP]
ODD_VALUES = [None, {"x": object()}, {"x": Rude()}, {"x": DEEP}, {("a",): 1}, 5, {"x": 10**5000}, Rude()]
ODD_CELLS = ["text", object(), b"xx", 1j, Rude(), [1], 10**5000]


def with_cell(value):
    return Reading(shape(), stamp(), ([value],), (Outcome.OK,))


def of_row(row):
    return Reading(Shape("tcp", (SECONDS,), (row,)), stamp(), ([0.1],), (Outcome.OK,))


def odd_records():
    yield from (None, 5, "text", object(), Rude(), SimpleNamespace(stamp=stamp(), kind=Rude()))
    yield object.__new__(Reading)
    yield object.__new__(Event)
    for odd in ODD_STAMPS:
        yield Event("note", (), "x", odd)
        yield Fact("system", (), {}, odd)
        yield Reading(shape(), odd, ([0.1],), (Outcome.OK,))
    for odd in ODD_TEXTS:
        yield Event("note", (), odd, stamp())
    for odd in (*ODD_TEXTS, LONE):
        yield Event(odd, (), "x", stamp())
        yield Fact(odd, (), {}, stamp())
        yield Reading(Shape(odd, (SECONDS,), (Row(()),)), stamp(), ([0.1],), (Outcome.OK,))
    for odd in ODD_KEYS:
        yield Event("note", odd, "x", stamp())
        yield Fact("system", odd, {}, stamp())
    for odd in (None, (("a", 1),), (("a",),), DEEP):
        yield of_row(Row((), texts=odd))
        yield of_row(Row((), info=odd))
    for odd in ODD_VALUES:
        yield Fact("system", (), odd, stamp())
        yield Event("note", (), "x", stamp(), odd)
    for odd in ODD_CELLS:
        yield with_cell(odd)
        yield Reading(shape(), stamp(), ([0.1],), (odd,))
    for odd in ("text", object(), Rude()):
        yield Reading(shape(), stamp(), ([0.1],), (Outcome.OK,), (odd,))
    yield Event("note", (), "x", stamp(), {}, "for ever")
    yield Reading(Shape("tcp", (SECONDS,), (Row(()),), "for ever"), stamp(), ([0.1],), (Outcome.OK,))
    yield Reading(
        Shape("tcp", (Metric("odd", "x", "no kind"),), (Row(()),)), stamp(), ([0.1],), (Outcome.OK,)
    )
    yield Reading(shape(), stamp(), (Grown([0.1, 0.2]),), (Outcome.OK,))


ODD = list(odd_records())


async def stored_with(folder, records):
    """Return what a history makes of records, in this order: records read back, and how many it refused."""
    folder.mkdir(exist_ok=True)
    history = open_history(folder, HandClock())
    before = history.newest
    try:
        history.accept(records)
        await history.commit()
        entries = await history.after(before, 10_000)
        return [entry.record for entry in entries], history
    finally:
        await history.close()


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_an_odd_record_is_refused_where_it_comes_in(odd):
    with pytest.raises(Exception):  # noqa: B017 - which one is the record's own affair
        Framer().frame(odd)


async def test_all_odd_records_are_counted_and_their_neighbours_written(tmp_path, caplog):
    caplog.set_level(logging.ERROR)
    mixed = [part for odd in ODD for part in (odd, Event("note", (), "sound", stamp()))]
    found, history = await stored_with(tmp_path, mixed)
    assert [record.text for record in found] == ["sound"] * len(ODD)
    assert history.unstorable_total == len(ODD)
    assert history.damaged_total == 0


SOUND = st.builds(
    lambda second, value: reading(shape(metrics=(OCTETS,)), second, [value]),
    st.integers(0, 10**6),
    st.integers(0, 2**64),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(st.one_of(SOUND, st.integers(0, len(ODD) - 1)), max_size=40))
def test_sound_records_are_written_whatever_stands_between_them(tmp_path, caplog, drawn):
    caplog.set_level(logging.CRITICAL)
    sound = [one for one in drawn if isinstance(one, Reading)]
    records = [ODD[one] if isinstance(one, int) else one for one in drawn]
    found, history = asyncio.run(stored_with(tmp_path, records))
    assert [(one.stamp, list(one.columns[0])) for one in found] == [
        (one.stamp, list(one.columns[0])) for one in sound
    ]
    assert history.unstorable_total == len(records) - len(sound)


async def test_each_kind_of_odd_record_is_told_once(tmp_path, caplog):
    odd = [Fact(kind, (), {"x": object()}, stamp()) for kind in ("one", "other", "one", "other")]
    _, history = await stored_with(tmp_path, odd)
    told = [one.getMessage() for one in caplog.records if "cannot be stored" in one.getMessage()]
    assert [("'one'" in text, "'other'" in text) for text in told] == [(True, False), (False, True)]
    assert history.unstorable_total == 4


async def test_a_frame_that_makes_no_row_is_left_out_and_the_others_are_written(tmp_path):
    history = open_history(tmp_path, HandClock())
    good = Framer().frame(Event("note", (), "sound", stamp()))
    odd = Frame(good.subject, Stamp("boot-9", 2**70, 0), good.codec, good.payload)
    writer = history._journal._writer
    assert [frame for frame, _ in writer.write([odd, good, odd, good], {})] == [odd, odd]
    assert writer.newest == 2
    (first, second) = await history.after(0, 9)
    assert first.record.stamp == second.record.stamp == stamp()
    await history.close()


async def test_an_error_that_is_no_records_fault_forgets_nothing(tmp_path):
    history = open_history(tmp_path, HandClock())
    history.accept([Event("note", (), "waits", stamp())])
    await history.cursor("influx")
    await history.advance("influx", 2**70)
    with pytest.raises(StoreError, match="cannot be used"):
        await history.commit()
    assert history.pending_records == 1
    await history.advance("influx", 0)
    assert await history.commit() == 1
    await history.close()


async def test_what_is_nested_too_deeply_to_be_read_never_stops_a_sink(tmp_path):
    nested, records = [], []
    for depth in range(1000):
        nested = [nested]
        if depth > 850:
            records.append(Fact("system", (("depth", str(depth)),), {"x": nested}, stamp(depth)))
    found, history = await stored_with(tmp_path, [*records, Event("note", (), "sound", stamp())])
    assert found[-1].text == "sound"
    assert len(found) + history.unstorable_total + history.damaged_total == len(records) + 1
