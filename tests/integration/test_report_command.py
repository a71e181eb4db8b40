"""`netmon report` on a real store: what a newcomer tries, what a council runs each month, what goes wrong."""

import asyncio
import csv
import json
from argparse import ArgumentParser
from dataclasses import replace
from datetime import UTC, date, datetime
from io import StringIO

import pytest
from fakes.context import FakeClock
from fakes.evidence_estate import keep, site_records
from fakes.minutes import MINUTE_MS, minute
from fakes.report_source import FILES

from netmon.cli.main import main
from netmon.cli.report import ReportCommand
from netmon.errors import NetmonError
from netmon.evidence.calendar import Days
from netmon.incidents.incident import ACCESS, Incident, Level, Step, Thing
from netmon.incidents.record import RECORD, step_event
from netmon.model import Event, Fault, Retention, SlotState, Stamp
from netmon.store.history import open_history

DAYS = Days(date(2026, 3, 27), date(2026, 3, 31), "Europe/London")
DAYS_WORDS = ("--from", "2026-03-29", "--to", "2026-03-31")
CONTRACTS = FILES["contracts"].replace("lib-1,", "line-1,")


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    folder = tmp_path_factory.mktemp("state")
    asyncio.run(keep(folder, site_records("lib", ["line-1", "line-2"], DAYS, seed=4)))
    return folder


@pytest.fixture
def inputs(tmp_path):
    folder = tmp_path / "inputs"
    folder.mkdir()
    (folder / "contracts.csv").write_text(CONTRACTS)
    (folder / "sites.csv").write_text(FILES["sites"])
    return folder


@pytest.fixture
def report(state, capsys):
    def run(*words, today="2026-04-08T09:00", environ=None):
        moment = int(datetime.fromisoformat(today).replace(tzinfo=UTC).timestamp() * 1e9)
        clock = FakeClock(wall_offset_ns=moment - FakeClock.now_ns)
        command, parser = ReportCommand(clock, environ or {}), ArgumentParser()
        parser.add_argument("--config")
        parser.add_argument("--json", action="store_true")
        command.arguments(parser)
        place = () if {"--sites", "--exports"} & set(words) else ("--state", str(state))
        # As on a machine without a configuration of its own.
        assert command.run(parser.parse_args([*map(str, words), *place])) == 0
        return capsys.readouterr().out

    return run


def cells(text):
    return {
        (row["section"], row["subject"], row["figure"]): row["value"]
        for row in csv.DictReader(StringIO(text, newline=""))
    }


def test_without_any_option_it_is_the_days_that_were_measured(report):
    told = json.loads(report("site", "--format", "json", today="2026-03-31T18:00"))["report"]
    # Measured from the 27th: the days that are over, which are those up to yesterday.
    assert (told["header"]["site"], told["header"]["first"], told["header"]["last"]) == (
        "lib", "2026-03-27", "2026-03-30",
    )  # fmt: skip
    assert [one["key"]["circuit"] for one in told["circuits"]] == ["line-1", "line-2"]


def test_a_month_that_was_measured_from_its_beginning_is_reported_whole(report):
    told = json.loads(report("site", "lib", "--month", "last", "--format", "json"))["report"]
    assert (told["header"]["first"], told["header"]["last"]) == ("2026-03-01", "2026-03-31")


def test_an_hour_after_the_first_minute_there_is_a_page(report):
    page = report("site", today="2026-03-27T01:00")
    assert page.startswith("<!doctype html>")
    assert "not known" in page


def test_three_forms_have_the_same_values(report, inputs, tmp_path):
    asked = ("site", "lib", *DAYS_WORDS, "--inputs", inputs)
    found = cells(report(*asked, "--format", "csv"))
    told = json.loads(report(*asked, "--json"))["report"]
    use = told["circuits"][0]["use"]
    for name, figure in use.items():
        cell = found["circuits.use", "line-1", name]
        assert cell == ("" if figure["value"] is None else repr(figure["value"]))
    page = tmp_path / "r.html"
    assert report(*asked, "--output", page) == ""
    assert "Anytown Library" in page.read_text()
    assert cells(report(*asked, "--output", "-", "--format", "csv")) == found


def test_the_form_follows_the_ending_of_the_file(report, tmp_path):
    for ending, begins in (("csv", "section,"), ("json", "{"), ("html", "<!doctype")):
        report("circuit", "line-2", "--from", "2026-03-28", "--output", tmp_path / f"r.{ending}")
        assert (tmp_path / f"r.{ending}").read_text().startswith(begins)


