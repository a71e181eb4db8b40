"""From what a person wrote beside a running daemon to the claim: inbox, history, chain, pack."""

import asyncio
import csv
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from io import StringIO

import pytest
from fakes.clock import FakeClock
from fakes.records import stamp
from fakes.stored import StoredRecords

from netmon.app.mail import Mail
from netmon.cli.main import main
from netmon.evidence.seal.feed import seal_history
from netmon.evidence.seal.folder import SealFolder
from netmon.incidents.inbox import Inbox
from netmon.incidents.incident import ACCESS, Incident, Level, Step, Thing
from netmon.incidents.record import RECORD, step_event
from netmon.model import Event, Reading, Retention, Row, Shape
from netmon.model.derived import CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS
from netmon.store.history import open_history
from netmon.store.reader import open_reader

# The world of the test begins on 2027-01-15 at 08:00Z; the line is down from 13:00Z to 14:00Z.
MINUTES, DOWN = 26 * 60, range(300, 360)
SHAPE = Shape(
    CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS, (Row((("site", "s1"), ("circuit", "c1"))),), Retention.EVIDENCE
)
CONTRACTS = (
    "circuit,from,document,clause,site,availability,monthly,fix,credits,combine\n"
    "c1,2026-01-01,Order 1,4,s1,99.9%,95.00,30m,below 99.9%: 5%; per missed fix: £7,sum\n"
)
INCIDENT = Incident("K3D", Thing("s1", Level.SITE, "", ACCESS), stamp(60 * 300), 2, stamp(60 * 360), 3600.0)


def minute(number):
    known = {"netmon_circuit_state": 0 if number in DOWN else 1, "netmon_circuit_fault": 1}
    return Reading(
        SHAPE, stamp(60 * number + 30), tuple((known.get(m.name),) for m in SHAPE.metrics), ("ok",)
    )


def taken(state, *letters):
    """The events that the daemon makes of letters in its inbox."""
    records = []

    class Asks:
        async def query(self, question):
            return question(StoredRecords(records))

    for data, at in letters:
        Inbox(state).post(RECORD, (("site", "s1"), ("incident", "K3D")), "written", {"by": "ann", **data})
        told = len(records)
        mail = Mail(Inbox(state), FakeClock(), records.extend)
        asyncio.run(_look(mail, Asks(), open_history(state, FakeClock())))
        records[told:] = [replace(one, stamp=stamp(60 * at)) for one in records[told:]]
    return records


async def _look(mail, asks, history):
    try:
        await mail.look(asks, history)
    finally:
        await history.close()


async def keep(state, records):
    history = open_history(state, FakeClock())
    history.accept(list(records))
    await history.commit()
    await history.close()


@pytest.fixture
def packed(tmp_path, capsys):
    def pack(*letters, tickets=""):
        events = [
            step_event(INCIDENT, Step.CLOSED, "it is over", stamp(60 * 361)), *taken(tmp_path, *letters)
        ]  # fmt: skip
        assert all(isinstance(one, Event) and one.retention is Retention.EVIDENCE for one in events)
        minutes = [minute(number) for number in range(MINUTES)]
        asyncio.run(keep(tmp_path, sorted([*minutes, *events], key=lambda one: one.stamp.wall_ms)))
        reader = open_reader(tmp_path)
        seal_history(reader, SealFolder(tmp_path / "evidence"), "s1", (1_800_000_000 + 60 * 9 * 1440) * 1000)
        reader.close()
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "contracts.csv").write_text(CONTRACTS)
        if tickets:
            (tmp_path / "in" / "tickets.csv").write_text(tickets)
        path = tmp_path / "pack.zip"
        words = [
            "--circuit",
            "c1",
            "--month",
            "2027-01",
            "--inputs",
            str(tmp_path / "in"),
            "--output",
            str(path),
        ]
        assert main(["evidence", "pack", "--state", str(tmp_path), *words]) == 0
        capsys.readouterr()
        done = subprocess.run(
            [sys.executable, "-I", str(path)], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout
        assert "all figures follow from its records" in done.stdout
        with zipfile.ZipFile(path) as archive:
            files = {name: archive.read(name).decode() for name in archive.namelist()}
        rows = {
            name: list(csv.DictReader(StringIO(files.get(f"{name}.csv", ""))))
            for name in ("tickets", "exclusions")
        }
        return json.loads(files["findings.json"])["stretches"][0], rows

    return pack


def test_without_words_the_contract_s_clock_never_starts(packed):
    found, rows = packed()
    # 60 of 44 640 minutes: 99.8656 %, a twentieth of 95.00.
    assert (found["minutes"]["down"], found["credit"]["pence"]) == (60, 475)
    assert rows == {"tickets": [], "exclusions": []}


def test_a_ticket_that_was_written_at_the_site_starts_it(packed):
    ticket = {"action": "ticket", "ticket": "INC7", "opened": "2027-01-15T13:05:00Z"}
    found, rows = packed((ticket, 400))
    # 55 minutes from the ticket to the end, over half an hour: 7.00 beside 4.75.
    assert found["clocks"][0][1:] == ["INC7", 60, 55, 55]
    assert found["credit"]["pence"] == 1175
    (row,) = rows["tickets"]
    assert (row["reference"], row["origin"]) == ("INC7", "incident K3D, written by ann at 2027-01-15T14:40Z")


def test_an_exclusion_of_a_week_later_takes_its_minutes_out(packed):
    excluded = {"action": "exclude", "reason": "we cut the power", "agreed_by": "Bob", "cause": "customer"}
    found, rows = packed(({**excluded, "minutes": 20}, 8 * 1440))
    # 40 of 44 620 minutes are left: 99.9104 %, above 99.9.
    assert (found["minutes"]["down"], found["minutes"]["excluded"]) == (40, 20)
    assert found["credit"]["pence"] == 0
    assert rows["exclusions"][0]["to"] == "2027-01-15T13:20Z"


def test_the_centre_s_own_ticket_wins(packed):
    tickets = "circuit,reference,raised\nc1,INC7,2027-01-15T13:20Z\n"
    written = {"action": "ticket", "ticket": "inc7", "opened": "2027-01-15T13:05:00Z"}
    found, rows = packed((written, 400), tickets=tickets)
    assert found["clocks"][0][1:] == ["INC7", 60, 40, 40]
    assert [row["reference"] for row in rows["tickets"]] == ["INC7"]
