"""Issued reports by a real SMTP server on loopback: attachments, each revision once to each address."""

import asyncio
from argparse import ArgumentParser
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from fakes.context import FakeClock
from fakes.evidence_estate import keep, site_records
from fakes.loopback import SELF_SIGNED
from fakes.mail_server import PASSWORD, USER, mail_server

from netmon.cli.report import ReportCommand
from netmon.errors import Parked, UsageError
from netmon.evidence.calendar import Days
from netmon.evidence.reports.delivery import attached, deliver
from netmon.evidence.reports.issued import Issued
from netmon.evidence.reports.model import Change, Revision
from netmon.notices.mail_session import MailSettings

NOW = datetime(2026, 4, 9, 4, 0, tzinfo=UTC)
DESK, OTHER = "desk@example.org", "other@example.org"
TITLE = "netmon: report of site lib, 2026-03"
DAYS = Days(date(2026, 3, 27), date(2026, 3, 31), "Europe/London")


def settings(port, **changes):
    given = {"to": (DESK, OTHER), "username": USER, "password": PASSWORD, "ca_file": str(SELF_SIGNED)}
    return MailSettings("127.0.0.1", port, "netmon@example.org", **{**given, **changes})


@pytest.fixture
def server():
    with mail_server() as found:
        yield found


@pytest.fixture
def issued(tmp_path):
    texts = {"html": "<p>Zürich</p>", "json": '{"a":1}\n', "csv": "a,b\r\n1,2\r\n"}
    files = tuple(tmp_path / f"site-lib-2026-03.r1.{ending}" for ending in texts)
    for path, text in zip(files, texts.values(), strict=True):
        path.write_text(text, "utf-8", newline="")
    return Issued(Revision(1), files, written=True)


def test_a_revision_goes_to_each_address_once_with_its_files(server, issued):
    assert deliver(issued, TITLE, "desk", settings(server.port), NOW).sent == (DESK, OTHER)
    assert deliver(issued, TITLE, "desk", settings(server.port), NOW).sent == ()
    assert deliver(issued, TITLE, "desk", settings(server.port, to=(DESK, "new@example.org")), NOW).sent == (
        "new@example.org",
    )
    assert [to for to, _ in server.letters] == [DESK, OTHER, "new@example.org"]
    letter = server.letters[0][1]
    assert (letter["Subject"], letter["To"]) == (TITLE, DESK)
    assert letter["Message-ID"] == "<site-lib-2026-03.r1.netmon@example.org>"
    found = {part.get_filename(): part for part in letter.iter_attachments()}
    assert list(found) == [path.name for path in issued.files]
    for path in issued.files:
        assert found[path.name].get_payload(decode=True) == path.read_bytes()
    assert [part.get_content_type() for part in found.values()] == [
        "text/html",
        "application/json",
        "text/csv",
    ]
    assert "Attached: site-lib-2026-03.r1.html" in letter.get_body().get_content()


def test_a_next_revision_says_what_differs(server, issued, tmp_path):
    files = tuple(path.rename(tmp_path / path.name.replace(".r1.", ".r2.")) for path in issued.files)
    changes = tuple(Change(f"figure {n}", "1", None if n else "2") for n in range(25))
    later = replace(issued, revision=Revision(2, changes), files=files)
    deliver(later, TITLE, "desk", settings(server.port, to=(DESK,)), NOW)
    letter = server.letters[0][1]
    assert letter["Subject"] == f"{TITLE}, revision 2"
    words = letter.get_body().get_content()
    assert "later data changed 25 figures" in words
    assert "* figure 0: 1, now 2" in words
    assert "* figure 1: 1, now not known" in words
    assert "and 5 more" in words


def test_who_was_refused_gets_it_with_the_next_run_and_nobody_twice(server, issued):
    server.recipients[OTHER] = "450 later"
    first = deliver(issued, TITLE, "desk", settings(server.port), NOW)
    assert (first.sent, [to for to, _ in first.failed]) == ((DESK,), [OTHER])
    assert deliver(issued, TITLE, "desk", settings(server.port), NOW).sent == (OTHER,)
    assert [to for to, _ in server.letters] == [DESK, OTHER]


def test_a_server_that_is_not_trusted_gets_nothing_and_nothing_is_noted(server, issued):
    with pytest.raises(Parked, match="TLS"):
        deliver(issued, TITLE, "desk", settings(server.port, ca_file=""), NOW)
    assert server.letters == []
    assert deliver(issued, TITLE, "desk", settings(server.port), NOW).sent == (DESK, OTHER)


def test_files_that_are_too_large_stay_and_the_page_comes_first(issued):
    issued.files[1].write_bytes(b"x" * 11_000_000)
    assert [path.suffix for path in attached(issued.files)] == [".html", ".csv"]


CONFIG = """
[site]
id = "lib"
timezone = "Europe/London"
[notify.records]
type = "email"
server = "127.0.0.1:{port}"
sender = "netmon@example.org"
to = ["desk@example.org"]
starttls = false
[notify.hook]
type = "webhook"
url = "https://hook.example.org"
"""


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    folder = tmp_path_factory.mktemp("state")
    asyncio.run(keep(folder, site_records("lib", ["line-1"], DAYS, seed=4)))
    return folder


def report(state, config, *words):
    clock = FakeClock(wall_offset_ns=int(NOW.timestamp() * 1e9) - FakeClock.now_ns)
    command, parser = ReportCommand(clock, {}), ArgumentParser()
    parser.add_argument("--config", type=type(config))
    parser.add_argument("--json", action="store_true")
    command.arguments(parser)
    given = ["--config", str(config), "site", "--month", "last", "--state", str(state), *map(str, words)]
    return command.run(parser.parse_args(given))


def test_a_month_is_issued_and_sent_once_by_the_command(state, tmp_path, capsys):
    config = tmp_path / "netmon.toml"
    with mail_server(tls=False) as server:
        config.write_text(CONFIG.format(port=server.port))
        for _ in range(2):
            assert report(state, config, "--issue", tmp_path / "out", "--mail", "records") == 0
        ((to, letter),) = server.letters
    assert (to, letter["Subject"]) == (DESK, "netmon: report of site lib, 2026-03")
    assert len(list(letter.iter_attachments())) == 3
    told = capsys.readouterr().out
    assert told.count("sent: desk@example.org") == 1
    assert "unchanged: " in told
    with pytest.raises(UsageError, match="of type email; it has: records"):
        report(state, config, "--issue", tmp_path / "out", "--mail", "hook")
    with pytest.raises(UsageError, match="say --issue"):
        report(state, config, "--mail", "records")
