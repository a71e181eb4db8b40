import asyncio
import threading
from pathlib import Path

import pytest

from netmon.errors import StoreError
from netmon.store.disk_thread import DiskThread
from netmon.store.folder import state_directory


async def test_work_is_done_in_order_on_one_thread():
    disk, done = DiskThread(), []

    def work(number):
        done.append((number, threading.get_ident()))
        return number

    assert await asyncio.gather(*(disk.call(work, n) for n in range(20))) == list(range(20))
    assert [number for number, _ in done] == list(range(20))
    assert len({thread for _, thread in done}) == 1
    assert await disk.close(1)


async def test_an_error_reaches_the_one_who_asked_and_nobody_else():
    disk = DiskThread()
    with pytest.raises(ZeroDivisionError):
        await disk.call(lambda: 1 / 0)
    assert await disk.call(len, "abc") == 3
    await disk.close(1)


async def test_a_disk_that_hangs_neither_fills_memory_nor_keeps_the_process():
    disk, hangs = DiskThread(limit=2), threading.Event()
    started = threading.Event()

    def hang():
        started.set()
        hangs.wait()

    jobs = [asyncio.create_task(disk.call(hang))]
    await asyncio.to_thread(started.wait)
    jobs += [asyncio.create_task(disk.call(len, "")) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(StoreError, match="does not keep up"):
        await disk.call(len, "")
    assert disk.refused_total == 1
    assert not await disk.close(0.01)
    hangs.set()
    await asyncio.gather(*jobs)
    assert await disk.close(1)


async def test_work_that_nobody_waits_for_any_more_is_not_begun():
    disk, hangs, done = DiskThread(), threading.Event(), []
    first = asyncio.create_task(disk.call(hangs.wait))
    second = asyncio.create_task(disk.call(done.append, 1))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.sleep(0)
    hangs.set()
    await first
    assert await disk.close(1)
    assert done == []


async def test_a_closed_thread_says_so():
    disk = DiskThread()
    await disk.close(1)
    with pytest.raises(StoreError, match="closed"):
        await disk.call(len, "")


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"STATE_DIRECTORY": "/var/lib/netmon", "XDG_STATE_HOME": "/x"}, Path("/var/lib/netmon")),
        ({"STATE_DIRECTORY": "/var/lib/netmon:/var/lib/other"}, Path("/var/lib/netmon")),
        ({"XDG_STATE_HOME": "/x"}, Path("/x/netmon")),
        ({}, Path.home() / ".local/state/netmon"),
    ],
)
def test_the_state_folder_is_systemds_else_the_users(environment, folder):
    assert state_directory(environment) == folder
