"""Death and power cuts while the history commits, seals and forgets: nothing acknowledged is lost."""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from fakes import power_cut
from fakes.sealing_child import DAY_POSITIONS, KEPT_DAYS, MINUTES, record
from fakes.store_clock import HandClock

from netmon.model import Event
from netmon.store.history import open_history
from netmon.store.interface import Query
from netmon.store.reader import open_reader

TESTS = Path(__file__).parents[1]


def essence(one):
    if isinstance(one, Event):
        return one
    return one.shape.measurement, one.stamp.wall_ms, tuple(map(tuple, one.columns)), one.outcomes


async def verify(folder, said):
    """Read all back: each record is what its position says, and nothing is missing that must be there."""
    history = open_history(folder, HandClock())
    found, position = set(), 0
    while entries := await history.after(position, 500):
        for entry in entries:
            assert entry.position > position, "each record once, in order"
            position = entry.position
            assert essence(entry.record) == essence(record(position))
            found.add(position)
    newest = history.newest
    history.accept([record(newest + 1)])
    assert await history.commit() == newest + 1, "the history goes on"
    await history.close()
    assert newest >= said
    kept_from = max(newest - KEPT_DAYS * DAY_POSITIONS, 0) + 1
    evidence = {at for at in range(1, said + 1) if getattr(record(at), "shape", None) is MINUTES}
    missing = (set(range(kept_from, said + 1)) | evidence) - found
    assert not missing
    return history


def killed(folder, seconds):
    """Let the child work until it is killed; return the last position that it said."""
    environment = {**os.environ, "PYTHONPATH": f"{TESTS}:{TESTS.parent}"}
    command = [sys.executable, str(TESTS / "fakes" / "sealing_child.py"), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as child:
        first = child.stdout.readline()
        # The moment of death is the point of this test: it is not waited for, it is chosen.
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        said = [*first.split(), *child.stdout.read().split("\n")[:-1]]
    return int(said[-1])


async def test_kill_9_while_days_are_sealed_and_forgotten_loses_nothing(tmp_path):
    chance = random.Random(11)
    for _ in range(12):
        said = killed(tmp_path, chance.uniform(0.05, 0.25))
        copy = tmp_path.with_name("copy")
        shutil.copytree(tmp_path, copy)
        await verify(copy, said)
        shutil.rmtree(copy)
    assert list((tmp_path / "sealed").glob("*-*")), "days must have been sealed under way"
    reader = open_reader(tmp_path)
    assert reader.verify().sound
    reader.close()


@pytest.mark.skipif(power_cut.compiler() is None, reason="there is no C compiler for the recorder of writes")
async def test_a_power_cut_at_any_moment_loses_nothing_that_was_acknowledged(tmp_path):
    (tmp_path / "record").mkdir()
    operations = await asyncio.to_thread(power_cut.record, tmp_path / "record", tmp_path, 160)
    assert any(one.kind == "R" and "/sealed/part" in one.name for one in operations)
    chance, disk = random.Random(2), power_cut.Disk(operations)
    for cut in sorted(chance.sample(range(200, len(operations)), 60)):
        disk.follow(cut)
        folder = tmp_path / "cut"
        folder.mkdir()
        mode = disk.cut(folder, chance)
        try:
            await verify(folder, disk.said)
        except AssertionError as error:
            raise AssertionError(f"cut {cut} ({mode})") from error
        shutil.rmtree(folder)


async def grown(folder, commits=150):
    environment = {**os.environ, "PYTHONPATH": f"{TESTS}:{TESTS.parent}"}
    command = [sys.executable, str(TESTS / "fakes" / "sealing_child.py"), str(folder), str(commits)]
    child = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL, env=environment)
    assert await child.wait() == 0


def harm(path, chance):
    """Flip a bit of a file or cut it short; say which."""
    data = bytearray(path.read_bytes())
    if chance.random() < 0.2:
        size = chance.randrange(len(data))
        path.write_bytes(data[:size])
        return f"{path.name} cut from {len(data)} to {size}"
    at, bit = chance.randrange(len(data)), chance.randrange(8)
    data[at] ^= 1 << bit
    path.write_bytes(data)
    return f"{path.name} of {len(data)}, byte {at}, bit {bit}"


