import asyncio
import errno
import logging
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest
from fakes.records import OCTETS, SECONDS, reading, shape, stamp
from fakes.store_clock import HandClock

from netmon.errors import StoreError
from netmon.model import Event, Fact, Stamp
from netmon.store.history import open_history
from netmon.store.history_file import HistoryFile
from netmon.store.interface import Query
from netmon.store.journal import Journal
from netmon.store.reader import open_reader

TESTS = Path(__file__).parents[1]
FIXTURE = TESTS / "fixtures" / "history-v1.db"
EVER = 2**42


def records():
    of = shape(metrics=(SECONDS, OCTETS), rows=tuple(f"r{n}" for n in range(20)))
    for n in range(300):
        yield reading(of, n, [n * 0.123 + row for row in range(20)], [n * 1000 + row for row in range(20)])
        if n % 10 == 0:
            yield Fact("system", (("device", f"sw{n % 3}"),), {"seen": n}, stamp(n))
            yield Event("note", (), f"note {n}", stamp(n))


def essence(record):
    if hasattr(record, "columns"):
        return record.stamp, tuple(map(tuple, record.columns))
    return record.stamp, getattr(record, "text", None) or tuple(record.values.items())


async def make(folder):
    history = open_history(folder, HandClock())
    history.accept(list(records()))
    await history.commit()
    await history.cursor("influx")
    await history.advance("influx", 7)
    await history.close()


def flip(path, bit):
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


async def read_all(history):
    found, position = {}, 0
    while entries := await history.after(position, 1000):
        found |= {entry.position: essence(entry.record) for entry in entries}
        position = entries[-1].position
    return found


async def test_no_flipped_bit_gives_wrong_data_or_keeps_the_history_shut(tmp_path, caplog):
    caplog.set_level(logging.CRITICAL)
    await make(tmp_path / "sound")
    sound = tmp_path / "sound" / "history.db"
    truth = dict(enumerate(map(essence, records()), 1))
    chance, lost = random.Random(7), []
    for trial in range(100):
        folder = tmp_path / str(trial)
        folder.mkdir()
        shutil.copy(sound, folder)
        flip(folder / "history.db", chance.randrange(sound.stat().st_size * 8))
        history = open_history(folder, HandClock())
        found = await read_all(history)
        assert all(truth[position] == record for position, record in found.items())
        assert len(found) == len(truth) or history.damaged_total
        lost.append(len(truth) - len(found))
        await history.close()
        shutil.rmtree(folder)
    assert sorted(lost)[90] <= 1
    assert sum(lost) < 4 * len(truth)


async def test_a_header_of_a_later_sqlite_is_damage_and_keeps_the_history_open_for_writing(tmp_path, caplog):
    caplog.set_level(logging.CRITICAL)
    await make(tmp_path / "sound")
    for byte in (18, 19, 47):
        for bit in range(8):
            folder = tmp_path / f"{byte}.{bit}"
            shutil.copytree(tmp_path / "sound", folder)
            flip(folder / "history.db", byte * 8 + bit)
            history = open_history(folder, HandClock())
            found = await read_all(history)
            assert history.damaged_total or len(found) == len(list(records())), (byte, bit)
            history.accept([next(records())])
            await history.commit()
            await history.close()


async def test_an_unreadable_page_costs_its_records_and_the_rest_is_brought_over(tmp_path, caplog):
    await make(tmp_path)
    path = tmp_path / "history.db"
    data = path.read_bytes()
    middle = data.index(b"note 150") // 4096 * 4096
    path.write_bytes(data[:middle] + os.urandom(4096) + data[middle + 4096 :])
    history = open_history(tmp_path, HandClock())
    found = await read_all(history)
    truth = dict(enumerate(map(essence, records()), 1))
    assert found.items() <= truth.items()
    assert 0 < len(truth) - len(found) < 40
    assert await history.cursor("influx") == 7
    assert (tmp_path / "history.db.damaged-1").exists()
    assert "set aside as history.db.damaged-1" in caplog.text
    await history.close()


