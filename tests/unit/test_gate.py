"""What waits for the time, for how long, and what a sink is told about it; in virtual time."""

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random

import pytest
from fakes import records
from fakes.clock import FakeClock, run
from fakes.history import MemoryHistory

from netmon.delivery.gate import Gate, HoldLimits
from netmon.delivery.line import LineEncoder
from netmon.delivery.pacing import Patience
from netmon.delivery.pump import Pump, PumpState
from netmon.delivery.sink import Sink
from netmon.delivery.unsettled import Unsettled
from netmon.errors import StoreError, Unreachable
from netmon.store.boots import Boots
from netmon.store.interface import Entry

BEHIND_SECONDS = 10_800


class BootHistory(MemoryHistory):
    """Tells times as the real one does: by the offset of the boot, as it is known when somebody reads."""

    def __init__(self):
        super().__init__()
        self.boots = Boots()
        self.reads = []

    async def commit(self):
        for record in self._accepted:
            self.boots.note(record.stamp)
        return await super().commit()

    async def after(self, position, limit):
        self.reads.append(limit)
        return [self._told(entry) for entry in await super().after(position, limit)]

    def _told(self, entry):
        stamp = entry.record.stamp
        known = self.boots.stamp(self.boots.number(stamp.boot_id), stamp.boottime_ns)
        return Entry(entry.position, replace(entry.record, stamp=known))


