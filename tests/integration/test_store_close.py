"""How the history ends: within one deadline whatever the disk does, and long questions end with it."""

import asyncio
import logging
import sqlite3
import threading
import time
from contextlib import closing

import pytest
from fakes.records import reading, shape, stamp
from fakes.store_clock import HandClock

from netmon.errors import StoreError
from netmon.model import Event
from netmon.store.history import open_history
from netmon.store.interface import Query
from netmon.store.reader import open_reader

EVER = 2**42


def note(text):
    return Event("note", (), text, stamp())


async def test_a_disk_that_hangs_ends_close_at_one_deadline_and_what_it_costs_is_counted(tmp_path, caplog):
    history = open_history(tmp_path, HandClock())
    history.accept([note("a"), note("b")])
    with closing(sqlite3.connect(tmp_path / "history.db", isolation_level=None)) as other:
        # Whoever else holds the write lock keeps the commit waiting, as a disk that hangs does.
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        await history.close(0.3)
        took = time.monotonic() - began
        other.execute("ROLLBACK")
    assert took < 3
    (error,) = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
    assert error == "2 records could not be written before the stop: the disk does not answer"


async def test_close_keeps_its_promise_of_five_seconds_when_jobs_hang_before_it(tmp_path, caplog):
    history = open_history(tmp_path, HandClock())
    history.accept([note("a")])
    hangs = threading.Event()
    job = asyncio.create_task(history._disk.call(hangs.wait))
    await asyncio.sleep(0)
    began = time.monotonic()
    await history.close()
    took = time.monotonic() - began
    hangs.set()
    await job
    assert took < 5
    assert "1 records could not be written before the stop" in caplog.text


async def test_a_refusing_disk_does_not_keep_the_file_open(tmp_path, caplog):
    history = open_history(tmp_path, HandClock(), max_pages=40)
    wide = shape(rows=tuple(f"r{n}" for n in range(3000)))
    history.accept([reading(wide, n, [k / 7 * n for k in range(3000)]) for n in range(1, 9)])
    await history.close()
    assert "8 records could not be written before the stop: the disk below" in caplog.text
    assert not (tmp_path / "history.db-wal").exists()


async def test_an_interrupt_from_another_thread_ends_a_long_question(tmp_path):
    history = open_history(tmp_path, HandClock())
    of = shape()
    history.accept([reading(of, n, [0.1]) for n in range(200)])
    await history.commit()
    reader = open_reader(tmp_path)
    begun = threading.Event()

    def ask():
        while True:
            for _ in reader.rollup(Query("tcp", 0, EVER), 60_000):
                begun.set()

    question = asyncio.create_task(asyncio.to_thread(ask))
    await asyncio.to_thread(begun.wait)
    reader.interrupt()
    async with asyncio.timeout(5):
        with pytest.raises(StoreError):
            await question
    reader.close()
    await history.close()


async def test_a_reader_that_was_interrupted_answers_no_more(tmp_path):
    history = open_history(tmp_path, HandClock())
    history.accept([note("a")])
    await history.commit()
    reader = open_reader(tmp_path)
    started = reader.events(0, EVER)
    reader.interrupt()
    for question in (lambda: next(started), reader.facts, reader.stats, lambda: reader.after(0, 9)):
        with pytest.raises(StoreError, match="stops"):
            question()
    reader.close()
    reader.interrupt()
    await history.close()


async def test_a_commit_that_hangs_behind_another_is_seen_to_hang(tmp_path):
    clock, first, second = HandClock(), threading.Event(), threading.Event()
    history = open_history(tmp_path, clock)
    journal_commit = history._journal.commit
    waits = iter((first, second))

    def commit(take, cursors):
        next(waits, second).wait(30)
        return journal_commit(take, cursors)

    history._journal.commit = commit
    commits = [asyncio.create_task(history.commit()) for _ in range(2)]
    await asyncio.sleep(0)
    clock.move(100)
    first.set()
    await commits[0]
    assert history.busy_seconds == 100
    second.set()
    await commits[1]
    assert history.busy_seconds == 0
    await history.close()
