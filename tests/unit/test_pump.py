"""The pump, over a history in memory and a sink that fails as told, in virtual time."""

import asyncio
import logging
from collections import Counter, deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

import pytest
from fakes import clock as virtual
from fakes import records
from fakes.clock import FakeClock
from fakes.history import MemoryHistory

from netmon.delivery.courier import PumpState
from netmon.delivery.lanes import Lanes
from netmon.delivery.line import LineEncoder
from netmon.delivery.pacing import BatchSize
from netmon.delivery.place import Place
from netmon.delivery.pump import Pump
from netmon.delivery.sink import Sink
from netmon.errors import Parked, Rejected, RetryLater, StoreError, TooLarge, Unreachable
from netmon.model import Event, Fact


@dataclass
class ScriptedSink(Sink):
    """Fails once per entry of `failures`, and for ever on lines that `poison` names."""

    failures: deque = field(default_factory=deque)
    poison: tuple[bytes, ...] = ()
    keeps_good_lines: bool = False
    max_lines: int = 1_000_000
    max_bytes: int = 10**9
    unspeakable: int = 0
    delay_seconds: float = 0.0
    batch_lines: int = 1000
    name: str = "fake"
    taken: list[bytes] = field(default_factory=list)
    requests: list[tuple[float, int]] = field(default_factory=list)
    closed: bool = False
    hung_up: bool = False

    def __post_init__(self):
        self._encoder = LineEncoder()

    def encode(self, record):
        if self.unspeakable and record.columns[0][0] == self.unspeakable - 0.5:
            raise OverflowError("int too large to convert to float")
        return self._encoder.encode(record)

    async def send(self, lines):
        self.requests.append((asyncio.get_running_loop().time(), len(lines)))
        await asyncio.sleep(self.delay_seconds)
        if self.failures:
            raise self.failures.popleft()
        if len(lines) > self.max_lines or sum(map(len, lines)) > self.max_bytes:
            raise TooLarge("too large")
        bad = [line for line in lines if any(word in line for word in self.poison)]
        if bad and self.keeps_good_lines:
            self.taken += [line for line in lines if line not in bad]
            raise Rejected(f"partial write: dropped={len(bad)}", partial=True)
        if bad:
            raise Rejected("unable to parse")
        self.taken += lines

    async def close(self):
        self.closed = True


def readings(count, rows=("a",)):
    shape = records.shape(rows=rows)
    return [records.reading(shape, n, [n + 0.5] * len(rows)) for n in range(count)]


def history(count=10, rows=("a",)):
    return MemoryHistory(readings(count, rows))


@asynccontextmanager
async def running(store, sink):
    pump = Pump(store, sink, FakeClock(), random=Random(1))
    task = asyncio.create_task(pump.run())
    try:
        yield pump
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled()


async def until(condition, every_seconds=1.0):
    while not condition():  # noqa: ASYNC110 - virtual time: the sleep is what makes it pass
        await asyncio.sleep(every_seconds)


async def drain(store, sink):
    async with running(store, sink) as pump:
        await until(lambda: store.cursors.get(sink.name) == len(store.committed))
    return pump


def seconds(lines):
    return sorted(float(line.split()[1].split(b"=")[1]) for line in lines)


def test_it_delivers_everything_in_order_saves_its_place_and_closes_the_sink():
    store, sink = history(600), ScriptedSink()
    pump = virtual.run(drain(store, sink))
    assert [line.split()[1] for line in sink.taken] == [
        f"probe_duration_seconds={n + 0.5}".encode() for n in range(600)
    ]
    assert (store.cursors, pump.courier.sent_total, sink.closed) == ({"fake": 600}, 600, True)


def test_it_continues_where_it_stopped():
    store, sink = history(10), ScriptedSink()
    store.cursors["fake"] = 7
    virtual.run(drain(store, sink))
    assert seconds(sink.taken) == [7.5, 8.5, 9.5]


def test_it_sends_new_records_when_it_hears_of_them_and_otherwise_within_a_second():
    async def story():
        store, sink = history(1), ScriptedSink()
        async with running(store, sink) as pump:
            await until(lambda: pump.position == 1)
            for told in (True, False):
                store.accept([records.reading(records.shape(), 50, [50.0])])
                newest, began = await store.commit(), asyncio.get_running_loop().time()
                if told:
                    pump.committed(newest)
                await until(lambda newest=newest: pump.position == newest, 0.01)
                waited = asyncio.get_running_loop().time() - began
                assert waited < (0.05 if told else 1.1)

    virtual.run(story())