def test_a_circuit_is_one_of_its_site(report):
    told = json.loads(report("circuit", "line-2", *DAYS_WORDS, "--json"))
    whole = json.loads(report("site", "lib", *DAYS_WORDS, "--json"))
    assert (told["kind"], whole["kind"]) == ("circuit", "site")
    assert told["report"]["circuits"] == [whole["report"]["circuits"][1]]


def test_a_circuit_with_a_contract_that_was_never_measured_is_in_its_sites_report(report, inputs):
    more = CONTRACTS + CONTRACTS.splitlines()[1].replace("line-1", "line-9") + "\n"
    (inputs / "contracts.csv").write_text(more)
    told = json.loads(report("site", "lib", *DAYS_WORDS, "--inputs", inputs, "--json"))["report"]
    silent = told["circuits"][2]
    assert (silent["key"]["circuit"], silent["quality"]["grade"]) == ("line-9", "D")
    assert silent["use"]["busy_share"]["value"] is None


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("site", "lob"), "there is no site 'lob' .*did you mean \"lib\""),
        (("circuit", "line-3"), "there is no circuit 'line-3' .*did you mean"),
        (("site", "lib", "--month", "2025-03"), "nothing was measured from 2025-03-01 to 2025-03-31"),
        (("site", "lib", "--month", "march"), "is not a month"),
        (("site", "lib", "--from", "2026-03-31", "--to", "2026-03-01"), "is before the first"),
        (("site", "lib", "--from", "yesterday"), "is not a day"),
        (("site", "lib", "--to", "2026-03-01"), "--to needs --from"),
        (("site", "lib", "--month", "2026-03", "--from", "2026-03-02"), "and not both"),
        (("site", "lib", "--month", "2026-05"), "still to come"),
        (("site", "lib", "--month", "0000-05"), "is not a month"),
        (("site", "lib", "--month", "9999-12"), "is not a month"),
        (("site", "lib", "--from", "0001-01-01"), "nobody measures from 0001-01-01"),
        (("estate", "--from", "2026-03-01", "--to", "9999-12-31"), "nobody measures from .* to 9999-12-31"),
        (("site", "lib", *DAYS_WORDS, "--output", "/nowhere/r.html"), "No such file"),
        (("estate",), "name the days"),
        (("estate", "--month", "2026-01"), "nothing was measured from 2026-01-01 to 2026-01-31"),
        (("site", "lib", "--month", "2026-03", "--inputs", "/nowhere"), "is no folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_reported_is_said_in_words(report, words, error):
    with pytest.raises(NetmonError, match=error):
        report(*words)


@pytest.mark.parametrize("url", ["centre:8086", "ftp://centre", "https://", "http://[::1"])
@pytest.mark.parametrize("option", ["--influxdb", "--prometheus"])
def test_what_is_not_the_address_of_a_server_is_told_before_anything_is_asked(option, url, capsys):
    assert main(["report", "site", "lib", "--month", "2026-03", option, url]) == 2
    assert "write it with http:// or https://" in capsys.readouterr().err


def test_a_site_that_has_a_contract_and_no_measurement_is_not_unknown(report, inputs):
    (inputs / "contracts.csv").write_text(CONTRACTS.replace("line-1", "line-9").replace(",lib,", ",annexe,"))
    with pytest.raises(NetmonError, match="nothing of site 'annexe' was measured"):
        report("site", "annexe", *DAYS_WORDS, "--inputs", inputs)


def test_an_issue_freezes_and_later_data_make_a_revision(report, inputs, tmp_path):
    asked = ("site", "lib", *DAYS_WORDS, "--inputs", inputs, "--issue", tmp_path / "out")
    with pytest.raises(NetmonError, match="not before 2026-04-08"):
        report(*asked, today="2026-04-07T09:00")
    assert report(*asked).count("issued: ") == 3
    kept = {path.name: path.read_bytes() for path in (tmp_path / "out").glob("[!.]*")}
    assert sorted(kept) == [
        f"site-lib-2026-03-29_2026-03-31.r1.{ending}" for ending in ("csv", "html", "json")
    ]
    # Days go by, and a claim is made: nothing of the period differs.
    assert report(*asked, today="2026-07-01T09:00").count("unchanged: ") == 3
    exclusion = (
        "circuit,from,to,cause,announced,agreed_by,reference\n"
        "line-1,2026-03-30T00:00Z,2026-03-30T01:00Z,customer,,A. Officer,CHG-1\n"
    )
    (inputs / "exclusions.csv").write_text(exclusion)
    assert report(*asked, today="2026-07-01T09:00").count("issued: ") == 3
    out = tmp_path / "out"
    assert {path.name: path.read_bytes() for path in out.iterdir() if ".r1." in path.name} == kept
    second = json.loads((out / "site-lib-2026-03-29_2026-03-31.r2.json").read_text())["report"]["revision"]
    places = {one["key"]["place"] for one in second["changes"]}
    assert "circuits.availability / line-1 / 2026-03-29 / excluded.value" in places


def test_several_state_folders_are_a_fleet(report, state, tmp_path):
    sites = tmp_path / "sites"
    sites.mkdir()
    (sites / "one").symlink_to(state)
    one = json.loads(report("site", "lib", *DAYS_WORDS, "--sites", sites, "--json"))["report"]
    other = json.loads(report("site", "lib", *DAYS_WORDS, "--json"))["report"]
    assert one["circuits"] == other["circuits"]


async def test_a_daemon_that_has_not_measured_yet_says_so(tmp_path, capsys):
    history = open_history(tmp_path, FakeClock())
    await history.close()
    assert main(["report", "site", "--state", str(tmp_path)]) == 1
    assert "nothing was measured" in capsys.readouterr().err


async def test_a_daemon_without_configuration_has_a_report_of_its_site(tmp_path, capsys):
    """It watches gateways and resolvers, and nobody named a line."""
    key = (("site", "box"),)
    start_ms = DAYS.start_minute * MINUTE_MS
    states = [SlotState.DOWN if 600 <= n < 630 else SlotState.UP for n in range(1440)]
    shapes = {}
    rows = [minute(key, start_ms + n * MINUTE_MS, one, shapes=shapes) for n, one in enumerate(states)]
    await keep(tmp_path, rows)
    asked = ["report", "site", "--state", str(tmp_path), "--from", "2026-03-27", "--to", "2026-03-27"]
    assert main([*asked, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)["report"]
    (part,) = report["circuits"]
    assert (report["header"]["site"], part["key"]["circuit"]) == ("box", "all lines")
    assert [one["length"]["value"] for one in part["outages"]] == [30]
    assert "Name the line as a [[circuit]]" in report["verdicts"][3]["words"]
    assert main(asked) == 0
    assert "all lines" in capsys.readouterr().out


async def test_a_ticket_that_somebody_wrote_at_the_site_starts_the_contracts_clock(tmp_path, capsys):
    start = Days(date(2026, 3, 1), date(2026, 3, 1), "UTC").start_minute
    states = [SlotState.DOWN if 660 <= n < 750 else SlotState.UP for n in range(1440)]
    key, shapes = (("site", "lib"), ("circuit", "line-1")), {}
    rows = [
        minute(key, (start + n) * MINUTE_MS, one, Fault.LINE if one is SlotState.DOWN else Fault.NONE, shapes)
        for n, one in enumerate(states)
    ]
    began, ended = (Stamp("b", 0, (start + n) * MINUTE_MS, synced=True) for n in (660, 750))
    thing = Thing("lib", Level.SITE, "", ACCESS)
    incident = Incident("K3D", thing, began, 2, ended, duration_seconds=5400.0)
    key = (("site", "lib"), ("incident", "K3D"))
    said = {"by": "ann", "action": "ticket", "ticket": "INC7", "opened": "2026-03-01T11:15:00Z"}
    written = Event(RECORD, key, "", ended, said, Retention.EVIDENCE)
    opened = step_event(replace(incident, number=1, ended=None), Step.OPENED, "down", began)
    await keep(tmp_path / "state", [*rows, opened, step_event(incident, Step.CLOSED, "up", ended), written])
    (tmp_path / "contracts.csv").write_text(CONTRACTS)
    asked = ["--from", "2026-03-01", "--to", "2026-03-01", "--inputs", str(tmp_path), "--json"]
    assert main(["report", "site", "--state", str(tmp_path / "state"), *asked]) == 0
    (outage,) = json.loads(capsys.readouterr().out)["report"]["circuits"][0]["outages"]
    assert (outage["ticket"], outage["length"]["value"], outage["by_ticket"]["value"]) == ("INC7", 90, 75)


def test_without_a_history_it_says_where_it_looked(tmp_path, capsys):
    assert main(["report", "site", "--state", str(tmp_path / "none")]) == 1
    assert "none" in capsys.readouterr().err


def test_wrong_files_of_the_centre_are_all_told(tmp_path, capsys):
    (tmp_path / "contracts.csv").write_text("circuit,from\nx,never\n")
    assert main(["report", "site", "--inputs", str(tmp_path)]) == 78
    assert "contracts.csv" in capsys.readouterr().err
