"""Columns tell what readings tell, to the last value, wherever these are and whatever happened to them."""

import random
from collections import Counter
from contextlib import closing
from dataclasses import replace

import pytest
from fakes.records import OCTETS, SECONDS, reading, shape
from fakes.store_clock import HandClock

from netmon.model import gauge
from netmon.store.history import open_history
from netmon.store.interface import Query
from netmon.store.reader import open_reader

EVER = 2**42
P50, P95 = (gauge("rtt_seconds", "Round trip.", statistic=name) for name in ("p50", "p95"))
SHAPES = (
    shape(metrics=(SECONDS, P50, P95, OCTETS), rows=("a", "b")),
    shape(metrics=(P95, SECONDS), rows=("b",)),
    shape("icmp", metrics=(P50, OCTETS), rows=("a",)),
)
WANTED = [(one.name, one.labels) for one in (P95, OCTETS, SECONDS)] + [("nobody_has_it", ())]


class Life:
    """A history to which anything may happen."""

    def __init__(self, folder, seed):
        self.chance, self.folder, self.clock = random.Random(seed), folder, HandClock()
        self.history = open_history(folder, self.clock)
        self.clock.synced = self.chance.random() < 0.7
        self.stepped_ns = 0

    def value(self):
        chance = self.chance.random()
        return self.chance.choice((None, 1, 0.25, round(chance, 3), chance, int(chance * 2**70)))

    async def commit(self):
        records = []
        for _ in range(self.chance.randrange(60)):
            self.clock.move(self.chance.choice((0.001, 60, 60, 60, 900)))
            now = self.clock.stamp()
            late_ns = self.chance.choice((0, 0, 0, 5 * 10**9, 4000 * 10**9))
            # What came before a step of the clock has the time of before.
            late_ns = min(late_ns, now.boottime_ns - self.stepped_ns)
            at = replace(now, boottime_ns=now.boottime_ns - late_ns, wall_ms=now.wall_ms - late_ns // 10**6)
            of = self.chance.choice(SHAPES)
            same = self.chance.random() < 0.5
            one = reading(of, 0, *([1 if same else self.value() for _ in of.rows] for _ in of.metrics))
            records.append(replace(one, stamp=at))
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
        if self.chance.random() < 0.5:
            self.clock.boot_id += "'"
            self.clock.synced = self.chance.random() < 0.7
            self.stepped_ns = self.clock.boottime_ns()
        self.history = open_history(self.folder, self.clock)


def by_readings(reader, query, wanted):
    """What `range` tells, cell by cell."""
    told = Counter()
    for one in reader.range(query):
        places = {(metric.name, metric.labels): place for place, metric in enumerate(one.shape.metrics)}
        for at, row in enumerate(one.shape.rows):
            if set(query.key) <= set(row.key):
                cells = [None if m not in places else one.columns[places[m]][at] for m in wanted]
                told[row.key, one.stamp.synced, one.stamp.wall_ms, repr(cells)] += 1
    return told


def by_columns(reader, query, wanted):
    told = Counter()
    for piece in reader.columns(query, wanted):
        moments = list(piece.moments_ms)
        assert moments == sorted(moments)
        rows = zip(moments, zip(*piece.values, strict=True), strict=True)
        for at_ms, cells in rows:
            told[piece.key, piece.synced, at_ms, repr(list(cells))] += 1
    return told


def questions(chance, reader):
    moments = [one.stamp.wall_ms for one in reader.range(Query("tcp", -EVER, EVER))] or [0]
    for measurement in ("tcp", "icmp", "none", ""):
        yield Query(measurement, -EVER, EVER)
        for key in ((), (("target", "a"),), (("target", "b"), ("site", "lib")), (("target", "c"),)):
            start_ms, end_ms = sorted(chance.choice(moments) for _ in range(2))
            yield Query(measurement, start_ms, end_ms + chance.choice((0, 1)), key)


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_happens_columns_tell_what_readings_tell(tmp_path, seed):
    life = Life(tmp_path, seed)
    ways = [life.commit] * 6 + [life.seal] * 2 + [life.step, life.restart]
    for _ in range(40):
        await life.chance.choice(ways)()
    await life.commit()
    with closing(open_reader(tmp_path)) as reader:
        for query in questions(life.chance, reader):
            told = by_readings(reader, query, WANTED)
            assert by_columns(reader, query, WANTED) == told
            keys = {key for key, *_ in told}
            assert keys <= set(reader.keys(query))
            if query.start_ms == -EVER:
                assert sorted(keys) == reader.keys(query)
    await life.history.close()