def test_a_dead_server_is_asked_again_for_ever_with_growing_pauses_and_one_log_line(caplog):
    store, sink = history(3), ScriptedSink(failures=deque(RetryLater("refused") for _ in range(40)))
    caplog.set_level(logging.INFO)
    pump = virtual.run(drain(store, sink))
    moments = [moment for moment, _ in sink.requests]
    gaps = [after - before for before, after in pairwise(moments)]
    assert max(gaps) <= 60.1
    assert sum(gaps[-20:]) > sum(gaps[:20])
    assert (pump.courier.sent_total, pump.courier.retried_total, pump.state) == (3, 40, PumpState.OK)
    assert [r.message for r in caplog.records] == [
        "fake: retrying (refused); nothing is lost", "fake takes data again",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "least", "most"), [(30.0, 30, 31.1), (315_360_000.0, 900, 901.1), (-5, 0, 1.1)]
)
def test_retry_after_is_obeyed_up_to_a_quarter_of_an_hour(asked, least, most):
    sink = ScriptedSink(failures=deque([RetryLater("429", asked)]))
    virtual.run(drain(history(1), sink))
    (first, _), (second, _) = sink.requests
    assert least <= second - first <= most


def test_parked_is_tried_slowly_and_said_once_per_reason(caplog):
    failures = deque([Parked("401")] * 8 + [Parked("404")] * 2)
    sink = ScriptedSink(failures=failures)
    pump = virtual.run(drain(history(1), sink))
    moments = [moment for moment, _ in sink.requests]
    gaps = [after - before for before, after in pairwise(moments)]
    assert 54 <= min(gaps) <= 60.1
    assert 810 <= max(gaps) <= 900.1
    assert [r.message for r in caplog.records if r.levelno == logging.ERROR] == [
        "fake: parked (401); nothing is lost", "fake: parked (404); nothing is lost",
    ]  # fmt: skip
    assert pump.courier.sent_total == 1


def test_too_large_batches_are_halved_and_the_limit_is_remembered():
    sink = ScriptedSink(max_lines=100)
    virtual.run(drain(history(1000), sink))
    sizes = [size for _, size in sink.requests]
    assert len(sink.taken) == 1000
    assert sum(size > 100 for size in sizes) <= 3


def test_a_single_line_that_is_too_large_is_set_aside_and_its_neighbours_pass():
    huge = Event("note", (), "x" * 100_000, records.stamp())
    store, sink = MemoryHistory([*readings(2), huge, *readings(1)]), ScriptedSink(max_bytes=10_000)
    pump = virtual.run(drain(store, sink))
    ((_, position, _, _),) = store.quarantined
    assert (position, len(sink.taken), pump.courier.quarantined_total) == (3, 3, 1)


def test_a_receiver_that_finds_everything_too_large_parks_and_costs_no_line():
    store, sink = history(1000), ScriptedSink(failures=deque([TooLarge("413 of a proxy")] * 13))
    pump = virtual.run(drain(store, sink))
    assert (len(sink.taken), store.quarantined) == (1000, [])
    assert pump.courier.retried_total > 0
    # It was no limit of the receiver's: what comes then goes out whole again.
    assert max(size for _, size in sink.requests[-3:]) > 100


def test_a_sink_whose_encoder_is_broken_parks_rather_than_setting_everything_aside():
    @dataclass
    class Broken(ScriptedSink):
        def encode(self, _record):
            raise TypeError("a defect")

    async def story():
        async with running(store, Broken()) as pump:
            await until(lambda: pump.state is PumpState.PARKED)
            await asyncio.sleep(3600)

    store = history(1000)
    virtual.run(story())
    assert len(store.quarantined) == 10
    assert not store.cursors.get("fake")


def test_a_record_that_cannot_be_encoded_is_set_aside_and_stops_no_other():
    store, sink = history(20), ScriptedSink(unspeakable=7)
    pump = virtual.run(drain(store, sink))
    ((_, position, _, reason),) = store.quarantined
    assert (position, len(sink.taken), pump.courier.quarantined_total) == (7, 19, 1)
    assert "cannot be encoded" in reason


def test_bad_lines_are_found_and_set_aside_and_the_rest_is_delivered():
    store, sink = history(500), ScriptedSink(poison=(b"=77.5", b"=400.5"))
    pump = virtual.run(drain(store, sink))
    assert len(sink.taken) == 498
    assert [(position, reason) for _, position, _, reason in store.quarantined] == [
        (78, "unable to parse"), (401, "unable to parse"),
    ]  # fmt: skip
    assert (pump.courier.sent_total, pump.courier.quarantined_total) == (498, 2)


def test_a_partial_write_names_its_line_and_loses_no_other():
    store, sink = history(200), ScriptedSink(poison=(b"=77.5",), keeps_good_lines=True)
    virtual.run(drain(store, sink))
    assert len(set(sink.taken)) == 199
    assert [position for _, position, _, _ in store.quarantined] == [78]


