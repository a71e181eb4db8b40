"""Days that are over go from the log to files: each reading is in one of the two, never in both or none."""

import asyncio
import math
import os
import random
import shutil
from contextlib import closing

import pytest
from fakes.records import OCTETS, SECONDS, stamp
from fakes.store_clock import HandClock

from netmon.model import Event, Fact, Outcome, Reading, Retention, Row, Shape, Stamp
from netmon.store.connection import used_bytes
from netmon.store.history import open_history
from netmon.store.history_file import HistoryFile
from netmon.store.interface import Query
from netmon.store.journal import Journal
from netmon.store.reader import open_reader
from netmon.store.rollup import roll_up

EVER = 2**42
DAY = 86_400
PROBE = Shape(
    "icmp",
    (SECONDS,),
    tuple(Row((("site", "lib"), ("probe", "icmp"), ("target", name))) for name in ("a", "b")),
)
PORTS = Shape(
    "interface", (OCTETS, SECONDS), tuple(Row((("device", "sw"), ("ifName", str(n)))) for n in range(5))
)
MINUTES = Shape("circuit_minute", (SECONDS,), (Row((("circuit", "main"),)),), Retention.EVIDENCE)
ALL_OK = {shape: (Outcome.OK,) * len(shape.rows) for shape in (PROBE, PORTS, MINUTES)}


