"""A daemon as far as sealing and telling go: `roots_child.py FOLDER MINUTE PORT` lives until all is told.

Time is that of the test: MINUTE says how long after its beginning this start is.
"""

import asyncio
import sys
from pathlib import Path

from fakes.clock import FakeClock
from fakes.loopback import SELF_SIGNED
from fakes.mail_server import PASSWORD, USER
from fakes.records import stamp

from netmon.app.sealing import Sealing
from netmon.delivery.pacing import Patience
from netmon.hub import Hub
from netmon.incidents.incident import Severity
from netmon.model import Reading, Retention, Row, Shape
from netmon.model.derived import CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS
from netmon.notices.judgement import LaneSettings
from netmon.notices.lane import Lane
from netmon.notices.mail import Mail
from netmon.notices.mail_session import MailSettings
from netmon.notices.record import Diary
from netmon.notices.selection import Selection
from netmon.store.history import open_history

START_SECONDS = 1_800_000_000  # 2027-01-15T08:00Z
DAY = 1440
ROW = Row((("site", "s1"), ("circuit", "c1")))
SHAPE = Shape(CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS, (ROW,), Retention.EVIDENCE)


def clock(minutes):
    return FakeClock(wall_ns=(START_SECONDS + 60 * minutes) * 10**9)


def minute(number):
    cells = tuple((1 if metric.name == "netmon_circuit_state" else None,) for metric in SHAPE.metrics)
    return Reading(SHAPE, stamp(60 * number + 30), cells, ("ok",))


class Life:
    """One start of a daemon, as far as sealing and telling go."""

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


async def main(folder: Path, now: int, port: int) -> None:
    """Take what was measured since the last day, seal, tell, end."""
    life = Life(folder, now, port)
    life.lane.postman.patience = Patience(0.01, 0.02, 0.01, 0.02)
    sys.stdout.write("started\n")
    sys.stdout.flush()
    await life.seals(max(now - DAY - 60, 0), now - 40)
    newest = await life.history.commit()
    life.lane.committed(newest)
    running = asyncio.create_task(life.lane.run())
    while life.lane.state.position < newest:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.wait([running])
    await life.ends()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
