import asyncio
import logging
import os
import sqlite3
import threading
from contextlib import suppress

import pytest
from fakes.records import OCTETS, SECONDS, reading, shape, stamp
from fakes.store_clock import HandClock

from netmon.errors import StoreBusy, StoreError, StoreFull
from netmon.model import Event, Fact, Outcome, Reading, Retention, Row, Shape, Stamp
from netmon.store.history import open_history
from netmon.store.interface import Query
from netmon.store.reader import open_reader

EVER = 2**42
DEVICE = (("device", "sw1"),)


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
async def history(tmp_path, clock):
    opened = open_history(tmp_path, clock)
    yield opened
    await opened.close()


@pytest.fixture
def reader(history, tmp_path):  # noqa: ARG001 - the history makes the file
    opened = open_reader(tmp_path)
    yield opened
    opened.close()


def fact(value, second=0.0, key=DEVICE, kind="system"):
    return Fact(kind, key, {"sysDescr": value}, stamp(second))


def event(text, second=0.0, retention=Retention.NORMAL):
    return Event("note", DEVICE, text, stamp(second), {"n": 1}, retention)


async def commit(history, *records):
    history.accept(records)
    return await history.commit()


async def committed(history, position):
    async with asyncio.timeout(5):
        while history.newest < position:  # noqa: ASYNC110 - what is waited for happens on the disk thread
            await asyncio.sleep(0.01)


async def test_what_is_accepted_is_readable_once_it_is_committed(history, reader):
    of = shape()
    history.accept([reading(of, 0, [0.5])])
    assert await history.after(0, 10) == []
    assert await history.commit() == 1
    (entry,) = await history.after(0, 10)
    assert (entry.position, entry.record.columns) == (1, ([0.5],))
    (beside,) = reader.after(0, 10)
    assert beside.record.stamp == stamp(0)


async def test_records_keep_their_order_and_limits_hold(history):
    of = shape()
    await commit(history, *(reading(of, n, [float(n)]) for n in range(5)))
    entries = await history.after(2, 2)
    assert [(entry.position, entry.record.columns[0][0]) for entry in entries] == [(3, 2.0), (4, 3.0)]


async def test_readings_of_one_stored_shape_share_it(history):
    await commit(history, reading(shape(), 0, [0.1]), reading(shape(), 1, [0.2]))
    first, second = await history.after(0, 10)
    assert first.record.shape is second.record.shape


async def test_run_commits_at_its_interval(tmp_path):
    history = open_history(tmp_path, HandClock(), commit_seconds=0.01)
    task = asyncio.create_task(history.run())
    history.accept([event("one")])
    await committed(history, 1)
    task.cancel()
    await history.close()


async def test_a_full_memory_hurries_the_commit(tmp_path):
    history = open_history(tmp_path, HandClock(), commit_seconds=3600, pending_bytes=5000)
    task = asyncio.create_task(history.run())
    history.accept([event("one"), event("two")])
    await committed(history, 2)
    task.cancel()
    await history.close()


async def test_close_commits_what_waits(tmp_path):
    history = open_history(tmp_path, HandClock())
    history.accept([event("last words")])
    await history.close()
    assert [entry.record.text for entry in open_reader(tmp_path).after(0, 9)] == ["last words"]


async def test_positions_are_never_used_twice(tmp_path):
    history = open_history(tmp_path, HandClock())
    await commit(history, event("a"), event("b"))
    await history.expire(0, 0, 0)
    await history.close()
    history = open_history(tmp_path, HandClock())
    assert await commit(history, event("c")) == 3
    await history.close()


async def test_a_fact_is_stored_when_it_changes(history, reader):
    await commit(history, fact("v1", 0), fact("v1", 1))
    await commit(history, fact("v1", 2), fact("v2", 3), fact("v1", 4))
    assert [entry.record.values["sysDescr"] for entry in reader.after(0, 9)] == ["v1", "v2", "v1"]


async def test_an_unchanged_fact_is_known_again_after_a_restart(tmp_path):
    for _ in range(2):
        history = open_history(tmp_path, HandClock())
        assert await commit(history, fact("v1")) == 1
        await history.close()


