"""What goes on beside commits (sealing, deleting, reading) neither loses anything nor stops for good."""

import asyncio
import os
import random
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import replace

import pytest
from fakes.records import reading, shape, stamp
from fakes.store_clock import HandClock

from netmon.errors import StoreError
from netmon.model import Event, Fact, Retention
from netmon.store.connection import connect_read_only
from netmon.store.history import open_history
from netmon.store.interface import Query
from netmon.store.reader import open_reader
from netmon.store.records import Records
from netmon.store.scope import Scope
from netmon.store.sealed_folder import SealedFolder
from netmon.store.subjects import Genus

DAY = 86_400
YEAR = 365 * DAY
EVER = 2**42
OF = shape()


async def store(history, first, count, every=10):
    history.accept([reading(OF, (first + n) * every, [float(first + n)]) for n in range(count)])
    await history.commit()


async def kept(history):
    return [entry.record for entry in await history.after(0, 9999)]


async def test_a_sink_that_catches_up_while_days_are_sealed_misses_nothing(tmp_path):
    history = open_history(tmp_path, HandClock())
    await store(history, 0, 300)
    await history.seal(everything=True)
    got = [entry.position for entry in await history.after(0, 100)]
    await store(history, 300, 300)
    await history.seal(everything=True)
    await store(history, 600, 300)
    while entries := await history.after(got[-1], 256):
        got += [entry.position for entry in entries]
    assert got == list(range(1, 901))
    await history.close()


async def test_what_a_failed_seal_left_behind_does_not_stop_the_next_one(tmp_path):
    history = open_history(tmp_path, HandClock())
    await store(history, 0, 300)
    part = tmp_path / "sealed" / "part"
    part.mkdir(parents=True)
    (part / "polled.blocks").write_bytes(b"half of a file")
    await history.seal(everything=True)
    assert [path.name for path in (tmp_path / "sealed").iterdir()] != ["part"]
    assert len(await history.after(0, 999)) == 300
    await history.close()


async def test_what_is_old_is_deleted_although_nothing_can_be_sealed(tmp_path):
    clock = HandClock()
    history = open_history(tmp_path, clock)
    await store(history, 0, 300, every=1000)
    (tmp_path / "sealed").write_bytes(b"in the way")
    clock.move(30 * DAY)
    with pytest.raises(StoreError, match="sealed"):
        await history.expire(DAY, 2**40, DAY)
    assert await kept(history) == []
    (tmp_path / "sealed").unlink()
    await history.expire(DAY, 2**40, DAY)
    await history.close()


async def test_a_number_that_nobody_could_count_with_is_left_out_and_its_neighbours_are_sealed(tmp_path):
    history = open_history(tmp_path, HandClock())
    history.accept([reading(OF, second, [value]) for second, value in enumerate((1, 10**400, 2**70))])
    await history.commit()
    assert history.unstorable_total == 1
    await history.seal(everything=True)
    assert [record.columns[0][0] for record in await kept(history)] == [1, 2**70]
    with closing(open_reader(tmp_path)) as reader:
        (rollup,) = reader.rollup(Query("tcp", 0, 2**42), 3_600_000)
    assert rollup.n == 2
    await history.close()


@pytest.mark.parametrize("boot_id", ["boot-1", "boot-2"])
async def test_a_clock_that_leaps_years_ahead_deletes_no_evidence_until_it_has_proved_itself(
    tmp_path, boot_id
):
    clock = HandClock()
    history = open_history(tmp_path, clock)
    incident = Event("incident", (), "line down", clock.stamp(), {}, Retention.EVIDENCE)
    history.accept([incident])
    await history.commit()
    if boot_id != clock.boot_id:
        await history.close()
        clock = HandClock(boot_id=boot_id)
        history = open_history(tmp_path, clock)
    clock.move(60)
    clock.step(10 * YEAR)
    history.accept([Event("clock_step", (), "10 years", clock.stamp())])
    await history.commit()
    assert await history.expire(DAY, 2**40, 7 * YEAR) == 0
    clock.move(2 * DAY)
    # It was no mistake, then.
    assert await history.expire(2 * YEAR, 2**40, 7 * YEAR) == 1
    assert [record.kind for record in await kept(history)] == ["clock_step"]
    await history.close()


async def test_facts_are_read_to_their_end_while_days_are_sealed(tmp_path):
    history = open_history(tmp_path, HandClock())
    history.accept([Fact("system", (("device", str(n)),), {"n": n}, stamp(n)) for n in range(200)])
    await store(history, 0, 300)
    with closing(connect_read_only(tmp_path / "history.db")) as connection:
        facts = Records(connection, SealedFolder(tmp_path)).newest_first(Scope(Genus.FACT))
        first = [next(facts) for _ in range(10)]
        await history.seal(everything=True)
        assert len({entry.position for entry in [*first, *facts]}) == 200
    await history.close()