@pytest.mark.parametrize(
    "content",
    [b"garbage" * 999, b"\0" * 8192, b"SQLite format 3\0", b""],
    ids=["text", "zeros", "header", "empty"],
)
async def test_a_file_that_is_no_history_never_keeps_the_daemon_from_starting(tmp_path, content):
    (tmp_path / "history.db").write_bytes(content)
    history = open_history(tmp_path, HandClock())
    history.accept([Event("note", (), "alive", stamp())])
    assert await history.commit() == 1
    assert history.damaged_total == (1 if content else 0)
    await history.close()


async def test_a_truncated_file_gives_back_what_it_has(tmp_path):
    await make(tmp_path)
    path = tmp_path / "history.db"
    os.truncate(path, path.stat().st_size * 2 // 3)
    history = open_history(tmp_path, HandClock())
    truth = dict(enumerate(map(essence, records()), 1))
    found = await read_all(history)
    assert found.items() <= truth.items()
    assert history.damaged_total
    await history.close()


async def test_three_damaged_files_are_kept_and_no_more(tmp_path):
    for _ in range(5):
        (tmp_path / "history.db").write_bytes(b"garbage" * 999)
        await open_history(tmp_path, HandClock()).close()
    kept = sorted(path.name for path in tmp_path.glob("history.db.damaged-*"))
    assert kept == [f"history.db.damaged-{number}" for number in (3, 4, 5)]


async def test_a_newer_format_is_set_aside_untouched(tmp_path):
    await make(tmp_path)
    path = tmp_path / "history.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 3")
    content = path.read_bytes()
    with pytest.raises(StoreError, match=r"format 3.*update netmon"):
        open_reader(tmp_path)
    history = open_history(tmp_path, HandClock())
    assert history.newest == 0
    assert (tmp_path / "history.db.newer-1").read_bytes() == content
    await history.close()


async def test_a_file_that_breaks_while_the_daemon_runs_is_replaced_under_way(tmp_path):
    await make(tmp_path)
    history = open_history(tmp_path, HandClock())
    reader = open_reader(tmp_path)
    history.accept([Event("note", (), "waits", stamp())])
    path = tmp_path / "history.db"
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    history._journal._connection.execute("PRAGMA shrink_memory")
    await history.commit()
    assert history.damaged_total
    texts = [entry.record.text for entry in await history.after(0, 999) if isinstance(entry.record, Event)]
    assert texts[-1] == "waits"
    assert "waits" in [event.text for event in reader.events(0, EVER)]
    reader.close()
    await history.close()


def ruin(journal, folder):
    """Make noise of the file, under the feet of the one who writes it."""
    path = folder / "history.db"
    journal._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.write(os.urandom(path.stat().st_size))
    journal._connection.execute("PRAGMA shrink_memory")


async def test_a_sink_misses_nothing_new_when_nothing_of_a_damaged_file_is_brought_over(tmp_path):
    history = open_history(tmp_path, HandClock())
    await history.cursor("influx")
    history.accept([Event("note", (), f"old {n}", stamp(n)) for n in range(50)])
    sent = await history.commit()
    await history.advance("influx", sent)
    await history.commit()
    ruin(history._journal, tmp_path)
    history.accept([Event("note", (), "new", stamp(60))])
    assert await history.commit() == 51
    assert [entry.record.text for entry in await history.after(sent, 9)] == ["new"]
    await history.close()
    history = open_history(tmp_path, HandClock())
    assert await history.cursor("influx") == sent
    history.accept([Event("note", (), "newer", stamp(61))])
    await history.commit()
    assert [entry.record.text for entry in await history.after(sent, 9)] == ["new", "newer"]
    await history.close()