async def test_facts_are_those_that_held_at_a_moment(history, reader):
    other = (("device", "sw2"),)
    await commit(history, fact("v1", 0), fact("x", 5, other), fact("v2", 10), fact("n", 11, kind="lldp"))
    start_ms = stamp(0).wall_ms

    def held(**which):
        return {(f.kind, f.key[0][1]): f.values["sysDescr"] for f in reader.facts(**which)}

    assert held() == {("system", "sw1"): "v2", ("system", "sw2"): "x", ("lldp", "sw1"): "n"}
    assert held(at_ms=start_ms + 9999) == {("system", "sw1"): "v1", ("system", "sw2"): "x"}
    assert held(kind="system", key=other) == {("system", "sw2"): "x"}
    assert held(at_ms=start_ms) == {("system", "sw1"): "v1"}


async def test_events_come_in_time_order_with_everything_they_carry(history, reader):
    await commit(history, event("late", 20), event("early", 10), Event("trap", (), "t", stamp(15)))
    start_ms = stamp(0).wall_ms
    assert [found.text for found in reader.events(0, EVER)] == ["early", "t", "late"]
    assert list(reader.events(start_ms, start_ms + 15_000)) == [event("early", 10)]
    assert [found.text for found in reader.events(0, EVER, "trap")] == ["t"]


async def test_a_range_has_whole_readings_of_rows_with_the_key_in_time_order(history, reader):
    both, other = shape(rows=("a", "b")), shape(rows=("c",))
    await commit(
        history, reading(both, 20, [2.0, 0.2]), reading(other, 15, [9.0]), reading(both, 10, [1.0, 0.1])
    )
    start_ms = stamp(0).wall_ms
    found = reader.range(Query("tcp", start_ms, start_ms + 20_001, (("target", "b"),)))
    assert [one.columns for one in found] == [([1.0, 0.1],), ([2.0, 0.2],)]
    assert len(list(reader.range(Query("tcp", start_ms, start_ms + 20_000)))) == 2
    assert list(reader.range(Query("icmp", 0, EVER))) == []