async def test_a_stretch_that_the_disk_did_not_enter_is_neither_in_the_way_nor_told_twice(tmp_path):
    history = open_history(tmp_path, HandClock())
    await store(history, 0, 300)
    with closing(sqlite3.connect(tmp_path / "history.db", isolation_level=None)) as other:
        # The files appear, and then the tables refuse them, as a full disk would.
        other.execute("CREATE TRIGGER full BEFORE INSERT ON files BEGIN SELECT RAISE(ABORT, 'full'); END")
        with pytest.raises(StoreError, match="full"):
            await history.seal(everything=True)
        assert list((tmp_path / "sealed").glob("*.1-300"))
        other.execute("DROP TRIGGER full")
    await store(history, 300, 30)
    await history.seal(everything=True)
    assert [path.name.partition(".")[2] for path in (tmp_path / "sealed").iterdir()] == ["1-330"]
    assert [entry.position for entry in await history.after(0, 999)] == list(range(1, 331))
    await history.close()


async def test_a_file_whose_readings_are_in_another_one_is_set_aside(tmp_path):
    history = open_history(tmp_path, HandClock())
    await store(history, 0, 300)
    await history.seal(everything=True)
    (stretch,) = (tmp_path / "sealed").iterdir()
    await history.close()
    shutil.copytree(stretch, stretch.with_name(stretch.name.replace("1-300", "1-299")))
    history = open_history(tmp_path, HandClock())
    assert [entry.position for entry in await history.after(0, 999)] == list(range(1, 301))
    assert history.damaged_total == 2
    await history.close()


async def test_records_of_a_boot_whose_time_was_lost_cost_no_others_their_file(tmp_path):
    history = open_history(tmp_path, HandClock())
    lost = [replace(reading(OF, n, [1.0]), stamp=stamp(n, boot_id="boot-0")) for n in range(20)]
    history.accept(lost)
    await store(history, 100, 300)
    await history.close()
    with closing(sqlite3.connect(tmp_path / "history.db", isolation_level=None)) as other:
        for table in ("boots", "boots_copy"):
            other.execute(f"DELETE FROM {table} WHERE boot_id = 'boot-0'")
    for _ in range(2):
        history = open_history(tmp_path, HandClock())
        await history.seal(everything=True)
        assert len(await history.after(0, 999)) == 300
        await history.close()


async def test_what_is_written_while_old_subjects_are_deleted_is_readable(tmp_path):
    clock = HandClock()
    history = open_history(tmp_path, clock)
    events = [Event("note", (("n", str(n)),), "x", stamp(0)) for n in range(5)]
    history.accept(events)
    await history.commit()
    clock.move(30 * DAY)
    expiring = asyncio.create_task(history.expire(DAY, 2**40, DAY))
    while not expiring.done():
        history.accept([replace(one, stamp=clock.stamp()) for one in events])
        await history.commit()
    stored = [entry.position for entry in await history.after(0, 9999)]
    assert stored == list(range(6, history.newest + 1))
    assert history.damaged_total == 0
    await history.close()


async def test_hours_after_a_step_of_the_clock_are_told_like_their_readings(tmp_path):
    history = open_history(tmp_path, HandClock())
    history.accept([reading(OF, n * 60, [float(n)]) for n in range(100)])
    history.accept(
        [
            replace(one, stamp=replace(one.stamp, wall_ms=one.stamp.wall_ms + 3_600_000))
            for one in (reading(OF, n * 60, [float(n)]) for n in range(100, 400))
        ]
    )
    await history.commit()
    asked = Query("tcp", 0, 2**42)
    with closing(open_reader(tmp_path)) as reader:
        fresh = list(reader.rollup(asked, 3_600_000))
        await history.seal(everything=True)
        assert [one.n for one in reader.rollup(asked, 3_600_000)] == [one.n for one in fresh]
        assert sum(one.n for one in fresh) == 400
    await history.close()


@pytest.mark.parametrize("size", [1, 17, 40, 64, 99, 100, 500, 1023, 1024])
async def test_a_history_that_is_cut_to_its_first_bytes_is_damaged_whatever_is_left(tmp_path, size):
    history = open_history(tmp_path, HandClock())
    await store(history, 0, 30)
    await history.close()
    os.truncate(tmp_path / "history.db", size)
    history = open_history(tmp_path, HandClock())
    assert history.damaged_total > 0
    await history.close()


async def test_a_process_that_was_killed_before_it_began_a_history_left_no_damage(tmp_path):
    with closing(sqlite3.connect(tmp_path / "history.db")) as other:
        other.execute("PRAGMA journal_mode = WAL")
    history = open_history(tmp_path, HandClock())
    assert history.damaged_total == 0
    assert not list(tmp_path.glob("*damaged*"))
    await store(history, 0, 3)
    await history.close()


