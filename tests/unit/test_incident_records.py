"""What people write about incidents: by way of the inbox into the history, each once, and read again."""

import asyncio
import json
from dataclasses import replace

import pytest
from fakes.clock import FakeClock
from fakes.history import MemoryHistory
from fakes.incidents import OPEN, OVER
from fakes.stored import StoredRecords

from netmon.app.mail import Mail
from netmon.cli.incident import IncidentCommand
from netmon.cli.main import main
from netmon.clock import SystemClock
from netmon.incidents.inbox import Inbox
from netmon.incidents.incident import Step
from netmon.incidents.record import RECORD, step_event
from netmon.model import Event
from netmon.store.history import open_history

KEY = (("site", "lib"), ("incident", OPEN.id))


class Daemon:
    """As much of one as the inbox needs."""

    def __init__(self, folder):
        self.history, self.records, self.failing = MemoryHistory(), [], False
        self.mail = Mail(Inbox(folder), FakeClock(), self.records.extend)

    async def query(self, question):
        return question(StoredRecords(self.records))

    def look(self):
        asyncio.run(self.mail.look(self, self.history))


def test_what_is_left_in_the_inbox_becomes_one_event_and_its_file_goes(tmp_path):
    daemon = Daemon(tmp_path)
    file = Inbox(tmp_path).post(RECORD, KEY, "Ann has taken it on", {"action": "ack", "by": "Ann"})
    daemon.look()
    daemon.look()
    (event,) = daemon.records
    assert (event.kind, event.key, event.text) == (RECORD, KEY, "Ann has taken it on")
    assert event.data["by"] == "Ann"
    assert not file.exists()


def test_a_start_that_finds_a_letter_which_an_earlier_one_took_does_not_take_it_again(tmp_path):
    first, second = Daemon(tmp_path), Daemon(tmp_path)
    file = Inbox(tmp_path).post(RECORD, KEY, "x", {"action": "ack"})
    kept = file.read_bytes()
    first.look()
    file.write_bytes(kept)  # the power was cut before the file was removed
    second.records.extend(first.records)
    second.look()
    assert len(second.records) == 1
    assert not file.exists()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        json.dumps({"id": "1", "kind": "circuit_minute", "key": [], "text": "", "data": {}}),
        "[" * 60_000,
    ],
    ids=["empty", "a list", "half", "something that nobody may write", "a deep pit"],
)
def test_what_is_no_record_is_removed(tmp_path, content):
    daemon = Daemon(tmp_path)
    Inbox(tmp_path).post(RECORD, KEY, "x", {}).with_name("0.json").write_text(content)
    daemon.look()
    assert len(daemon.records) == 1
    assert list((tmp_path / "inbox").glob("*")) == []


@pytest.fixture
def state(tmp_path):
    """A history with one incident that is over."""

    async def fill():
        clock = SystemClock()
        now = clock.stamp()
        history = open_history(tmp_path, clock)
        started = replace(now, boottime_ns=now.boottime_ns - 180 * 10**9, wall_ms=now.wall_ms - 180_000)
        one, over = replace(OPEN, started=started), replace(OVER, started=started, ended=now)
        history.accept([step_event(one, Step.OPENED, "lib: The line is down.", started)])
        history.accept([step_event(over, Step.CLOSED, "lib: over after 3 min", now)])
        record = Event(RECORD, KEY, "ticket INC1, opened 2026", now, {"action": "ticket", "ticket": "INC1"})
        history.accept([record])
        await history.close()

    asyncio.run(fill())
    return tmp_path


def test_list_and_show_tell_of_incidents_with_their_story(state, capsys):
    assert main(["incident", "list", "--state", str(state)]) == 0
    listed = capsys.readouterr().out
    assert OPEN.id in listed
    assert "3 min page   line" in listed
    assert main(["incident", "show", OPEN.id.lower(), "--state", str(state)]) == 0
    shown = capsys.readouterr().out
    assert "cause: line, probable" in shown
    assert "because WAN port router wan1 is down" in shown
    assert "not known: no outside view" in shown
    assert "opened: lib: The line is down." in shown
    assert "written: ticket INC1, opened 2026" in shown


def test_json_has_the_same(state, capsys):
    assert main(["incident", "show", OPEN.id, "--json", "--state", str(state)]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["fault"] == "line"
    assert [event["kind"] for event in shown["events"]] == ["incident", "incident", RECORD]
    assert main(["incident", "list", "--open", "--json", "--state", str(state)]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_an_incident_that_is_not_there_is_told_in_words(state, capsys):
    assert main(["incident", "show", "NOSUCH", "--state", str(state)]) == 1
    assert "no incident 'NOSUCH'" in capsys.readouterr().err


WRITTEN = {
    "a ticket": (["ticket", "INC9", "--opened", "2026-01-31T08:00"], {"action": "ticket", "ticket": "INC9"}),
    "an exclusion": (
        ["exclude", "customer", "power", "--agreed-by", "Bob", "--minutes", "7"],
        {"action": "exclude", "reason": "customer power", "agreed_by": "Bob", "minutes": 7},
    ),
    "who took it on": (["ack", "--by", "Ann"], {"action": "ack", "by": "Ann"}),
}


@pytest.mark.parametrize(("words", "data"), WRITTEN.values(), ids=WRITTEN.keys())
def test_what_is_written_is_left_for_the_daemon(state, capsys, words, data):
    action, *rest = words
    assert main_without_waiting([action, OPEN.id, *rest, "--state", str(state)]) == 0
    assert "left for the daemon" in capsys.readouterr().out
    ((_, letter),) = Inbox(state).letters()
    assert (letter.kind, letter.key) == (RECORD, KEY)
    assert data.items() <= letter.data.items()


@pytest.mark.parametrize(
    ("words", "message"),
    [(["ticket"], "give its number"), (["exclude"], "say why"), (["exclude", "why"], "who agreed")],
)
def test_what_is_missing_is_asked_for(state, capsys, words, message):
    action, *rest = words
    assert main(["incident", action, OPEN.id, *rest, "--state", str(state)]) == 2
    assert message in capsys.readouterr().err


def main_without_waiting(words):
    from argparse import ArgumentParser

    command, parser = IncidentCommand(wait=lambda _seconds: None), ArgumentParser()
    parser.add_argument("--json", action="store_true")
    command.arguments(parser)
    return command.run(parser.parse_args(words))