async def test_a_long_range_streams_in_chunks_without_a_gap(history, reader):
    of, slow = shape(), shape(rows=("slow",))
    # Many readings of one moment stand across the borders of chunks.
    await commit(history, *(reading(of if n % 3 else slow, n // 100, [float(n)]) for n in range(1000)))
    found = [one.columns[0][0] for one in reader.range(Query("tcp", 0, EVER))]
    assert sorted(found) == [float(n) for n in range(1000)]
    walls = [one.stamp.wall_ms for one in reader.range(Query("tcp", 0, EVER))]
    assert walls == sorted(walls)
    assert reader.last("tcp").stamp.wall_ms == walls[-1]


async def test_the_last_reading_of_a_key_is_found_behind_others(history, reader):
    of, gone = shape(), shape(rows=("gone",))
    await commit(history, reading(gone, 1, [0.7]), *(reading(of, n, [0.1]) for n in range(200)))
    assert reader.last("tcp", (("target", "gone"),)).columns == ([0.7],)
    assert reader.last("tcp", (("target", "never"),)) is None


async def test_roll_ups_are_read_from_the_history(history, reader):
    of = shape(metrics=(SECONDS, OCTETS))
    await commit(history, *(reading(of, n, [n / 10], [n * 100]) for n in range(0, 60, 10)))
    found = {one.metric.name: one for one in reader.rollup(Query("tcp", 0, EVER), 60_000)}
    assert found["probe_duration_seconds"].p50 == 2.0
    assert found["ifHCInOctets"].mean == 100.0


async def test_what_came_before_synchronisation_is_read_with_its_true_time(history, reader):
    of = shape()
    lost = Stamp("boot-1", 1000 * 10**9, 946_684_800_000, synced=False)
    await commit(history, Reading(of, lost, ([1.0],), (Outcome.OK,)))
    assert reader.last("tcp").stamp == lost
    await commit(history, reading(of, 60, [2.0]))
    assert [one.stamp for one in reader.range(Query("tcp", 0, EVER))] == [stamp(0), stamp(60)]


async def test_each_boot_has_its_own_time(tmp_path):
    of = shape()
    for number, boot in enumerate(("boot-1", "boot-2", "boot-3")):
        history = open_history(tmp_path, HandClock())
        moment = Stamp(boot, 7 * 10**9, stamp(number * 100).wall_ms)
        await commit(history, Reading(of, moment, ([float(number)],), (Outcome.OK,)))
        await history.close()
    reader = open_reader(tmp_path)
    assert [one.columns[0][0] for one in reader.range(Query("tcp", 0, EVER))] == [0.0, 1.0, 2.0]
    assert reader.last("tcp").stamp.boot_id == "boot-3"


async def test_cursors_state_and_quarantine_survive_a_restart(tmp_path):
    history = open_history(tmp_path, HandClock())
    await commit(history, event("a"))
    assert await history.cursor("influx") == 0
    await history.advance("influx", 1)
    await history.write_state("ledger", '{"spent": 1}')
    await history.quarantine("influx", 1, "bad line", "field type conflict")
    await history.close()
    history = open_history(tmp_path, HandClock())
    assert await history.cursor("influx") == 1
    assert await history.read_state("ledger") == '{"spent": 1}'
    assert await history.read_state("unknown") is None
    await history.close()
    with sqlite3.connect(tmp_path / "history.db") as connection:
        rows = connection.execute("SELECT name, position, line, reason FROM quarantine").fetchall()
    connection.close()
    assert rows == [("influx", 1, "bad line", "field type conflict")]


async def test_a_record_that_no_column_can_hold_costs_only_itself(history, caplog):
    broken = Fact("system", DEVICE, {"value": object()}, stamp())
    assert await commit(history, broken, event("fine")) == 1
    assert history.unstorable_total == 1
    assert "cannot be stored" in caplog.text


async def test_age_deletes_what_is_old_and_keeps_evidence_and_current_facts(history, reader, clock):
    of = shape()
    clock.move(5000)
    proof = Shape("proof", (SECONDS,), (Row(()),), Retention.EVIDENCE)
    await commit(
        history, reading(of, 0, [0.1]), reading(of, 4990, [0.2]), reading(proof, 0, [0.3]),
        fact("old", 0), fact("still true", 1000), event("old", 0),
    )  # fmt: skip
    assert await history.expire(3600, EVER, 86_400) == 3
    kept = [entry.record for entry in reader.after(0, 99)]
    assert [getattr(record, "columns", None) or record.values for record in kept] == [
        ([0.2],), ([0.3],), {"sysDescr": "still true"},
    ]  # fmt: skip
    assert await history.expire(3600, EVER, 3600) == 1


async def test_an_untrusted_clock_deletes_nothing_by_age(tmp_path):
    clock = HandClock(synced=False)
    clock.move(5000)
    history = open_history(tmp_path, clock)
    await commit(history, reading(shape(), 0, [0.1]))
    assert await history.expire(10, EVER, 10) == 0
    await history.close()


async def test_what_a_sink_still_needs_outlives_its_age_but_not_the_byte_budget(history, clock):
    of = shape()
    clock.move(5000)
    await history.cursor("influx")
    await commit(history, reading(of, 0, [0.1]), reading(of, 1, [0.1]))
    await history.advance("influx", 1)
    assert await history.expire(3600, EVER, 3600) == 1
    assert history.dropped_unsent_total == 0
    assert await history.expire(3600, 0, 3600) == 1
    assert history.dropped_unsent_total == 1


async def test_the_byte_budget_takes_the_oldest_first_and_gives_pages_back(history, tmp_path):
    rows = tuple(Row((("n", str(n)),)) for n in range(200))
    of = Shape("wide", (SECONDS,), rows)
    noise = [n * 0.123456789 for n in range(5000)]
    await commit(history, *(reading(of, n, noise[n : n + 200]) for n in range(3000)))
    with sqlite3.connect(tmp_path / "history.db") as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        deleted = await history.expire(EVER, pages * 1024 // 2, EVER)
        (after,) = connection.execute("PRAGMA page_count").fetchone()
    connection.close()
    (oldest, *_) = await history.after(0, 1)
    assert deleted == 2000
    assert oldest.position == 2001
    assert after < pages


async def test_a_shape_that_expired_may_come_back(history, clock):
    of = shape()
    clock.move(5000)
    await commit(history, reading(of, 0, [0.1]))
    assert await history.expire(3600, EVER, EVER) == 1
    await commit(history, reading(of, 5000, [0.2]))
    (entry,) = await history.after(0, 9)
    assert entry.record.columns == ([0.2],)


async def test_a_full_disk_loses_nothing_until_memory_is_full_and_heals_alone(tmp_path, caplog):
    history = open_history(tmp_path, HandClock(), max_pages=40)
    noise = shape(rows=tuple(f"r{n}" for n in range(100)))
    accepted = 0
    while not history.refusal:
        accepted += 1
        with suppress(StoreFull):
            await commit(history, reading(noise, accepted, [n * 0.123456789 * accepted for n in range(100)]))
    stored = history.newest
    for _ in range(3):
        accepted += 1
        with pytest.raises(StoreFull):
            await commit(history, reading(noise, accepted, [0.5] * 100))
    assert history.pending_records == accepted - stored
    assert len([one for one in caplog.records if one.levelno == logging.ERROR]) == 1
    await history.expire(EVER, 40_000, EVER)
    assert await history.commit() == accepted
    assert (history.pending_records, history.dropped_total, history.refusal) == (0, 0, "")
    await history.close()


async def test_a_disk_that_stays_full_drops_the_oldest_readings_and_counts_them(tmp_path):
    history = open_history(tmp_path, HandClock(), max_pages=80, pending_bytes=20_000)
    wide = shape(rows=tuple(f"r{n}" for n in range(100)))
    for second in range(200):
        history.accept([reading(wide, second, [n * 0.123456789 * second for n in range(100)])])
        if second == 150:
            history.accept([event("kept")])
        with suppress(StoreFull):
            await history.commit()
    assert history.dropped_total == 201 - history.newest - history.pending_records
    assert history.dropped_total > 0
    await history.expire(EVER, 40_000, EVER)
    await history.commit()
    kept = [entry.record for entry in await history.after(0, 999)]
    assert "kept" in [record.text for record in kept if isinstance(record, Event)]
    assert kept[-1].stamp == stamp(199)
    await history.close()


@pytest.mark.usefixtures("history")
async def test_a_second_daemon_is_told_who_holds_the_folder(tmp_path):
    with pytest.raises(StoreBusy, match=rf"another netmon \(pid {os.getpid()}\).*STATE_DIRECTORY"):
        open_history(tmp_path, HandClock())


async def test_the_folder_is_free_again_after_close(tmp_path):
    for _ in range(2):
        await open_history(tmp_path, HandClock()).close()


def test_a_folder_that_cannot_be_made_is_said_with_the_remedy(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"cannot be written.*STATE_DIRECTORY"):
        open_history(tmp_path / "file" / "state", HandClock())


def test_a_reader_says_what_to_do_when_there_is_no_history(tmp_path):
    with pytest.raises(StoreError, match=r"no history in .*netmon run"):
        open_reader(tmp_path)


async def test_a_reader_sees_what_is_committed_after_it_opened(history, reader):
    assert reader.stats().records == 0
    await commit(history, event("a"), event("b"))
    stats = reader.stats()
    assert (stats.records, stats.newest, stats.oldest_ms) == (2, 2, stamp(0).wall_ms)


async def test_a_reader_on_another_thread_and_a_writer_do_not_wait_for_each_other(history, reader):
    of = shape()
    await commit(history, *(reading(of, n, [0.1]) for n in range(500)))
    counts = []

    def read():
        counts.extend(sum(1 for _ in reader.range(Query("tcp", 0, EVER))) for _ in range(5))

    thread = threading.Thread(target=read)
    thread.start()
    for n in range(20):
        await commit(history, reading(of, 1000 + n, [0.1]))
    thread.join()
    assert counts == sorted(counts)
    assert counts[0] >= 500
