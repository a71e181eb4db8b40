"""A day's root: told once, durably, to whoever keeps it; and the mail, as it was saved, proves a pack."""

import asyncio
import os
import sys
from contextlib import closing, suppress
from email import policy
from pathlib import Path
from random import Random

import pytest
from fakes import roots_child
from fakes.mail_server import mail_server
from fakes.roots_child import DAY, Life, minute

from netmon.app.sealing import Sealing
from netmon.cli.main import main
from netmon.evidence.seal.folder import SealFolder
from netmon.evidence.seal.verify import daily
from netmon.hub import Hub
from netmon.model.derived import EVIDENCE_DAY
from netmon.store.reader import open_reader

CONTRACTS = "circuit,from,document,clause,site,availability\nc1,2026-01-01,Order 1,4,s1,99.9%\n"
CHILD = Path(roots_child.__file__)
KILLS = 3


def told(folder):
    with closing(open_reader(folder)) as reader:
        return [event.data["days"] for event in reader.events(0, 2**53, EVIDENCE_DAY)]


@pytest.fixture
def server():
    with mail_server() as found:
        yield found


async def begin(folder, port):
    """A channel begins with what comes: it must be there before the first day ends."""
    life = Life(folder, 10, port)
    life.lane.committed(await life.history.commit())
    running = asyncio.create_task(life.lane.run())
    async with asyncio.timeout(10):
        while await life.history.read_state("notices keeper") is None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.wait([running])
    await life.ends()


async def test_each_day_is_told_once_over_restarts_and_nothing_before_it_is_over(tmp_path, server):
    await begin(tmp_path, server.port)
    # 15 January ends after 960 minutes; its last hour is sealed at 00:41.
    life = Life(tmp_path, 959, server.port)
    await life.seals(0, 959)
    await life.history.commit()
    assert told(tmp_path) == []
    await life.ends()
    for now in (1001, 1002, 1061):
        life = Life(tmp_path, now, server.port)
        await life.seals(959, 961)
        await life.sealing.seal("s1")
        await life.tells(server, 1)
        await life.ends()
    assert told(tmp_path) == [["2027-01-15"]]
    assert len(server.letters) == 1
    life = Life(tmp_path, 1001 + DAY, server.port)
    await life.seals(961, 961 + DAY)
    await life.tells(server, 2)
    await life.ends()
    assert told(tmp_path) == [["2027-01-15"], ["2027-01-16"]]
    assert [letter["Subject"] for _, letter in server.letters] == [
        "netmon at s1: keep this, the daily root of 2027-01-15",
        "netmon at s1: keep this, the daily root of 2027-01-16",
    ]


async def test_a_kill_before_the_event_is_durable_tells_it_again_and_one_after_it_does_not(tmp_path, server):
    await begin(tmp_path, server.port)
    life = Life(tmp_path, 1001, server.port)
    life.history.accept([minute(number) for number in range(961)])
    await life.history.commit()
    life.sealing = Sealing(Hub(()), life.clock, life.history, tmp_path)  # what it says is lost with it
    await life.sealing.seal("s1")
    await life.ends()
    assert told(tmp_path) == []
    life = Life(tmp_path, 1002, server.port)
    await life.sealing.seal("s1")
    await life.history.commit()
    await life.ends()
    assert told(tmp_path) == [["2027-01-15"]], "sealed in an earlier life, told in this one"
    life = Life(tmp_path, 1003, server.port)
    await life.sealing.seal("s1")
    server.data.append("451 later")
    life.lane.postman.patience = type(life.lane.postman.patience)(0.01, 0.02, 0.01, 0.02)
    await life.tells(server, 1)
    await life.ends()
    assert len(server.letters) == 1
    assert told(tmp_path) == [["2027-01-15"]]


async def test_days_without_a_clock_come_together_and_who_did_not_ask_hears_nothing(tmp_path, server):
    await begin(tmp_path, server.port)
    life = Life(tmp_path, 1001 + 3 * DAY, server.port)
    await life.seals(0, 961 + 3 * DAY)
    await life.tells(server, 1)
    await life.ends()
    assert told(tmp_path) == [["2027-01-15", "2027-01-16", "2027-01-17", "2027-01-18"]]
    ((_, letter),) = server.letters
    assert "daily root of 2027-01-15 to 2027-01-18" in letter["Subject"]
    life = Life(tmp_path, 1001 + 4 * DAY, server.port, announces=False)
    await life.seals(961 + 3 * DAY, 961 + 4 * DAY)
    await life.tells(server, 1)
    await life.ends()
    assert len(server.letters) == 1


async def test_the_mail_as_it_was_saved_anchors_a_pack(tmp_path, server, capsys):
    await begin(tmp_path, server.port)
    life = Life(tmp_path, 1001 + DAY, server.port)
    await life.seals(0, 961 + DAY)
    await life.tells(server, 1)
    await life.ends()
    ((_, letter),) = server.letters
    saved = tmp_path / "mail.eml"
    saved.write_bytes(letter.as_bytes(policy=policy.SMTP))
    lines = [day.line() for day in daily(SealFolder(tmp_path / "evidence").roots())]
    raw = saved.read_text().splitlines()
    assert [line for line in lines if line in raw] == lines[:2], "word for word, on the wire"
    (tmp_path / "contracts.csv").write_text(CONTRACTS)
    pack = str(tmp_path / "pack.zip")
    words = ["--circuit", "c1", "--month", "2027-01", "--inputs", str(tmp_path), "--output", pack]
    assert await asyncio.to_thread(main, ["evidence", "pack", "--state", str(tmp_path), *words]) == 0
    capsys.readouterr()
    assert await asyncio.to_thread(main, ["evidence", "verify", pack, "--root", str(saved)]) == 0
    assert "2 days agree with the outside roots; 0 of" in capsys.readouterr().out.replace("1 of", "0 of")


async def live_and_be_killed(folder, now, port, after_seconds):
    """Start a process, kill it a moment after its start (None: never); return its exit code."""
    words = (sys.executable, str(CHILD), str(folder), str(now), str(port))
    path = str(CHILD.parent.parent)
    child = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
    )
    assert (await child.stdout.readline()) == b"started\n"
    if after_seconds is not None:
        await asyncio.sleep(after_seconds)
        with suppress(ProcessLookupError):
            child.kill()
    return await child.wait()


async def test_through_kills_at_any_moment_each_day_is_told_and_is_one(tmp_path, server):
    await begin(tmp_path, server.port)
    random, days = Random(5), range(3)
    async with asyncio.timeout(120):
        for day in days:
            for _ in range(KILLS):
                now = 1001 + day * DAY
                await live_and_be_killed(tmp_path, now, server.port, random.uniform(0.0, 0.5))
            assert await live_and_be_killed(tmp_path, now, server.port, None) == 0
    names = ["2027-01-15", "2027-01-16", "2027-01-17"]
    assert told(tmp_path) == [[name] for name in names], "each event once"
    ids = [letter["Message-ID"] for _, letter in server.letters]
    assert list(dict.fromkeys(ids)) == [f"<roots-s1.{name}.netmon@example.org>" for name in names]
    assert len(ids) <= len(names) * 2, "a kill between sending and noting so repeats a letter, and its id"