async def test_positions_stay_used_when_a_replaced_file_is_empty_and_no_sink_is_known(tmp_path):
    history = open_history(tmp_path, HandClock())
    history.accept([Event("note", (), "old", stamp())] * 9)
    await history.commit()
    ruin(history._journal, tmp_path)
    await history.write_state("ledger", "spent")
    assert history.newest == 9
    await history.close()
    history = open_history(tmp_path, HandClock())
    history.accept([Event("note", (), "new", stamp())])
    assert await history.commit() == 10
    await history.close()


async def test_the_times_of_boots_are_brought_over_from_memory_when_their_pages_are_lost(tmp_path):
    for boot, second in (("boot-1", 0), ("boot-2", 9000)):
        history = open_history(tmp_path, HandClock())
        moment = Stamp(boot, 7 * 10**9, stamp(second).wall_ms)
        history.accept([Event("note", (), boot, moment)])
        await history.commit()
        await history.close()
    history = open_history(tmp_path, HandClock())
    connection = history._journal._connection
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    roots = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name LIKE 'boots%'").fetchall()
    with (tmp_path / "history.db").open("r+b") as file:
        for (page,) in roots:
            file.seek((page - 1) * 2048)
            file.write(os.urandom(2048))
    connection.execute("PRAGMA shrink_memory")
    history.accept([Event("note", (), "after", Stamp("boot-3", 1, stamp(20_000).wall_ms))])
    await history.commit()
    found = [(entry.record.text, entry.record.stamp.wall_ms) for entry in await history.after(0, 9)]
    assert found == [
        ("boot-1", stamp(0).wall_ms), ("boot-2", stamp(9000).wall_ms), ("after", stamp(20_000).wall_ms),
    ]  # fmt: skip
    await history.close()


async def test_a_boot_never_gets_the_number_of_one_whose_time_was_lost(tmp_path):
    history = open_history(tmp_path, HandClock())
    history.accept([Event("note", (), "lost", Stamp("boot-1", 7 * 10**9, stamp().wall_ms))])
    await history.commit()
    await history.close()
    with closing(sqlite3.connect(tmp_path / "history.db")) as connection:
        connection.executescript("UPDATE boots SET crc = 0; UPDATE boots_copy SET crc = 0;")
    history = open_history(tmp_path, HandClock())
    history.accept([Event("note", (), "after", Stamp("boot-2", 9, stamp(5000).wall_ms))])
    await history.commit()
    # No time is told for what has lost it: a wrong one would be believed.
    assert [entry.record.text for entry in await history.after(0, 9)] == ["after"]
    assert history.damaged_total
    await history.close()


async def test_a_garbled_cursor_neither_stops_the_start_nor_moves_positions(tmp_path):
    await make(tmp_path)
    with closing(sqlite3.connect(tmp_path / "history.db")) as connection, connection:
        connection.execute("UPDATE cursors SET position = 'garbled'")
    history = open_history(tmp_path, HandClock())
    assert history.newest == len(list(records()))
    assert await history.cursor("influx") == 0
    await history.close()


class ReadOnlyAtFirst(HistoryFile):
    """A folder in which nothing can be renamed the first time."""

    refuses = True

    def replace(self, problem):
        if self.refuses:
            self.refuses = False
            raise OSError(errno.EROFS, "Read-only file system")
        return super().replace(problem)


def test_a_replacement_that_fails_is_tried_again(tmp_path):
    journal = Journal(ReadOnlyAtFirst(tmp_path), 2**20)
    assert journal.commit(lambda: [Event("note", (), "old", stamp())], {}) == 1
    ruin(journal, tmp_path)
    with pytest.raises(StoreError, match="Read-only"):
        journal.commit(lambda: [Event("note", (), "new", stamp(5))], {})
    assert journal.pending_records == 1
    assert journal.commit(list, {}) == 2
    assert (journal.pending_records, journal.damaged_total) == (0, 1)
    assert [entry.record.text for entry in journal.after(1, 9)] == ["new"]
    journal.close()