async def read_with_damage(folder):
    """Return what was found and whether anything was said to be damaged."""
    history = open_history(folder, HandClock())
    found, position = {}, 0
    while entries := await history.after(position, 500):
        found |= {entry.position: entry.record for entry in entries}
        position = entries[-1].position
    damaged = history.damaged_total
    await history.close()
    return found, damaged


def differs(one, other):
    """Tell whether a reading tells anything wrong; a value that is not known any more is none."""
    if isinstance(one, Event) or isinstance(other, Event):
        return one != other
    first, second = essence(one), essence(other)
    if first[:2] != second[:2] or first[3] != second[3]:
        return True
    cells = [
        (a, b)
        for mine, truth in zip(first[2], second[2], strict=True)
        for a, b in zip(mine, truth, strict=True)
    ]
    return any(a is not None and a != b for a, b in cells)


async def test_no_flipped_bit_or_cut_in_a_sealed_file_goes_undetected(tmp_path, caplog):
    caplog.set_level("CRITICAL")
    await grown(tmp_path / "sound")
    truth, damaged = await read_with_damage(tmp_path / "sound")
    assert not damaged
    chance = random.Random(9)
    for trial in range(30):
        folder = tmp_path / str(trial)
        shutil.copytree(tmp_path / "sound", folder)
        path = chance.choice(sorted((folder / "sealed").glob("*/*.blocks")))
        harm(path, chance)
        reader = open_reader(folder)
        assert not reader.verify().sound, path
        reader.close()
        found, damaged = await read_with_damage(folder)
        assert not [at for at, one in found.items() if differs(one, truth[at])]
        whole = found.keys() == truth.keys() and all(essence(found[at]) == essence(truth[at]) for at in truth)
        assert whole or damaged
        shutil.rmtree(folder)


async def test_a_sealed_file_that_is_gone_is_counted_and_its_neighbours_stay(tmp_path, caplog):
    await grown(tmp_path)
    truth, _ = await read_with_damage(tmp_path)
    gone = min((tmp_path / "sealed").glob("*/probes.blocks"))
    gone.unlink()
    found, damaged = await read_with_damage(tmp_path)
    assert damaged == 1
    assert f"{gone.parent.name}/probes.blocks is gone" in caplog.text
    assert 0 < len(truth) - len(found) < DAY_POSITIONS / 2
    assert (await read_with_damage(tmp_path))[1] == 0, "that was told once"


async def test_the_history_is_had_again_from_sealed_files_alone(tmp_path):
    await grown(tmp_path)
    truth, _ = await read_with_damage(tmp_path)
    for path in tmp_path.glob("history.db*"):
        path.unlink()
    found, damaged = await read_with_damage(tmp_path)
    assert damaged == 0
    sealed = {at: one for at, one in truth.items() if at in found}
    assert {at: essence(one) for at, one in found.items()} == {at: essence(one) for at, one in sealed.items()}
    assert len(found) > 2 * DAY_POSITIONS
    history = open_history(tmp_path, HandClock())
    history.accept([record(1)])
    assert await history.commit() > max(found), "positions go on behind those in files"
    await history.close()


async def test_a_sealed_file_of_a_newer_format_is_set_aside_untouched(tmp_path):
    await grown(tmp_path)
    path = min((tmp_path / "sealed").glob("*/probes.blocks"))
    data = bytearray(path.read_bytes())
    data[14] = 200
    path.write_bytes(data)
    for name in tmp_path.glob("history.db*"):
        name.unlink()
    _, damaged = await read_with_damage(tmp_path)
    assert damaged == 1
    assert path.with_suffix(".newer").read_bytes() == data


async def test_a_history_of_format_2_opens_for_ever(tmp_path):
    shutil.copytree(TESTS / "fixtures" / "history-v2", tmp_path, dirs_exist_ok=True)
    found, damaged = await read_with_damage(tmp_path)
    assert damaged == 0
    assert {at: essence(one) for at, one in found.items()} == {
        at: essence(record(at)) for at in range(1, 1001)
    }
    with closing(open_reader(tmp_path)) as reader:
        assert reader.verify().sound
        assert reader.cursor("influx") == 7
        hours = list(reader.rollup(Query("icmp", 0, 2**42), 3_600_000))
        assert hours[0].minimum == 3 / 8
    history = open_history(tmp_path, HandClock())
    assert await history.read_state("ledger") == "spent"
    await history.close()
