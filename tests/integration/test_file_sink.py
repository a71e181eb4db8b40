"""The file sink: every record once, whatever happens to the daemon and the disk."""

import asyncio
import csv
import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fakes import records
from fakes.clock import FakeClock
from fakes.delivering import delivering, until
from fakes.history import MemoryHistory
from fakes.store_clock import HandClock

from netmon.delivery.beginning import identify
from netmon.delivery.courier import PumpState
from netmon.delivery.file import FileSink
from netmon.delivery.file_folder import FileFolder
from netmon.delivery.file_settings import FileSettings
from netmon.errors import Parked, RetryLater
from netmon.model import Event, Fact


def history(count=300):
    shape = records.shape(rows=("a", "b"))
    return MemoryHistory(records.reading(shape, n, [n + 0.25, n + 0.75]) for n in range(count))


def content(folder):
    """Everything that counts, in the order of the positions."""
    found = []
    for path in sorted(folder.iterdir(), key=lambda path: path.name.split("-")[2].partition(".")[0]):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        if path.suffix == ".part":
            data = data[: int(path.name.split(".")[-2])]
        found += data.decode().splitlines()
    return found


def values(folder):
    return [float(line.split("=")[-1].split()[0]) for line in content(folder)]


EVERYTHING = [n + part for n in range(300) for part in (0.25, 0.75)]


def sink(folder, clock=None, **settings):
    return FileSink(FileSettings(folder, **{"keep_seconds": 1e9, **settings}), clock or FakeClock())


async def deliver(store, folder, clock=None, **settings):
    async with delivering(store, sink(folder, clock, **settings), timeout_seconds=20) as pump:
        await until(lambda: max(store.cursors.values(), default=0) == len(store.committed))
    return pump


async def test_everything_is_written_once_and_names_tell_positions(tmp_path):
    await deliver(history(), tmp_path, rotate_bytes=10_000, batch_lines=50)
    assert values(tmp_path) == EVERYTHING
    finished = sorted(path.name for path in tmp_path.glob("*.line"))
    assert len(finished) > 2
    spans = [tuple(map(int, name.removesuffix(".line").split("-")[2:])) for name in finished]
    assert [first for first, _ in spans] == [1, *(last + 1 for _, last in spans[:-1])]


async def test_a_crash_before_the_store_has_heard_repeats_nothing(tmp_path):
    store = history()
    await deliver(store, tmp_path)
    store.cursors = {f"file {tmp_path}": 120}
    await deliver(store, tmp_path)
    assert values(tmp_path) == EVERYTHING


async def test_files_of_another_history_are_told_by_its_name_when_the_new_one_is_longer_already(tmp_path):
    former, present = history(10), history(30)
    for store in (former, present):
        await identify(store, 0)
        await identify(store, 0)
    assert former.states != present.states
    for store in (former, present, present):
        await deliver(store, tmp_path)
    assert values_of(tmp_path, "netmon-*") == EVERYTHING[:60]
    assert values_of(tmp_path, "former-netmon-*") == EVERYTHING[:20]


def values_of(folder, pattern):
    (path,) = folder.glob(pattern)
    return [float(line.split("=")[-1].split()[0]) for line in path.read_text().splitlines()]


async def test_files_of_another_history_keep_nothing_of_a_new_one_back(tmp_path):
    await deliver(history(), tmp_path)
    for _ in range(2):
        # A new card: the state is gone, the files are not; and the next start knows whose is what.
        await deliver(store := history(100), tmp_path)
        store.cursors = {f"file {tmp_path}": 100}
    (part,) = tmp_path.glob("netmon-*")
    assert [float(line.split("=")[-1].split()[0]) for line in part.read_text().splitlines()] == EVERYTHING[
        :200
    ]
    (former,) = tmp_path.glob("former-netmon-*")
    assert len(former.read_text().splitlines()) == 600


async def test_a_foreign_file_with_a_name_like_ours_is_left_alone(tmp_path):
    odd = tmp_path / "netmon-20251399T000000Z-000000000001.line.5.10.part"
    odd.write_text("no date")
    await deliver(history(50), tmp_path)
    assert odd.read_text() == "no date"
    odd.unlink()
    assert values(tmp_path) == EVERYTHING[:100]


async def test_what_a_crash_left_behind_the_end_that_counts_is_cut_off(tmp_path):
    store = history(100)
    await deliver(store, tmp_path)
    (part,) = tmp_path.glob("*.part")
    with part.open("ab") as file:
        file.write(b"tcp,half=a li")
    more = history()
    more.cursors = store.cursors
    await deliver(more, tmp_path)
    assert values(tmp_path) == EVERYTHING


async def test_files_that_were_taken_away_are_not_written_again(tmp_path):
    store = history(100)
    await deliver(store, tmp_path)
    for path in tmp_path.iterdir():
        path.unlink()
    more = history()
    more.cursors = store.cursors
    await deliver(more, tmp_path)
    assert values(tmp_path) == EVERYTHING[200:]


async def test_finished_files_are_compressed_also_those_that_a_crash_left(tmp_path):
    await deliver(history(200), tmp_path, rotate_bytes=5_000, batch_lines=50)
    assert list(tmp_path.glob("*.line"))
    await deliver(history(), tmp_path, rotate_bytes=5_000, batch_lines=50, gzip=True)
    assert not list(tmp_path.glob("*.line"))
    assert values(tmp_path) == EVERYTHING