def site(days, every=600):
    """Readings of three kinds, facts and events, in the order of time."""
    chance = random.Random(5)
    octets = [2**63 + 7 * n for n in range(5)]
    for second in range(0, int(days * DAY), every):
        octets = [value + chance.randrange(10**9) for value in octets]
        outcomes = ALL_OK[PROBE] if chance.random() < 0.9 else (Outcome.TIMEOUT, Outcome.OK)
        rtt = [
            None if outcome is not Outcome.OK else round(chance.uniform(0.01, 0.02), 6)
            for outcome in outcomes
        ]
        yield Reading(PROBE, stamp(second + 0.0004), (rtt,), outcomes)
        epochs = (second // 40_000,) * 5
        yield Reading(
            PORTS, stamp(second), (octets, [chance.random() for _ in range(5)]), ALL_OK[PORTS], epochs
        )
        yield Reading(MINUTES, stamp(second), ([None],), ALL_OK[MINUTES])
        if second % 7200 == 0:
            yield Fact("system", (("device", "sw"),), {"seen": second}, stamp(second))
            yield Event("note", (), f"at {second}", stamp(second))


def essence(record):
    if not isinstance(record, Reading):
        return record
    epochs = record.epochs or (0,) * len(record.outcomes)
    columns = tuple(map(tuple, record.columns))
    return record.shape.measurement, record.stamp.wall_ms, columns, record.outcomes, epochs


async def fill(history, records):
    for at, record in enumerate(records):
        history.accept([record])
        if at % 500 == 499:
            await history.commit()
    await history.commit()


async def everything(history, limit=97, after=0):
    found = {}
    while entries := await history.after(after, limit):
        for entry in entries:
            assert entry.position > after
            after = entry.position
            found[entry.position] = essence(entry.record)
    return found


def files(folder):
    return sorted(f"{path.parent.name}/{path.name}" for path in (folder / "sealed").glob("*/*.blocks"))


@pytest.fixture(scope="module")
def sealed_folder(tmp_path_factory):
    """Three days and a little: the first three are sealed."""

    async def make(folder):
        history = open_history(folder, HandClock())
        await fill(history, site(3.2))
        await history.seal()
        await history.close()

    folder = tmp_path_factory.mktemp("sealed")
    asyncio.run(make(folder))
    return folder


@pytest.fixture
def folder(sealed_folder, tmp_path):
    shutil.copytree(sealed_folder, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
async def history(folder):
    opened = open_history(folder, HandClock())
    yield opened
    await opened.close()


@pytest.fixture
def reader(folder):
    with closing(open_reader(folder)) as opened:
        yield opened


def truth():
    return dict(enumerate(map(essence, site(3.2)), 1))


def test_finished_days_are_files_by_kind_and_the_log_keeps_the_rest(folder, reader):
    kinds = ("evidence", "polled", "probes", "rollups")
    days = {name.partition(".")[0] for name in files(folder)}
    assert days == {"2027-01-15", "2027-01-16", "2027-01-17"}
    assert len(files(folder)) == len(days) * len(kinds)
    (left,) = reader._connection.execute("SELECT count(*) FROM log").fetchone()
    (others,) = reader._connection.execute(
        "SELECT count(*) FROM log JOIN topics ON topics.id = topic WHERE genus > 0"
    ).fetchone()
    assert others == 2 * len(range(0, int(3.2 * DAY), 7200))
    assert 0 < left - others < 300


@pytest.mark.parametrize("limit", [1, 97, 5000])
async def test_a_sink_gets_every_record_once_and_in_order_across_files_and_log(history, limit):
    assert await everything(history, limit) == truth()


@pytest.mark.parametrize("position", [1, 500, 1203, 1380])
async def test_a_sink_goes_on_from_wherever_it_stands(history, position):
    expected = {at: record for at, record in truth().items() if at > position}
    assert await everything(history, 50, position) == expected


async def test_two_sinks_at_different_places_do_not_disturb_each_other(history):
    first, second = [], []
    for _ in range(10):
        first += await history.after(first[-1].position if first else 0, 40)
        second += await history.after(second[-1].position if second else 700, 60)
    assert [entry.position for entry in first] == list(range(1, 401))
    assert [entry.position for entry in second] == list(range(701, 1301))


def test_a_range_gives_whole_readings_in_time_order_from_files_and_log(reader):
    for measurement in ("icmp", "interface", "circuit_minute", ""):
        found = list(map(essence, reader.range(Query(measurement, 0, EVER))))
        expected = [one for one in map(essence, site(3.2)) if isinstance(one, tuple)]
        assert found == sorted(
            (one for one in expected if measurement in ("", one[0])), key=lambda one: one[1]
        )


def test_the_borders_of_a_range_are_kept_to_the_millisecond(reader):
    times = [record.stamp.wall_ms for record in site(3.2) if getattr(record, "shape", None) is PROBE]
    for at in (0, 17, 95, 96, 97, 300):
        found = reader.range(Query("icmp", times[at], times[at + 3]))
        assert [reading.stamp.wall_ms for reading in found] == times[at : at + 3]


def test_records_of_all_kinds_come_in_time_order(reader):
    found = list(reader.records(0, EVER))
    assert len(found) == len(truth())
    times = [record.stamp.wall_ms for record in found]
    assert times == sorted(times)


async def test_the_last_reading_of_a_device_that_is_gone_is_found_in_files(folder):
    history = open_history(folder, HandClock())
    for second in (3.5 * DAY, 4.5 * DAY):
        history.accept([Reading(PROBE, stamp(second), ([0.1, 0.2],), ALL_OK[PROBE])])
    await history.commit()
    await history.seal()
    await history.close()
    with closing(open_reader(folder)) as reader:
        assert not list(reader.range(Query("interface", stamp(3.6 * DAY).wall_ms, EVER)))
        last = reader.last("interface", (("ifName", "3"),))
        expected = [record for record in site(3.2) if getattr(record, "shape", None) is PORTS][-1]
        assert essence(last) == essence(expected)
        assert reader.last("icmp").stamp == stamp(4.5 * DAY)


async def test_commits_get_in_between_the_steps_of_sealing(tmp_path):
    history = open_history(tmp_path, HandClock())
    await fill(history, site(2.2))
    positions = []

    async def commit():
        while len(positions) < 5:
            history.accept([Event("note", (), "meanwhile", stamp(3 * DAY))])
            positions.append(await history.commit())

    await asyncio.gather(history.seal(), commit())
    assert len(await everything(history)) == positions[-1]
    await history.close()


async def test_nothing_is_sealed_while_the_clock_may_still_be_settled(tmp_path):
    def at(hour, *, synced):
        moment = Stamp("boot-1", hour * 3_600 * 10**9, stamp(hour * 3600 - 7200).wall_ms, synced)
        return Reading(MINUTES, moment, ([0.1],), ALL_OK[MINUTES])

    history = open_history(tmp_path, HandClock())
    await fill(history, [at(hour, synced=False) for hour in range(60)])
    await history.seal()
    assert files(tmp_path) == []
    # What sinks do not wait for is not waited for here.
    copy = tmp_path.with_name("copy")
    shutil.copytree(tmp_path, copy)
    other = open_history(copy, HandClock())
    other.hold_seconds = 3600.0
    await other.seal()
    assert files(copy) != []
    await other.close()
    # Three hours are added to all that was stored, once the time is known.
    settled = Reading(
        MINUTES, Stamp("boot-1", 60 * 3_600 * 10**9, stamp(61 * 3600).wall_ms), ([1],), ALL_OK[MINUTES]
    )
    await fill(history, [settled])
    await history.seal()
    assert len(files(tmp_path)) == 2 * 2
    found = await everything(history)
    assert [found[position][1] for position in (1, 60)] == [stamp(3600).wall_ms, stamp(60 * 3600).wall_ms]
    await history.close()


async def test_a_step_of_the_clock_within_a_millisecond_keeps_each_side_its_time(tmp_path):
    history = open_history(tmp_path, HandClock())
    moments = [
        Stamp("boot-1", 10**12, stamp(0).wall_ms),
        Stamp("boot-1", 10**12 + 5_000_400_000, stamp(3605).wall_ms),
        Stamp("boot-1", 10**12 + 9 * 10**9, stamp(3609).wall_ms),
        Stamp("boot-1", 10**12 + 2 * DAY * 10**9, stamp(3600 + 2 * DAY).wall_ms),
    ]
    await fill(history, [Reading(MINUTES, at, ([1.5],), ALL_OK[MINUTES]) for at in moments])
    before = [one[1] for one in (await everything(history)).values()]
    await history.seal()
    after = [one[1] for one in (await everything(history)).values()]
    assert len(files(tmp_path)) > 0
    assert [abs(a - b) <= 1 for a, b in zip(after, before, strict=True)] == [True] * 4
    await history.close()


def rollups(folder, *question):
    with closing(open_reader(folder)) as reader:
        return list(reader.rollup(*question))


def same(found, expected):
    """Counts and exact values are the same; means and rates are kept with four digits."""

    def close(one, other):
        return one == other or (
            one is not None and other is not None and one == pytest.approx(other, rel=2e-4)
        )

    assert [(one.start_ms, one.key, one.metric.name, one.n) for one in found] == [
        (one.start_ms, one.key, one.metric.name, one.n) for one in expected
    ]
    for one, other in zip(found, expected, strict=True):
        assert one.increase == other.increase
        for field in ("minimum", "p50", "p95", "p99", "maximum", "mean"):
            assert close(getattr(one, field), getattr(other, field)), (field, one, other)


def in_order(found):
    return sorted(found, key=lambda one: (one.start_ms, one.key, one.metric.name))


HOUR = 3_600_000


@pytest.mark.parametrize("measurement", ["icmp", "interface", "circuit_minute"])
@pytest.mark.parametrize("window_ms", [HOUR, 900_000, 6 * HOUR], ids=["hour", "quarter", "six hours"])
def test_statistics_are_the_same_from_files_as_from_readings(reader, window_ms, measurement):
    readings = [one for one in site(3.2) if isinstance(one, Reading) and one.shape.measurement == measurement]
    found = list(reader.rollup(Query(measurement, 0, EVER), window_ms))
    assert [one.start_ms for one in found] == sorted(one.start_ms for one in found)
    same(in_order(found), in_order(roll_up(readings, window_ms)))


def test_statistics_of_one_series_begin_and_end_where_the_question_does(reader):
    start_ms = stamp(0.3 * DAY).wall_ms
    query = Query("interface", start_ms, start_ms + 2 * DAY * 1000, (("ifName", "3"),))
    expected = roll_up(reader.range(query), HOUR, query.key, [OCTETS.name])
    found = list(reader.rollup(query, HOUR, [OCTETS.name]))
    # A whole hour from a file knows the count before it, where the range begins with none.
    same(found[1:], list(expected)[1:])
    assert len(found) == 49


def test_sealed_statistics_that_are_damaged_are_made_anew(folder):
    query = (Query("icmp", 0, EVER), HOUR)
    expected = rollups(folder, *query)
    for path in (folder / "sealed").glob("*/rollups.blocks"):
        data = bytearray(path.read_bytes())
        for at in range(40, len(data) - 9000, 7):
            data[at] ^= 1
        path.write_bytes(data)
    same(in_order(rollups(folder, *query)), in_order(expected))


def test_statistics_outlive_the_readings_they_were_made_of(folder):
    query = (Query("icmp", 0, EVER), HOUR)
    expected = rollups(folder, *query)
    for path in (folder / "sealed").glob("*/probes.blocks"):
        path.unlink()
    asyncio.run(open_history(folder, HandClock()).close())
    same(in_order(rollups(folder, *query)), in_order(expected))


def kept(folder):
    return {name.partition("/")[2].removesuffix(".blocks") for name in files(folder)}


async def test_a_small_budget_takes_what_probes_send_first_and_evidence_never(history, folder):
    size = sum(path.stat().st_size for path in (folder / "sealed").glob("*/*"))
    log = used_bytes(history._journal._connection)
    probes = sum(path.stat().st_size for path in (folder / "sealed").glob("*/probes.blocks"))
    # A third is for the write-ahead log; the next stretch, as large as the last one, needs room, too.
    stretch = sum(path.stat().st_size for path in max((folder / "sealed").iterdir()).glob("*"))
    await history.expire(EVER, (log + size + stretch - probes // 2) * 3 // 2, EVER)
    assert len([name for name in files(folder) if "probes" in name]) < 3
    assert len([name for name in files(folder) if "polled" in name]) == 3
    await history.expire(EVER, 0, EVER)
    assert kept(folder) == {"evidence"}
    found = await everything(history)
    evidence = {
        at: one for at, one in truth().items() if isinstance(one, tuple) and one[0] == "circuit_minute"
    }
    assert {at: one for at, one in found.items() if isinstance(one, tuple)} == evidence


async def test_what_a_sink_needs_goes_by_size_alone_and_is_counted(history, folder):
    await history.cursor("influx")
    await history.advance("influx", 10)
    history._clock.move(30 * DAY)
    await history.expire(10 * DAY, 2**40, EVER)
    assert len(files(folder)) == 12
    await history.expire(10 * DAY, 0, EVER)
    assert kept(folder) == {"evidence"}
    assert history.dropped_unsent_total > 500


async def test_age_deletes_whole_files_and_statistics_stay_as_long_as_evidence(history, folder):
    history._clock.move(30 * DAY)
    await history.expire(10 * DAY, 2**40, 300 * DAY)
    assert kept(folder) == {"evidence", "rollups"}
    await history.expire(10 * DAY, 2**40, 10 * DAY)
    assert files(folder) == []
    assert list((folder / "sealed").iterdir()) == []


async def test_subjects_of_sealed_readings_are_kept(history):
    history._clock.move(2 * DAY)
    await history.expire(EVER, 2**40, EVER)
    assert await everything(history) == truth()


async def test_a_damaged_file_is_found_by_the_slow_look_at_old_files(history, folder):
    path = folder / "sealed" / files(folder)[0]
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)
    assert history.damaged_total == 0
    await history.expire(EVER, 2**40, EVER)
    assert history.damaged_total == 1


def test_a_full_disk_costs_the_ballast_first(tmp_path):
    journal = Journal(HistoryFile(tmp_path), 2**20)
    journal.scrub()
    ballast = tmp_path / "ballast"
    assert ballast.stat().st_size == 4 * 2**20
    journal._connection.execute("PRAGMA max_page_count = 50")
    journal._ballast = Relieved(journal._ballast, journal._connection)
    journal.commit(lambda: [Event("note", (), os.urandom(2000).hex(), stamp(n)) for n in range(20)], {})
    assert not ballast.exists()
    assert len(journal.after(0, 99)) == 20
    journal.close()


class Relieved:
    """What a disk does when a file is deleted: there is room again."""

    def __init__(self, ballast, connection):
        self._ballast, self._connection = ballast, connection

    def release(self):
        self._connection.execute("PRAGMA max_page_count = 5000")
        return self._ballast.release()


@pytest.mark.parametrize(("share", "window_ms"), [(0.95, 3_600_000), (0.9, 3_600_000), (0.5, 7_200_000)])
def test_percentiles_are_those_of_the_readings_wherever_these_are(reader, share, window_ms):
    asked = Query("icmp", stamp(0).wall_ms, stamp(3 * DAY).wall_ms, (("target", "b"),))
    values = {}
    for record in reader.range(asked):
        start_ms = record.stamp.wall_ms // window_ms * window_ms
        values.setdefault(start_ms, []).append(record.columns[0][1])
    found = {one.start_ms: (one.n, one.value) for one in reader.percentiles(asked, window_ms, share)}
    assert found == {
        at: (len(known), sorted(known)[max(math.ceil(share * len(known)), 1) - 1])
        for at, known in values.items()
    }


def test_rates_are_not_told_across_what_interrupts_a_counter(reader):
    asked = Query("interface", stamp(0).wall_ms, stamp(3 * DAY).wall_ms, (("ifName", "3"),))
    before, expected = None, []
    for record in reader.range(asked):
        now = (record.columns[0][3], record.epochs[3], record.stamp)
        if before is not None:
            grown = now[0] - before[0] if now[1] == before[1] else None
            expected.append(None if grown is None else grown / (now[2].boottime_ns - before[2].boottime_ns))
        before = now
    found = list(reader.rates(asked))
    assert [one.per_second is None for one in found] == [one is None for one in expected]
    assert None in expected
    assert [one.per_second for one in found if one.per_second is not None] == pytest.approx(
        [one * 1e9 for one in expected if one is not None]
    )
