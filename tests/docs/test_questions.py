"""Every command of the README's questions, run as printed, on a small estate with the example's files."""

import asyncio
import csv
import re
import shlex
import shutil
from argparse import ArgumentParser
from contextlib import chdir
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fakes.context import FakeClock
from fakes.evidence_estate import keep, site_records
from fakes.evidence_pack import pack_bytes

from netmon.cli.evidence import EvidenceCommand
from netmon.cli.report import ReportCommand
from netmon.evidence.calendar import Days
from netmon.evidence.inputs.files import read_folder

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "netmon" / "evidence" / "inputs" / "example"
SECTION = (ROOT / "README.md").read_text("utf-8").split("## Questions that it answers\n")[1].split("\n## ")[0]
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]] for line in SECTION.splitlines() if "`netmon " in line
]
QUESTIONS = {row[1]: row[2].strip("`") for row in ROWS if len(row) == 4}
DAYS = Days(date(2026, 3, 27), date(2026, 3, 31), "Europe/London")
SITES = {"lib": ["lib-1"], "sch": ["sch-1", "sch-2"], "off": ["off-1"]}


@pytest.fixture(scope="module")
def centre(tmp_path_factory):
    """What the README asks for: a state folder of each site, the centre's files, and a claim."""
    folder = tmp_path_factory.mktemp("centre")
    for seed, (site, circuits) in enumerate(SITES.items()):
        state = folder / "sites" / site
        state.mkdir(parents=True)
        asyncio.run(keep(state, site_records(site, circuits, DAYS, seed=seed)))
    shutil.copytree(EXAMPLE, folder / "centre")
    (folder / "claim.zip").write_bytes(pack_bytes("u600 d70 ?5 n9"))
    return folder


@pytest.fixture(scope="module")
def answered(centre):
    """Run the command of a question there, once, as on 8 April 2026."""
    now_ns = int(datetime(2026, 4, 8, 9, tzinfo=UTC).timestamp() * 1e9)
    clock = FakeClock(wall_offset_ns=now_ns - FakeClock.now_ns)
    commands = {"report": ReportCommand(clock, {}), "evidence": EvidenceCommand(clock)}
    codes = {}

    def asked(question):
        if question not in codes:
            program, name, *rest = shlex.split(QUESTIONS[question])
            assert program == "netmon"
            with chdir(centre):
                codes[question] = commands[name].run(_options(commands[name], rest))
        return codes[question]

    return asked


def _options(command, words):
    parser = ArgumentParser()
    parser.add_argument("--config")
    parser.add_argument("--json", action="store_true")
    command.arguments(parser)
    return parser.parse_args(words)


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_eight_questions_have_one_command_each():
    assert len(QUESTIONS) == 8
    assert all(words.startswith("netmon ") for words in QUESTIONS.values())


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_command_answers(answered, centre, question):
    words = QUESTIONS[question]
    assert answered(question) == 0
    for option in ("--output", "--tables"):
        if match := re.search(rf"{option} (\S+)", words):
            made = centre / match[1]
            assert made.stat().st_size > 0
            assert made.is_file() or any(made.iterdir())


def test_what_is_owed_has_its_last_day(answered, centre):
    answered("What are we owed, and when does the right lapse?")
    owed = {(row["circuit"], row["period"]): row for row in rows(centre / "owed" / "claims.csv")}
    assert owed["lib-1", "2026-02"]["received [GBP]"] == "4.75"
    assert owed["sch-1", "2026-03"]["claim_by [date]"] == "2026-04-30"
    assert rows(centre / "owed" / "standings.csv")


def test_what_can_be_decided_is_in_order_of_urgency(answered, centre):
    answered("Which contracts can we leave, and what is an upgrade worth?")
    contracts = rows(centre / "decide" / "contracts.csv")
    assert [row["circuit"] for row in contracts] == ["lib-1", "off-1", "sch-2", "sch-1"]
    upgrades = rows(centre / "decide" / "upgrades.csv")
    assert {row["panel.wave"] for row in upgrades} == {"wave 1", "wave 2"}


def test_each_outage_is_told_by_both_clocks(answered, centre):
    answered("Did the outage count, and from when?")
    outages = rows(centre / "sch-1" / "circuits_outages.csv")
    assert outages
    assert {"attribution", "claimable", "length [min]", "by_ticket [min]", "why"} <= outages[0].keys()


def test_the_examples_files_fit_together():
    found = read_folder(EXAMPLE)
    assert set(found.contracts.circuits) == {"lib-1", "sch-1", "sch-2", "off-1"}
    assert found.sites.keys() == SITES.keys()
    assert all((found.closed, found.upgrades, found.exclusions, found.tickets, found.claims))
