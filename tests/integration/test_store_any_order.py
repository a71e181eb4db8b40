"""Commits, seals, restarts, clock steps and late readings in any order: all ways of reading tell the same."""

import random
from contextlib import closing
from dataclasses import replace

import pytest
from fakes.records import reading, shape
from fakes.store_clock import HandClock

from netmon.store.history import open_history
from netmon.store.interface import Query
from netmon.store.reader import open_reader
from netmon.store.rollup import roll_up

HOUR_MS = 3_600_000
EVER = 2**42
SHAPES = (shape(rows=("a", "b")), shape("icmp", rows=("a",)))


class Life:
    """A history to which anything may happen, and three sinks that follow it at their own pace."""

    def __init__(self, folder, seed):
        self.chance, self.folder, self.clock = random.Random(seed), folder, HandClock()
        self.history = open_history(folder, self.clock)
        self.accepted = 0
        self.stepped_ns = 0
        self.followed = [[], [], []]

    async def commit(self):
        records = []
        for _ in range(self.chance.randrange(60)):
            self.clock.move(self.chance.choice((10, 60, 900)))
            now = self.clock.stamp()
            late_ns = self.chance.choice((0, 0, 0, 5 * 10**9, 4000 * 10**9))
            # What came before a step of the clock has the time of before.
            late_ns = min(late_ns, now.boottime_ns - self.stepped_ns)
            at = replace(now, boottime_ns=now.boottime_ns - late_ns, wall_ms=now.wall_ms - late_ns // 10**6)
            of = self.chance.choice(SHAPES)
            one = reading(of, 0, [self.chance.choice((None, self.chance.random())) for _ in of.rows])
            records.append(replace(one, stamp=at))
        self.accepted += len(records)
        self.history.accept(records)
        await self.history.commit()

    async def seal(self):
        await self.history.seal(everything=self.chance.random() < 0.5)

    async def step(self):
        self.clock.move(60)
        self.clock.step(self.chance.choice((-7200, -30, 30, 5000, 100_000)))
        self.stepped_ns = self.clock.boottime_ns()

    async def restart(self):
        await self.history.close()
        self.history = open_history(self.folder, self.clock)

    async def follow(self):
        followed = self.chance.choice(self.followed)
        entries = await self.history.after(followed[-1] if followed else 0, self.chance.choice((1, 7, 256)))
        followed += [entry.position for entry in entries]


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_happens_in_whatever_order_all_ways_of_reading_tell_the_same(tmp_path, seed):
    life = Life(tmp_path, seed)
    ways = [life.commit] * 4 + [life.seal] * 2 + [life.step, life.restart] + [life.follow] * 6
    for _ in range(60):
        await life.chance.choice(ways)()
    for followed in life.followed:
        while entries := await life.history.after(followed[-1] if followed else 0, 256):
            followed += [entry.position for entry in entries]
        assert followed == list(range(1, life.accepted + 1))
    with closing(open_reader(tmp_path)) as reader:
        told = [entry.position for entry in reader.entries(-EVER, EVER)]
        assert sorted(told) == list(range(1, life.accepted + 1))
        for of in SHAPES:
            asked = Query(of.measurement, -EVER, EVER)
            fresh = [one for one in roll_up(reader.range(asked), HOUR_MS) if one.n]
            found = [one for one in reader.rollup(asked, HOUR_MS) if one.n]
            assert [exact(one) for one in found] == [exact(one) for one in fresh]
    await life.history.close()


def exact(one):
    """A summary without its mean, which is sealed with four digits."""
    return one.key, one.start_ms, one.n, one.minimum, one.p50, one.p95, one.p99, one.maximum