def test_nothing_that_was_acknowledged_is_lost_by_kill_9(tmp_path):
    chance, acknowledged = random.Random(3), 0
    environment = {**os.environ, "PYTHONPATH": f"{TESTS}:{TESTS.parent}"}
    for _ in range(20):
        with subprocess.Popen(
            [sys.executable, str(TESTS / "fakes" / "store_child.py"), str(tmp_path)],
            stdout=subprocess.PIPE, env=environment, text=True,
        ) as child:  # fmt: skip
            first = int(child.stdout.readline())
            assert first > acknowledged
            # The moment of death is the point of this test: it is not waited for, it is chosen.
            time.sleep(chance.uniform(0, 0.05))
            child.send_signal(signal.SIGKILL)
            acknowledged = int((child.stdout.read().splitlines() or [first])[-1])
    reader = open_reader(tmp_path)
    positions = [entry.position for entry in reader.after(0, 10**6)]
    assert positions[:acknowledged] == list(range(1, acknowledged + 1))
    assert reader.verify().sound
    reader.close()


async def test_a_history_of_format_1_opens_for_ever(tmp_path):
    shutil.copy(FIXTURE, tmp_path / "history.db")
    history = open_history(tmp_path, HandClock())
    assert list((await read_all(history)).values()) == list(map(essence, records()))[:60]
    assert await history.cursor("influx") == 7
    assert await history.read_state("ledger") == "spent"
    history.accept([Event("note", (), "goes on", stamp())])
    assert await history.commit() == 61
    await history.close()
    reader = open_reader(tmp_path)
    assert len(list(reader.range(Query("tcp", 0, EVER)))) == 50
    assert reader.verify().sound
    reader.close()


@pytest.fixture
def read_only():
    """A folder that others may look into; tmp_path is closed to them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield folder
        folder.chmod(0o700)


def test_a_reader_needs_no_right_to_write(read_only):
    shutil.copy(FIXTURE, read_only / "history.db")
    read_only.chmod(0o555)
    script = (
        "import os, sys; from pathlib import Path; from netmon.store.reader import open_reader\n"
        "os.geteuid() or os.setuid(65534)\n"
        "print(open_reader(Path(sys.argv[1])).stats().records)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(read_only)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "60\n"), done.stderr


def test_a_folder_without_the_right_to_write_is_said_with_the_remedy(read_only):
    read_only.chmod(0o555)
    script = (
        "import os, sys; from pathlib import Path; from netmon.clock import SystemClock\n"
        "from netmon.errors import StoreError\n"
        "from netmon.store.history import open_history; clock = SystemClock()\n"
        "os.geteuid() or os.setuid(65534)\n"
        "try: open_history(Path(sys.argv[1]), clock)\nexcept StoreError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(read_only)], capture_output=True, text=True, check=False
    )
    assert "cannot be written" in done.stdout, done.stderr
    assert "STATE_DIRECTORY" in done.stdout


async def test_a_file_size_limit_of_the_system_is_a_full_disk_in_words(tmp_path):
    script = (
        "import asyncio, resource, signal, sys; from pathlib import Path; sys.path.insert(0, sys.argv[2])\n"
        "from fakes.store_clock import HandClock; from fakes.records import *\n"
        "from netmon.model import Event; from netmon.errors import StoreError\n"
        "from netmon.store.history import open_history\n"
        "async def main():\n"
        "    history = open_history(Path(sys.argv[1]), HandClock())\n"
        "    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 2**40))\n"
        "    history.accept([Event('note', (), 'x' * 100_000 + str(n), stamp()) for n in range(9)])\n"
        "    wide = shape(rows=[str(n) for n in range(9999)])\n"
        "    history.accept([reading(wide, 0, [n / 7 for n in range(9999)])] * 9)\n"
        "    try: await history.commit()\n"
        "    except StoreError as error: print(type(error).__name__, history.pending_records)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (2**40, 2**40))\n"
        "    print(await history.commit(), history.dropped_total)\n"
        "    await history.close()\n"
        "asyncio.run(main())\n"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        script,
        str(tmp_path),
        str(TESTS),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await child.communicate()
    assert out.decode().splitlines() == ["StoreError 18", "18 0"], err.decode()
