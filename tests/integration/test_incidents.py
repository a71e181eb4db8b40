"""Incidents with the real history and the real daemon: played again, gone on with, and written about."""

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fakes.clock import START_WALL_NS, FakeClock
from fakes.daemon import DaemonProcess
from fakes.incident_site import IncidentPlay, perform

from netmon.app.planned_work import PlannedWork
from netmon.cli.main import main
from netmon.config.load import Options, load
from netmon.incidents.engine import Engine
from netmon.incidents.inbox import Inbox
from netmon.incidents.past import read_past
from netmon.incidents.record import KIND, RECORD
from netmon.model import Event
from netmon.store.history import open_history
from netmon.store.reader import open_reader

CONFIG = """
[site]
id = "lib"

[[circuit]]
id = "wan1"
supplier = "Acme"
wan = { device = "router", interface = "wan1" }

[credential.c]
version = "2c"
community = { env = "COMMUNITY" }

[[device]]
name = "router"
role = "router"
address = "10.0.0.1"
credential = "c"
collect = ["interfaces"]

[[device]]
name = "switch"
role = "switch"
address = "10.0.0.2"
credential = "c"
collect = ["interfaces"]

[[probe]]
name = "hop"
type = "icmp"
role = "first_hop"
targets = ["203.0.113.1"]
"""
SCRIPT = {120: {"lines": {"wan1": False}}, 600: {"lines": {"wan1": True}}, 900: {"switch": False}}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A quarter of an hour with a cut line and a dead switch, in a real history."""
    folder, stage = tmp_path_factory.mktemp("state"), perform(IncidentPlay(script=SCRIPT))

    async def fill():
        history = open_history(folder, FakeClock())
        for record in stage.records:
            history.accept([record])
        await history.close()

    asyncio.run(fill())
    return folder, stage


def test_rules_test_reproduces_what_was_told(stored, tmp_path, capsys):
    folder, stage = stored
    path = tmp_path / "netmon.toml"
    path.write_text(CONFIG)
    period = ["--from", "2027-01-15T07:00", "--to", "2027-01-15T09:00"]
    assert main(["rules", "test", str(path), *period, "--state", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "3 would have been told, 3 were: 3 the same, 0 not any more" in out
    assert len(re.findall(r"^= ", out, re.MULTILINE)) == len(stage.notices) == 3
    path.write_text(CONFIG + '\n[incidents]\nopen_unseen = "9 of 12"\nopen_degraded = "9 of 12"\n')
    assert main(["rules", "test", str(path), *period, "--state", str(folder)]) == 0
    assert "2 would have been told, 3 were: 2 the same, 1 not any more" in capsys.readouterr().out


def test_rules_test_knows_the_calendars_of_that_day(stored, tmp_path, capsys):
    folder, _ = stored
    start = datetime.fromtimestamp(START_WALL_NS / 1e9, UTC)
    entry = f"DTSTART:{start:%Y%m%dT%H%M%SZ}\r\nDURATION:PT1H\r\nUID:1\r\nDTSTAMP:20260101T000000Z"
    calendar = tmp_path / "work.ics"
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\n"
    calendar.write_text(f"{head}BEGIN:VEVENT\r\n{entry}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    path = tmp_path / "netmon.toml"
    path.write_text(f'{CONFIG}\n[[maintenance]]\nname = "work"\ncalendar = "{calendar}"\n')

    async def read(days: int) -> None:
        clock = FakeClock(wall_ns=START_WALL_NS + days * 86_400 * 10**9)
        history = open_history(folder, clock)
        planned = PlannedWork(clock, history)
        planned.expect(load(path, {}, Options(secrets=False, unsupported=True)).configuration)
        await planned.refresh()
        await history.close()

    asyncio.run(read(0))
    calendar.write_text(f"{head}END:VCALENDAR\r\n")
    asyncio.run(read(50))  # the entry is long over, and nobody has it any more
    period = ["--from", "2027-01-15T07:00", "--to", "2027-01-15T09:00"]
    assert main(["rules", "test", str(path), *period, "--state", str(folder)]) == 0
    assert "0 would have been told, 3 were" in capsys.readouterr().out


def test_a_start_on_the_real_history_tells_nothing_twice_and_knows_what_is_open(stored):
    folder, stage = stored
    reader, told = open_reader(folder), []
    last = max((one.stamp for one in stage.records), key=lambda stamp: stamp.boottime_ns)
    engine = Engine(told.extend, stage.settings())
    engine.resume(read_past(reader, replace(last, wall_ms=last.wall_ms + 1000)), last)
    reader.close()
    assert [one for one in told if isinstance(one, Event) and one.kind == KIND] == []
    standing = {one.thing.key: one for one in engine.incidents}
    assert standing["netmon/lib/device/switch/answers"].open
    assert not standing["netmon/lib/site/-/access"].open
    assert standing["netmon/lib/site/-/access"].started.wall_ms // 1000 == START_WALL_NS // 10**9 + 119


def test_the_daemon_takes_what_people_write_and_shows_its_incidents(tmp_path):
    daemon = DaemonProcess(tmp_path, '[site]\nid = "lib"\n[store]\ncommit_every = "100ms"\n')
    try:
        daemon.start()
        key = (("site", "lib"), ("incident", "ABCDEFGH"))
        file = Inbox(daemon.state).post(RECORD, key, "Ann has taken it on", {"action": "ack", "by": "Ann"})
        daemon.wait_until(lambda: not file.exists(), "the inbox to be empty")
        reader = open_reader(daemon.state)
        (event,) = reader.events(0, 2**45, RECORD)
        reader.close()
        assert event.text == "Ann has taken it on"
        assert daemon.json("/api/v1/incidents")["data"] == {"incidents": [], "truncated": False}
        assert "Traceback" not in daemon.log
    finally:
        daemon.kill()