class KeepingSink(Sink):
    """Keeps lines; with `silent` it says nothing."""

    name = "keeping"
    batch_lines = 1000

    def __init__(self):
        self.taken, self.silent, self._encoder = [], False, LineEncoder()

    def encode(self, record):
        return self._encoder.encode(record)

    async def send(self, lines):
        if self.silent:
            raise Unreachable("nobody answers")
        self.taken += lines

    async def close(self):
        pass

    @property
    def times(self):
        """When each point was, in whole seconds of UTC, and whether it is marked."""
        return [(int(line.split()[-1]) // 1000, b"clock=unsynced" in line) for line in self.taken]


class Site:
    """A daemon that measures once a second, on a machine that starts with the wrong time."""

    def __init__(self, history=None, clock=None):
        self.clock = clock or FakeClock(synced=False)
        self.history = history or BootHistory()
        self.sink = KeepingSink()
        self.truth = []
        self.tell = lambda _newest: None
        if clock is None:
            self.clock.step(-BEHIND_SECONDS)
        self.wrong_by = BEHIND_SECONDS if not self.clock.synced else 0

    async def measure(self, count=10, of=None):
        for _ in range(count):
            await asyncio.sleep(1)
            stamp = self.clock.stamp()
            self.truth.append(stamp.wall_ms // 1000 + self.wrong_by)
            number = float(len(self.truth))
            reading = records.reading(of or records.shape(), 0, [number])
            self.history.accept([replace(reading, stamp=stamp)])
            self.tell(await self.history.commit())

    def synchronise(self):
        self.clock.step(self.wrong_by)
        self.clock.synced, self.wrong_by = True, 0

    @asynccontextmanager
    async def delivering(self, limits=None):
        pump = Pump(self.history, self.sink, self.clock, Patience(), Random(1))
        pump.gate.limits, self.tell = limits or HoldLimits(), pump.committed
        task = asyncio.create_task(pump.run())
        try:
            yield pump
        finally:
            task.cancel()
            await asyncio.wait([task])


def test_what_was_measured_three_hours_behind_arrives_once_with_the_true_time(caplog):
    async def story():
        site = Site()
        with caplog.at_level(logging.INFO):
            async with site.delivering() as pump:
                await site.measure(100)
                assert (site.sink.taken, pump.state) == ([], PumpState.HELD)
                assert (pump.held_records, pump.queued_records) == (100, 100)
                assert 98 < pump.lag_seconds < 101
                assert pump.trouble == "100 records wait for this machine's clock to be synchronised"
                site.synchronise()
                await site.measure(5)
                await asyncio.sleep(2)
                assert (pump.state, pump.held_records, pump.lag_seconds) == (PumpState.OK, 0, 0)
        assert site.sink.times == [(at, False) for at in site.truth]

    run(story())
    told = [one.getMessage() for one in caplog.records]
    assert told == [
        "keeping: records wait for this machine's clock to be synchronised, 72 h at most",
        "keeping: records no longer wait for the clock",
    ]


def test_while_it_waits_it_looks_at_one_record_at_a_time():
    async def story():
        site = Site()
        async with site.delivering():
            await site.measure(30)
        assert set(site.history.reads[-25:]) == {1}

    run(story())


@pytest.mark.parametrize(
    "limits", [HoldLimits(seconds=30), HoldLimits(records=30)], ids=["too long", "too many"]
)
def test_past_a_limit_records_go_marked_and_are_not_sent_again_when_the_time_is_known(limits):
    async def story():
        site = Site()
        async with site.delivering(limits) as pump:
            await site.measure(25)
            assert site.sink.taken == []
            await site.measure(20)
            await asyncio.sleep(1)
            assert (len(site.sink.taken), pump.state) == (45, PumpState.OK)
            site.synchronise()
            await site.measure(5)
            await asyncio.sleep(2)
        marked = [(at - BEHIND_SECONDS, True) for at in site.truth[:45]]
        assert site.sink.times == [*marked, *((at, False) for at in site.truth[45:])]

    run(story())


def test_what_is_sent_again_after_an_outage_bears_the_time_that_it_bore_the_first_time():
    async def story():
        site = Site()
        async with site.delivering(HoldLimits(seconds=0)) as pump:
            await site.measure(5)
            site.sink.silent = True  # an outage, and the pump goes back over what may be lost
            await site.measure(5)
            site.synchronise()
            await site.measure(5)
            site.sink.silent = False
            await asyncio.sleep(300)
            assert pump.queued_records == 0
        times = site.sink.times
        assert len(times) > len(set(times)) == 15
        assert set(times[:5]) <= {(at - BEHIND_SECONDS, True) for at in site.truth}

    run(story())


def test_a_restart_in_the_same_boot_still_knows_what_went_out_unsettled():
    async def story():
        site = Site()
        async with site.delivering(HoldLimits(seconds=0)):
            await site.measure(5)
            await asyncio.sleep(1)
        site.synchronise()
        await site.measure(1)
        site.history.cursors.clear()  # the cursor was not on disk yet
        async with site.delivering(HoldLimits(seconds=0)):
            await asyncio.sleep(2)
        assert len(site.sink.times) == 11
        assert len(set(site.sink.times)) <= 6

    run(story())


def test_what_an_earlier_boot_left_unsettled_does_not_wait_and_this_boot_does():
    async def story():
        before = Site()
        await before.measure(3)
        site = Site(before.history, FakeClock(synced=False, boot_id="boot-2"))
        async with site.delivering() as pump:
            await site.measure(3)
            assert (len(site.sink.taken), pump.held_records) == (3, 3)
            site.clock.synced = True
            await site.measure(1)
            await asyncio.sleep(2)
        assert [marked for _, marked in site.sink.times] == [True] * 3 + [False] * 4

    run(story())


def test_a_clock_that_begins_in_1970_and_is_stepped_twice_ends_with_the_true_time():
    async def story():
        site = Site(clock=FakeClock(wall_ns=0, synced=False))
        async with site.delivering():
            await site.measure(5)
            site.clock.step(1_500_000_000)
            await site.measure(5)
            site.clock.step(300_000_000)
            site.clock.synced = True
            await site.measure(5)
            await asyncio.sleep(2)
        now = site.clock.wall_ns() // 10**9
        assert [at - site.sink.times[0][0] for at, _ in site.sink.times] == list(range(15))
        assert now - 20 < site.sink.times[0][0] < now
        assert not any(marked for _, marked in site.sink.times)

    run(story())


def test_a_disk_that_refuses_to_note_what_goes_out_keeps_it_from_going_out():
    class Refusing(BootHistory):
        refuses = True

        async def write_state(self, key, value):
            if self.refuses:
                raise StoreError("disk full")
            await super().write_state(key, value)

    async def story():
        site = Site(Refusing())
        async with site.delivering(HoldLimits(seconds=0)):
            await site.measure(5)
            assert site.sink.taken == []
            site.history.refuses = False
            await asyncio.sleep(120)
        assert len(site.sink.taken) == 5

    run(story())


def test_a_note_that_cannot_be_read_stops_no_delivery(caplog):
    async def story():
        history = BootHistory()
        history.states["unsettled fake"] = "[1, 2"
        gate = Gate("fake", history, FakeClock())
        entry = Entry(1, records.reading(records.shape(), 0, [1.0]))
        assert await gate.admit([entry], 1) == [entry]

    run(story())
    assert "what was sent unsettled before is not known" in caplog.text


def test_the_disk_hears_once_for_many_records_and_a_step_begins_another_stretch():
    unsettled, writes = Unsettled(), 0
    for n in range(1, 600):
        wrong = records.stamp(n, synced=False)
        if n > 300:
            wrong = replace(wrong, wall_ms=wrong.wall_ms + 5000)
        unsettled.add(Entry(n, replace(records.reading(records.shape(), n, [1.0]), stamp=wrong)), n - 1)
        saved = unsettled.news()
        if saved is not None:
            writes += 1
            unsettled.saved()
    assert writes == 4
    settled = Entry(450, records.reading(records.shape(), 450, [1.0]))
    for one in (unsettled, Unsettled(unsettled.news() or saved_text(unsettled))):
        assert one.as_sent(settled).record.stamp.wall_ms == settled.record.stamp.wall_ms + 5000


def saved_text(unsettled):
    unsettled.add(Entry(10_000, records.reading(records.shape(), 0, [1.0])), 0)
    return unsettled.news()