async def test_true_times_are_had_again_from_files_alone(tmp_path):
    def at(second, behind_seconds, *, synced):
        one = reading(OF, second, [float(second)])
        told = replace(one.stamp, wall_ms=one.stamp.wall_ms - behind_seconds * 1000, synced=synced)
        return replace(one, stamp=told)

    history = open_history(tmp_path, HandClock())
    history.hold_seconds = 0.0
    stretches = [(0, 10_800, False), (100_000, 0, True), (200_000, -7200, True)]
    for begin, behind_seconds, synced in stretches:
        history.accept([at(begin + n * 60, behind_seconds, synced=synced) for n in range(300)])
        await history.commit()
        await history.seal(everything=True)
    told = [one.stamp for one in await kept(history)]
    await history.close()
    for path in tmp_path.glob("history.db*"):
        path.unlink()
    history = open_history(tmp_path, HandClock())
    assert [one.stamp for one in await kept(history)] == told
    assert {one.synced for one in told} == {True}
    await history.close()


async def test_a_topic_that_changed_its_kind_is_damage(tmp_path):
    history = open_history(tmp_path, HandClock())
    history.accept([Event("note", (), str(n), stamp(n)) for n in range(20)])
    await store(history, 0, 30)
    await history.seal(everything=True)
    await history.close()
    with closing(sqlite3.connect(tmp_path / "history.db")) as other:
        (root,) = other.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'topics'").fetchone()
        assert other.execute("PRAGMA integrity_check(topics)").fetchone() == ("ok",)
    data = bytearray((tmp_path / "history.db").read_bytes())
    at = data.index(b"note", (root - 1) * 1024)
    # The kind stands before the name, in one byte: an event becomes a reading.
    data[at - 1] ^= 2
    (tmp_path / "history.db").write_bytes(data)
    history = open_history(tmp_path, HandClock())
    assert history.damaged_total > 0
    await history.close()


async def test_no_subject_gets_the_number_of_one_whose_row_was_lost(tmp_path):
    others = shape("icmp", rows=("z",))
    records = [reading(of, n * 10 + at, [at + 0.5]) for n in range(60) for at, of in enumerate((OF, others))]
    history = open_history(tmp_path, HandClock())
    history.accept(records[:80])
    await history.commit()
    await history.seal(everything=True)
    history.accept(records[80:])
    await history.commit()
    await history.close()
    with closing(sqlite3.connect(tmp_path / "history.db")) as other:
        (root,) = other.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'subjects'").fetchone()
    data = bytearray((tmp_path / "history.db").read_bytes())
    data[(root - 1) * 1024] ^= 8
    (tmp_path / "history.db").write_bytes(data)
    history = open_history(tmp_path, HandClock())
    assert history.damaged_total > 0
    for entry in await history.after(0, 999):
        truth = records[entry.position - 1]
        assert (entry.record.shape.measurement, entry.record.columns[0][0]) == (
            truth.shape.measurement,
            truth.columns[0][0],
        )
    await history.close()


async def test_no_flipped_bit_in_an_events_row_lets_it_pass_for_a_reading_that_is_sealed(tmp_path, caplog):
    caplog.set_level("CRITICAL")
    sound = tmp_path / "sound"
    history = open_history(sound, HandClock())
    history.accept([reading(OF, 0, [0.5]), Event("note", (), "seen", stamp(5)), reading(OF, 10, [1.5])])
    await history.commit()
    await history.seal(everything=True)
    await history.close()
    with closing(sqlite3.connect(sound / "history.db")) as connection:
        (payload,) = connection.execute("SELECT payload FROM log").fetchone()
    # The head of the row: how long it is, then a byte for each column, the first of which is the position.
    head = (sound / "history.db").read_bytes().index(payload) - 24
    for bit in range(head * 8, (head + 24) * 8):
        folder = tmp_path / str(bit)
        shutil.copytree(sound, folder)
        data = bytearray((folder / "history.db").read_bytes())
        data[bit // 8] ^= 1 << bit % 8
        (folder / "history.db").write_bytes(data)
        history = open_history(folder, HandClock())
        found = [type(one) for one in await kept(history)]
        assert len(found) == 3 or history.damaged_total, bit
        await history.close()
        shutil.rmtree(folder)


def on_disk(folder):
    """What the history takes, but the ballast, which is there to be given up."""
    size = 0
    for path in (*folder.glob("history.db*"), *folder.glob("sealed/*/*")):
        with suppress(FileNotFoundError):
            size += path.stat().st_size
    return size


async def test_the_byte_budget_bounds_what_the_files_take_at_any_time(tmp_path):
    budget, sizes = 10_000_000, []
    wide, chance = shape(rows=tuple(f"r{n}" for n in range(800))), random.Random(3)

    async def look():
        while True:
            sizes.append(on_disk(tmp_path))
            await asyncio.sleep(0.01)

    history = open_history(tmp_path, HandClock())
    looking = asyncio.create_task(look())
    await history.cursor("influx")
    for hour in range(50):
        seconds = range(hour * 3600, (hour + 1) * 3600, 240)
        history.accept([reading(wide, second, [chance.random() for _ in wide.rows]) for second in seconds])
        await history.commit()
        await history.expire(EVER, budget, EVER)
    looking.cancel()
    assert history.dropped_unsent_total > 0, "it was more than the budget holds"
    assert budget / 3 < max(sizes) <= budget
    await history.close()