def test_a_storm_of_partial_writes_costs_a_bounded_number_of_requests():
    store, sink = history(250), ScriptedSink(poison=(b".5",), keeps_good_lines=True)
    virtual.run(drain(store, sink))
    assert len(sink.requests) < 100
    assert "the others were kept" in store.quarantined[-1][3]


def test_a_slow_server_gets_smaller_requests():
    sink = ScriptedSink(delay_seconds=6.0)
    virtual.run(drain(history(4, rows=[f"t{n}" for n in range(1000)]), sink))
    assert sink.requests[0][1] == 1000
    assert min(size for _, size in sink.requests) <= 125


def test_facts_move_the_cursor_and_send_nothing():
    store = MemoryHistory([Fact("system", (("site", "lib"),), {}, records.stamp())])
    sink = ScriptedSink()
    virtual.run(drain(store, sink))
    assert (store.cursors, sink.requests) == ({"fake": 1}, [])


def test_one_dead_sink_delays_no_other():
    async def story():
        store = history(5)
        dead, alive = (
            ScriptedSink(name="dead", failures=deque([Parked("401")] * 99)),
            ScriptedSink(name="alive"),
        )
        async with running(store, dead) as first, running(store, alive) as second:
            await until(lambda: store.cursors.get("alive") == 5)
            assert (first.state, second.state) == (PumpState.PARKED, PumpState.OK)
            assert (first.queued_records, second.queued_records) == (5, 0)
        return store.cursors

    assert virtual.run(story()) == {"alive": 5}


def test_lag_is_the_age_of_the_oldest_record_not_delivered():
    async def story():
        sink = ScriptedSink(failures=deque([Parked("401")] * 99))
        async with running(history(5), sink) as pump:
            await asyncio.sleep(500)
            behind = pump.lag_seconds
            sink.failures.clear()
            await until(lambda: pump.position == 5 and pump.lag_seconds == 0.0)
            return behind

    assert virtual.run(story()) == pytest.approx(500, abs=0.1)


def test_records_that_expired_before_their_turn_are_counted():
    class Expired(MemoryHistory):
        async def after(self, position, limit):
            return [entry for entry in await super().after(position, 99) if entry.position > 4][:limit]

    store = Expired(records.reading(records.shape(), n, [1.0]) for n in range(10))
    store.cursors["fake"] = 1
    pump = virtual.run(drain(store, ScriptedSink()))
    assert (pump.courier.sent_total, pump.dropped_total) == (6, 3)


def test_a_disk_that_refuses_is_waited_for():
    class Refusing(MemoryHistory):
        refusals = 3

        async def after(self, position, limit):
            if self.refusals:
                self.refusals -= 1
                raise StoreError("input/output error")
            return await super().after(position, limit)

    store = Refusing([records.reading(records.shape(), 0, [1.0])])
    pump = virtual.run(drain(store, ScriptedSink()))
    assert (pump.courier.sent_total, pump.courier.retried_total) == (1, 3)


def test_a_defect_in_a_sink_is_logged_once_and_stops_nobody(caplog):
    sink = ScriptedSink(failures=deque([KeyError("defect"), KeyError("defect")]))
    pump = virtual.run(drain(history(2), sink))
    assert pump.courier.sent_total == 2
    assert len([r for r in caplog.records if r.exc_info]) == 1


def test_after_an_outage_the_last_seconds_are_sent_again_because_a_crash_may_have_taken_them():
    async def story():
        store, sink = history(0), ScriptedSink()
        async with running(store, sink) as pump:
            for n in range(10):
                store.accept([records.reading(records.shape(), n, [n + 0.5])])
                pump.committed(await store.commit())
                if n == 9:
                    sink.failures.append(Unreachable("connection refused"))
                await asyncio.sleep(4)
            await until(lambda: store.cursors.get("fake") == 10)
        return sink.taken

    assert Counter(seconds(virtual.run(story()))) == {n + 0.5: 2 if n > 5 else 1 for n in range(10)}


def test_a_line_that_breaks_all_the_time_does_not_stop_progress():
    place = Place(settle_seconds=15.0)
    for n in range(20):
        place.position += 1
        place.doubt()
        place.reached(n * 10.0)
        place.settle(n * 10.0)
    assert place.settled > 10


def test_what_is_little_is_sent_again_after_each_crash_however_many_follow_each_other():
    place, now = Place(settle_seconds=15.0), 0.0
    for crash in range(1, 26):
        place.doubt()
        place.position = 40 * crash
        place.reached(now)
        assert place.position == 0, "nothing of it is surely safe"
        place.position = 40 * crash
        place.reached(now)
        place.settle(now)
        now += 10.0
    assert place.settled == 0
    place.settle(now + 15.0)
    assert place.settled == 1000