async def test_a_file_ends_when_its_time_is_over_and_goes_when_it_is_too_old(tmp_path):
    clock = HandClock()
    files = sink(tmp_path, clock, rotate_seconds=3600)
    await files.resume(0)
    for n, (position, line) in enumerate([(1, b"a v=1 1"), (2, b"a v=2 2"), (3, b"a v=3 3")]):
        await files.send([line])
        await files.complete(position)
        clock.move(2000)
        assert len(list(tmp_path.glob("*.line"))) == (n == 2)
    (old,) = tmp_path.glob("*.line")
    os.utime(old, (0, 0))
    for position in (4, 5, 6):
        clock.move(4000)
        await files.send([b"a v=4 4"])
        await files.complete(position)
    assert not old.exists()
    await files.close()


async def test_csv_has_one_value_a_line_facts_and_events_included_and_columns_that_never_change(tmp_path):
    store = MemoryHistory([
        records.reading(records.shape(), 0, [0.5]),
        Fact("system", (("site", "lib"),), {"descr": "=cmd|' x\nb"}, records.stamp(1)),
        Event("reboot", (("device", "sw1"),), 'it "restarted", again', records.stamp(2), {"why": [1, 2]}),
    ])  # fmt: skip
    await deliver(store, tmp_path, format="csv")
    rows = list(csv.DictReader(io.StringIO("\n".join(content(tmp_path)))))
    assert [row["metric"] for row in rows] == ["probe_duration_seconds", "descr", "text", "why"]
    assert [row["value"] for row in rows] == ["0.5", "'=cmd|' x b", 'it "restarted", again', "[1, 2]"]
    assert json.loads(rows[0]["labels"]) == {"site": "lib", "target": "a"}


async def test_another_format_begins_another_file(tmp_path):
    store = history(10)
    await deliver(store, tmp_path)
    more = history(20)
    more.cursors = store.cursors
    await deliver(more, tmp_path, format="csv")
    kinds = ("*.line", "*.csv.*.part", "*.line.*.part")
    assert [len(list(tmp_path.glob(kind))) for kind in kinds] == [1, 1, 0]


@pytest.mark.parametrize("call", ["begin", "append", "finish"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_disk_that_fails_once_costs_and_repeats_nothing(tmp_path, call, after):
    class Failing(FileFolder):
        left = 1

        def fail(self, name, work):
            bad = name == call and self.left > 0
            self.left -= bad
            if bad and not after:
                raise OSError(28, "No space left on device")
            made = work()
            if bad:
                raise OSError(5, "Input/output error")
            return made

        def begin(self, *words):
            return self.fail("begin", lambda: super(Failing, self).begin(*words))

        def append(self, *words):
            return self.fail("append", lambda: super(Failing, self).append(*words))

        def finish(self, *words, **more):
            return self.fail("finish", lambda: super(Failing, self).finish(*words, **more))

    files, store = sink(tmp_path, rotate_bytes=5_000, batch_lines=50), history()
    files._folder = Failing(tmp_path)
    async with delivering(store, files, timeout_seconds=20) as pump:
        await until(lambda: max(store.cursors.values(), default=0) == 300)
    assert values(tmp_path) == EVERYTHING
    assert pump.courier.retried_total == 1


async def test_a_folder_that_is_none_parks_with_its_name(tmp_path):
    (tmp_path / "file").write_text("")
    async with delivering(history(1), sink(tmp_path / "file" / "sub")) as pump:
        await until(lambda: pump.state is PumpState.PARKED)
        assert str(tmp_path) in pump.trouble


def test_a_full_disk_is_waited_for_and_a_forbidden_folder_is_for_a_person():
    async def raised(number):
        files = sink("/nowhere")

        def refuse():
            raise OSError(number, "words")

        with pytest.raises((Parked, RetryLater)) as caught:
            await files._call(refuse)
        await files.close()
        return type(caught.value)

    assert [asyncio.run(raised(number)) for number in (28, 5, 30, 13)] == [RetryLater] * 3 + [Parked]


CHILD = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from fakes.clock import FakeClock
from netmon.delivery.file import FileSink
from netmon.delivery.file_settings import FileSettings

async def main():
    settings = FileSettings(Path(sys.argv[1]), rotate_bytes=3000, keep_seconds=1e9, gzip=True)
    sink = FileSink(settings, FakeClock())
    position = await sink.resume(0)
    print("ready", flush=True)
    while True:
        await sink.send([b"m v=%d %d" % (position + n, position + n) for n in (1, 2, 3)])
        position += 3
        await sink.complete(position)

asyncio.run(main())
"""


def test_a_process_that_is_killed_at_any_moment_leaves_every_line_once(tmp_path):
    program = CHILD.format(tests=str(Path(__file__).parents[1]))
    for n in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE
        ) as child:
            child.stdout.readline()
            try:
                child.wait(0.02 + 0.013 * n)
            except subprocess.TimeoutExpired:
                child.kill()
    FileFolder(tmp_path).open("line", compress=True)
    found = [int(line.split()[-1]) for line in content(tmp_path)]
    assert found == list(range(1, len(found) + 1))
    assert len(found) > 100
