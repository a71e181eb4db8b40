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
        assert {len(moments)} == set(map(len, piece.values))
        rows = zip(moments, zip(*piece.values, strict=True), strict=True)
        for at_ms, cells in rows:
            told[piece.key, piece.synced, at_ms, repr(list(cells))] += 1
    return told


def questions(chance, reader):
    moments = [one.stamp.wall_ms for one in reader.range(Query("tcp", -EVER, EVER))] or [0]
    for measurement in ("tcp", "icmp", ""):
        yield Query(measurement, -EVER, EVER)
        key = chance.choice(((), (("target", "a"),), (("target", "b"), ("site", "lib")), (("target", "c"),)))
        start_ms, end_ms = sorted(chance.choice(moments) for _ in range(2))
        yield Query(measurement, start_ms, end_ms + chance.choice((0, 1)), key)


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_happens_columns_tell_what_readings_tell(tmp_path, seed):
    life = Life(tmp_path, seed)
    ways = [life.commit] * 6 + [life.seal] * 2 + [life.step, life.restart]
    for _ in range(30):
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


MINUTES = [shape("minute", metrics=(SECONDS, P50), rows=("a",)) for _ in range(2)]


async def days(folder, count):
    """Minutes with holes, some of them of another shape, sealed but for the last hours."""
    clock = HandClock()
    history = open_history(folder, clock)
    for minute in range(count * 1440):
        clock.move(60)
        if minute % 500 not in (7, 8, 9):
            one = reading(MINUTES[minute % 97 == 5], 0, [1], [None if minute % 31 else minute / 1000])
            history.accept([replace(one, stamp=clock.stamp())])
        if minute % 1440 == 0:
            await history.commit()
            await history.seal()
    await history.commit()
    return history


ASKED = Query("minute", -EVER, EVER)
MINUTE_METRICS = [(one.name, one.labels) for one in (P50, SECONDS)]


async def test_a_damaged_block_tells_the_same_both_ways(tmp_path, caplog):
    caplog.set_level("CRITICAL")
    await (await days(tmp_path, 3)).close()
    path = max(tmp_path.glob("sealed/*/*.blocks"), key=lambda one: one.stat().st_size)
    sound, chance, lost = path.read_bytes(), random.Random(5), set()
    for _ in range(25):
        octets = bytearray(sound)
        octets[chance.randrange(len(octets) // 2)] ^= 1 << chance.randrange(8)
        path.write_bytes(octets)
        with closing(open_reader(tmp_path)) as one, closing(open_reader(tmp_path)) as other:
            told = by_columns(one, ASKED, MINUTE_METRICS)
            assert told == by_readings(other, ASKED, MINUTE_METRICS)
            assert one.damaged_total == other.damaged_total
            lost.add((sum(told.values()), one.damaged_total))
    assert len(lost) == 3, "a whole block, a stream of it, nothing"


async def test_what_is_sealed_while_columns_are_read_is_told_once(tmp_path):
    history = await days(tmp_path, 2)
    with closing(open_reader(tmp_path)) as reader:
        expected = by_readings(reader, ASKED, MINUTE_METRICS)
        pieces = reader.columns(ASKED, MINUTE_METRICS)
        first = next(pieces)
        await history.seal(everything=True)
        moments = [at_ms for piece in (first, *pieces) for at_ms in piece.moments_ms]
        assert sorted(moments) == sorted(at_ms for _, _, at_ms, _ in expected.elements())
        assert by_columns(reader, ASKED, MINUTE_METRICS) == expected
    await history.close()


async def test_a_row_is_named_for_the_days_that_have_it(tmp_path):
    await (await days(tmp_path, 3)).close()
    with closing(open_reader(tmp_path)) as reader:
        moments = [one.stamp.wall_ms for one in reader.range(ASKED)]
        key = MINUTES[0].rows[0].key
        for start_ms, end_ms in ((moments[0], moments[0] + 1), (moments[-1], EVER), (-EVER, moments[0] + 1)):
            assert reader.keys(Query("minute", start_ms, end_ms)) == [key]
        for query in (Query("minute", moments[-1] + 1, EVER), Query("minute", -EVER, moments[0])):
            assert reader.keys(query) == []
        assert reader.keys(Query("minute", -EVER, EVER, (("target", "b"),))) == []