def test_a_server_that_hangs_up_while_nothing_is_sent_gets_the_last_seconds_again():
    async def story():
        store, sink = MemoryHistory(()), ScriptedSink()
        async with running(store, sink) as pump:
            for n in range(3):
                store.accept(readings(10)[n : n + 1])
                pump.committed(await store.commit())
                await asyncio.sleep(10)
            sink.hung_up = True
            await asyncio.sleep(60)
            assert store.cursors["fake"] == 2, "what may be forgotten is not settled"
            sink.hung_up = False
            store.accept(readings(10)[3:4])
            pump.committed(await store.commit())
            await until(lambda: store.cursors["fake"] == 4)
        return sink.taken

    assert Counter(seconds(virtual.run(story()))) == {0.5: 1, 1.5: 1, 2.5: 2, 3.5: 2}


def test_a_size_grows_back_to_the_ceiling_and_not_beyond():
    size = BatchSize(1000)
    for _ in range(10):
        size.shrink()
    assert size.lines == 64
    size.too_large(800)
    for _ in range(10):
        size.took(0.01)
    assert size.lines == 400


@dataclass
class AnyOrderSink(ScriptedSink):
    """Takes anything at any time."""

    async def welcomes(self, _wall_ms):
        return True


def old_history(count=3000):
    """Readings of the last `count` * 10 seconds, by the virtual clock's boottime."""
    shape = records.shape()
    return MemoryHistory(records.reading(shape, 10 * (n - count), [n + 0.5]) for n in range(count))


def test_a_sink_of_any_order_gets_the_present_first_and_the_past_no_faster_than_it_may():
    async def story():
        store, sink = old_history(), AnyOrderSink()
        async with running(store, sink) as pump:
            pump.committed(3000)
            await until(lambda: len(sink.taken) > 500, 0.01)
            store.accept([records.reading(records.shape(), 1, [9999.5])])
            pump.committed(await store.commit())
            await until(lambda: any(b"=9999.5" in line for line in sink.taken), 0.01)
            early, lag, queued = len(sink.taken), pump.lag_seconds, pump.queued_records
            await until(lambda: store.cursors.get("fake") == 3001)
            assert (pump.lag_seconds, pump.queued_records, pump.dropped_total) == (0, 0, 0)
        return sink, early, lag, queued

    sink, early, lag, queued = virtual.run(story())
    assert early < 1500
    assert lag > 10_000
    assert queued > 1500
    assert seconds(sink.taken) == [n + 0.5 for n in range(3000)] + [9999.5]
    last, first = sink.requests[-1], sink.requests[0]
    assert sum(size for _, size in sink.requests) / (last[0] - first[0]) < 6000


def test_what_was_left_behind_survives_a_restart():
    async def story():
        store = old_history()
        first, second = AnyOrderSink(), AnyOrderSink()
        async with running(store, first) as pump:
            pump.committed(3000)
            await until(lambda: len(first.taken) > 500, 0.01)
        async with running(store, second) as pump:
            await until(lambda: store.cursors.get("fake") == 3000)
        return first, second

    first, second = virtual.run(story())
    assert set(seconds(first.taken + second.taken)) == {n + 0.5 for n in range(3000)}


def test_a_sink_that_remembers_its_place_goes_on_there_unless_it_remembers_another_history():
    @dataclass
    class Remembering(ScriptedSink):
        own: int = 0

        async def resume(self, _position):
            return self.own

    for own, expected in ((7, [7.5, 8.5, 9.5]), (5000, [n + 0.5 for n in range(10)])):
        store, sink = history(10), Remembering(own=own)
        virtual.run(drain(store, sink))
        assert seconds(sink.taken) == expected


@pytest.mark.parametrize("kept", [None, '{"past": [[3, 5], [8, 20]], "present": 30}'])
@pytest.mark.parametrize("start", [0, 4, 6, 25])
def test_lanes_never_forget_a_position_that_was_not_safe(kept, start):
    lanes = Lanes(15.0, start, kept)
    covered = {n for lane in lanes.all for n in range(lane.place.position + 1, (lane.end or 99) + 1)}
    unsafe = {4, 5, *range(9, 21), *range(31, 100)} if kept else set(range(100))
    assert {n for n in unsafe if n > start} <= covered
    assert lanes.safe == start


def test_too_many_stretches_become_fewer_and_none_is_lost():
    lanes = Lanes(0.0)
    for n in range(20):
        lanes.split(10 * n + 10)
    covered = {n for lane in lanes.all for n in range(lane.place.position + 1, (lane.end or 300) + 1)}
    assert (len(lanes.past), covered) == (8, set(range(1, 301)))
