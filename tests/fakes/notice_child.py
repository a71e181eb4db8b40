"""A process that opens and ends incidents and tells of them by three channels, until a test kills it.

The history is the real one, on a real disk; lanes and channels are those of the daemon. With `drain` it opens
nothing, and ends when everything was told.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from random import Random

from fakes.delivering import until
from fakes.loopback import SELF_SIGNED
from fakes.mail_server import PASSWORD, USER
from fakes.notify_server import KEY, SMS_TEMPLATE
from fakes.telling import EVERYTHING, closed, incident, opened

from netmon.clock import SystemClock
from netmon.delivery.pacing import Patience
from netmon.notices.govuk import GovukNotify
from netmon.notices.govuk_settings import GovukSettings
from netmon.notices.http_session import HttpSettings
from netmon.notices.judgement import LaneSettings
from netmon.notices.lane import Lane
from netmon.notices.mail import Mail
from netmon.notices.mail_session import MailSettings
from netmon.notices.record import Diary
from netmon.notices.selection import Selection
from netmon.notices.webhook import Webhook
from netmon.store.history import SqliteHistory, open_history

PATIENCE = Patience(retry_first=0.02, retry_cap=0.1, parked_first=0.1, parked_cap=0.2)
TIMEOUT_SECONDS = 0.5


def channels(places: dict, clock: SystemClock):
    mail = MailSettings(
        "127.0.0.1", places["mail"], "netmon@example.org", ("desk@example.org",), USER, PASSWORD,
        ca_file=str(SELF_SIGNED), timeout_seconds=3.0,
    )  # fmt: skip
    govuk = GovukSettings(
        places["govuk"], KEY, SMS_TEMPLATE, ("07700900000",), timeout_seconds=TIMEOUT_SECONDS
    )
    return (
        Webhook("webhook", HttpSettings(places["webhook"], timeout_seconds=TIMEOUT_SECONDS), clock),
        GovukNotify("govuk_notify", govuk),
        Mail("email", mail, clock),
    )


async def live(history: SqliteHistory, clock: SystemClock, name: str) -> None:
    """Open an incident every now and then, and end some."""
    random, number, going = Random(name), 0, []
    while True:
        number += 1
        now = clock.stamp()
        if going and random.random() < 0.4:
            history.accept([closed(going.pop(0), now)])
        else:
            going.append(incident(now, f"{name}-{number}"))
            history.accept([opened(going[-1], now)])
        await history.commit()
        await asyncio.sleep(random.uniform(0.05, 0.3))


async def main(folder: Path, name: str, places: dict) -> None:
    clock = SystemClock()
    history = open_history(folder, clock, commit_seconds=0.05)
    diary = Diary(history.accept, clock)
    lanes = []
    for channel in channels(places, clock):
        settings = LaneSettings(Selection(channel.name, EVERYTHING), 1_000_000)
        lane = Lane(channel, settings, history, clock, diary)
        lane.postman.patience = PATIENCE
        lanes.append(lane)
    history.on_commit = lambda newest: [lane.committed(newest) for lane in lanes]
    tasks = [asyncio.create_task(one.run()) for one in (history, *lanes)]
    await until(lambda: all(lane._started for lane in lanes))
    sys.stdout.write("started\n")
    sys.stdout.flush()
    if name != "drain":
        await live(history, clock, name)
    newest = await history.commit()
    await until(lambda: all(lane.state.position >= newest for lane in lanes))
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await history.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])))
