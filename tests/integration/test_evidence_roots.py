"""A day's root: told once, durably, to whoever keeps it; and the mail, as it was saved, proves a pack."""

import asyncio
from contextlib import closing
from email import policy

import pytest
from fakes.clock import FakeClock
from fakes.loopback import SELF_SIGNED
from fakes.mail_server import PASSWORD, USER, mail_server
from fakes.records import stamp

from netmon.app.sealing import Sealing
from netmon.cli.main import main
from netmon.evidence.seal.folder import SealFolder
from netmon.evidence.seal.verify import daily
from netmon.hub import Hub
from netmon.incidents.incident import Severity
from netmon.model import Reading, Retention, Row, Shape
from netmon.model.derived import CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS, EVIDENCE_DAY
from netmon.notices.judgement import LaneSettings
from netmon.notices.lane import Lane
from netmon.notices.mail import Mail
from netmon.notices.mail_session import MailSettings
from netmon.notices.record import Diary
from netmon.notices.selection import Selection
from netmon.store.history import open_history
from netmon.store.reader import open_reader

START_SECONDS = 1_800_000_000  # 2027-01-15T08:00Z
DAY = 1440
ROW = Row((("site", "s1"), ("circuit", "c1")))
SHAPE = Shape(CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS, (ROW,), Retention.EVIDENCE)
CONTRACTS = "circuit,from,document,clause,site,availability\nc1,2026-01-01,Order 1,4,s1,99.9%\n"


def clock(minutes):
    return FakeClock(wall_ns=(START_SECONDS + 60 * minutes) * 10**9)


def minute(number):
    cells = tuple((1 if metric.name == "netmon_circuit_state" else None,) for metric in SHAPE.metrics)
    return Reading(SHAPE, stamp(60 * number + 30), cells, ("ok",))


class Life:
    """One start of a daemon, as far as sealing and telling go; `die` leaves without any goodbye."""

    def __init__(self, folder, now, port=0, **settings):
        self.folder, self.clock = folder, clock(now)
        self.history = open_history(folder, self.clock)
        self.sealing = Sealing(Hub((self.history,)), self.clock, self.history, folder)
        mail = MailSettings(
            "127.0.0.1", port, "netmon@example.org", ("keeper@example.net",), USER, PASSWORD,
            ca_file=str(SELF_SIGNED),
        )  # fmt: skip
        lane = LaneSettings(Selection("keeper", frozenset[Severity]()), **{"announces": True, **settings})
        self.mail = Mail("keeper", mail, self.clock)
        self.lane = Lane(self.mail, lane, self.history, self.clock, Diary(lambda _: None, self.clock))

    async def seals(self, first, last):
        self.history.accept([minute(number) for number in range(first, last)])
        await self.history.commit()
        await self.sealing.seal("s1")

    async def tells(self, server, wanted):
        """Let the lane work until so many letters came, and a moment longer."""
        newest = await self.history.commit()
        self.lane.committed(newest)
        running = asyncio.create_task(self.lane.run())
        try:
            async with asyncio.timeout(10):
                while len(server.letters) < wanted or self.lane.state.position < newest:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        finally:
            running.cancel()
            await asyncio.wait([running])

    async def ends(self):
        await self.mail.close()
        await self.history.close()


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
