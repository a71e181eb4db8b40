"""Minutes in which netmon did not run: unknown, our own fault, and none twice."""

import asyncio
from dataclasses import dataclass, field

import pytest
from fakes.clock import FakeClock, run

from netmon.app.catch_up import catch_up
from netmon.errors import StoreError
from netmon.hub import Hub
from netmon.model import Event, Reading, Retention, Stamp
from netmon.model.derived import CIRCUIT_MINUTE, SITE_MINUTE
from netmon.verdict.book import Book
from netmon.verdict.minutes import Minutes
from netmon.verdict.off_time import OffTime, gap_between
from netmon.verdict.view import Watch, WatchedCircuit

WATCH = Watch("lib", "Library", circuits={"wan1": WatchedCircuit("wan1"), "wan2": WatchedCircuit("wan2")})
NOW_MS = 1_800_000_000_000


def told(minutes_ago, boot_id="boot-1", *, synced=True):
    """The middle of a minute that an earlier start told; boot-1 is also the one that runs."""
    back = minutes_ago * 60
    return Stamp(boot_id, round((1030 - back) * 1e9), NOW_MS + 30_000 - back * 1000, synced)


@dataclass
class World:
    """As much of a daemon as catching up needs."""

    last: Stamp | None
    clock: FakeClock = field(default_factory=FakeClock)
    records: list = field(default_factory=list)
    late: list = field(default_factory=list)
    failing: bool = False

    def __post_init__(self):
        self.book = Book()
        self.book.expect(WATCH)
        self.hub = Hub((self.book, self))
        self.minutes = Minutes(self.hub, self.clock, self.book, lambda _name: None)
        self.history = self

    def accept(self, records):
        self.records += records

    async def query(self, question):
        if self.failing:
            raise StoreError("the disk does not answer")
        return question(self)


class Reader:
    def __init__(self, stamp):
        self._stamp = stamp

    def last(self, measurement):
        assert measurement == SITE_MINUTE
        return None if self._stamp is None else OffTime(WATCH).minute(self._stamp)[-1]


def caught_up(stamp, *, clock=None, script=None):
    """Catch up after a last minute; return what was published."""
    world = World(stamp)
    if clock is not None:
        world.clock.synced = clock

    async def query(question):
        return question(Reader(stamp))

    world.query = query

    async def go():
        task = asyncio.create_task(catch_up(world))
        await asyncio.sleep(3)
        if script is not None:
            script(world)
        await asyncio.sleep(3000)
        assert task.done()
        await task

    run(go())
    return world


def minutes_of(world, measurement=SITE_MINUTE):
    return [r for r in world.records if isinstance(r, Reading) and r.shape.measurement == measurement]


def test_each_missing_minute_is_unknown_and_the_appliances():
    world = caught_up(told(5))
    site, circuits = minutes_of(world), minutes_of(world, CIRCUIT_MINUTE)
    assert [one.stamp.wall_ms - NOW_MS for one in site] == [(n * 60 - 240 + 30) * 1000 for n in range(4)]
    assert all(one.columns[0] == (2,) for one in site)
    assert [row.texts for row in circuits[0].shape.rows] == [
        (("netmon_circuit_fault_info", "appliance"),)
    ] * 2
    assert [dict(row.key)["circuit"] for row in circuits[0].shape.rows] == ["wan1", "wan2"]
    cells = {m.name: c for m, c in zip(circuits[0].shape.metrics, circuits[0].columns, strict=True)}
    known = {name: cell for name, cell in cells.items() if cell != (None, None)}
    assert known == {
        "netmon_circuit_state": (2, 2),
        "netmon_circuit_fault_info": (1, 1),
        "netmon_circuit_fault": (10, 10),
        "netmon_circuit_coverage_ratio": (0.0, 0.0),
    }
    assert circuits[0].shape.retention is Retention.EVIDENCE


def test_one_event_tells_of_the_gap():
    (event,) = [r for r in caught_up(told(5)).records if isinstance(r, Event)]
    assert event.text == "nothing was measured for 4 minutes: netmon restarted"


def test_a_restart_within_a_minute_misses_none_and_doubles_none():
    world = caught_up(told(0))
    assert world.records == []
    assert world.minutes.grid.running.start_ns == 1060 * 10**9
    assert caught_up(told(1)).records == []


def test_a_first_start_has_nothing_to_catch_up_with():
    assert caught_up(None).records == []


def test_after_a_boot_the_wall_clock_tells_and_minutes_go_on_by_the_old_boot():
    world = caught_up(told(3, "boot-0"))
    assert [one.stamp.boot_id for one in minutes_of(world)] == ["boot-0"] * 2
    (event,) = [r for r in world.records if isinstance(r, Event)]
    assert event.data == {
        "minutes": 2,
        "rebooted": True,
        "after": ["boot-0", 850_000_000_000, NOW_MS - 150_000, True],
        "before": ["boot-1", 1_030_000_000_000, NOW_MS + 30_000, True],
    }


def test_a_clock_that_is_not_set_is_waited_for():
    def set_clock(world):
        assert world.records == []
        world.clock.step(600)
        world.clock.synced = True

    assert len(minutes_of(caught_up(told(3, "boot-0"), clock=False, script=set_clock))) == 12


def test_minutes_of_a_time_that_nobody_knew_are_not_placed():
    world = World(None)
    assert gap_between(told(3, "boot-0", synced=False), world.clock.stamp()) is None
    assert caught_up(told(3, "boot-0", synced=False)).records == []  # and nobody waits for ever


def test_a_month_is_told_and_no_more():
    gap = gap_between(told(100_000), told(0))
    assert gap.minutes == 99_999
    stamps = list(gap.stamps())
    assert len(stamps) == 31 * 24 * 60
    assert stamps[-1] == told(1)


async def test_a_history_that_cannot_be_read_stops_nothing(caplog):
    world = World(None, failing=True)
    await catch_up(world)
    assert "cannot be told" in caplog.text


@pytest.mark.parametrize("ahead", [-5, 0])
def test_a_last_minute_that_lies_ahead_is_no_gap(ahead):
    assert gap_between(told(ahead), told(0)).minutes == 0
