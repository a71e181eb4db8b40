"""Issued periods: the same figures change nothing, others make a next revision that says what differs."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Thread

import pytest
from fakes.reports import full

from netmon.evidence.calendar import Days, month
from netmon.evidence.reports.document import document, write_document
from netmon.evidence.reports.figure import Figure, Unit
from netmon.evidence.reports.issued import IssueError, TooEarly, issue, issue_day, period_name, refuse_early
from netmon.evidence.reports.tidy import write_table

FIXTURES = Path(__file__).parent.parent / "fixtures" / "report"
REPORT = replace(full(), revision=None)
HEAT = REPORT.circuits[0].charts.heat


def written(folder, report=REPORT):
    def render(revision):
        found = document("site", 1, replace(report, revision=revision))
        return {"json": write_document(found), "csv": write_table(found), "html": "<p>a page</p>"}

    return issue(folder, "site-lib-2026-03", document("site", 1, report), render)


def with_use(**figures):
    part = REPORT.circuits[0]
    return replace(REPORT, circuits=(replace(part, use=replace(part.use, **figures)),))


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


FIRST = ["site-lib-2026-03.r1.csv", "site-lib-2026-03.r1.html", "site-lib-2026-03.r1.json"]


def test_the_first_issue_is_revision_1(tmp_path):
    made = written(tmp_path / "new")
    assert (made.revision.number, made.revision.changes, made.written) == (1, (), True)
    assert names(tmp_path / "new") == FIRST


def test_the_same_figures_change_nothing(tmp_path):
    written(tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    made = written(tmp_path, replace(REPORT, header=replace(REPORT.header, software="netmon-edge 9")))
    assert (made.revision.number, made.written, [path.name for path in made.files]) == (1, False, FIRST)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_other_figures_make_the_next_revision_with_what_differs(tmp_path):
    written(tmp_path)
    made = written(tmp_path, with_use(saturated=Figure(320, Unit.MINUTES, n=13_920)))
    assert made.revision.number == 2
    (change,) = made.revision.changes
    assert (change.place, change.before, change.after) == (
        "circuits.use / lib-1 / saturated.value", "318", "320",
    )  # fmt: skip
    assert len(names(tmp_path)) == 6
    issued = json.loads((tmp_path / "site-lib-2026-03.r2.json").read_text())
    assert issued["report"]["revision"]["number"] == 2
    assert written(tmp_path, with_use(saturated=Figure(320, Unit.MINUTES, n=13_920))).written is False
    assert written(tmp_path).revision.number == 3, "going back is a change as well"


def test_what_is_known_now_and_was_not_is_a_difference(tmp_path):
    written(tmp_path, with_use(required=Figure(None, Unit.RATE)))
    made = written(tmp_path)
    assert [(one.before, one.after) for one in made.revision.changes] == [(None, "785700000.0")]


def test_of_a_chart_it_says_how_many_values_differ(tmp_path):
    written(tmp_path)
    part = REPORT.circuits[0]
    cells = tuple(replace(cell, p95=0.5) if n < 3 else cell for n, cell in enumerate(part.charts.heat))
    other = replace(REPORT, circuits=(replace(part, charts=replace(part.charts, heat=cells)),))
    (change,) = written(tmp_path, other).revision.changes
    assert (change.place, change.after) == ("circuits.charts.heat", "3 values of the chart are others")


def test_a_damaged_revision_is_not_written_over(tmp_path):
    written(tmp_path)
    (tmp_path / "site-lib-2026-03.r1.json").write_text("{")
    with pytest.raises(IssueError, match=r"r1\.json, which was issued before"):
        written(tmp_path)
    assert names(tmp_path) == FIRST


def test_a_break_before_the_document_is_there_is_made_good(tmp_path):
    written(tmp_path)
    (tmp_path / "site-lib-2026-03.r1.json").unlink()
    assert written(tmp_path).revision.number == 1
    assert names(tmp_path) == FIRST


def test_two_that_issue_at_once_make_two_revisions_and_neither_is_changed(tmp_path):
    others: list[Thread] = []
    later = with_use(saturated=Figure(320, Unit.MINUTES, n=13_920))

    def render(revision):
        # While the first one writes, another begins with other figures: it has to wait.
        others.append(Thread(target=written, args=(tmp_path, later)))
        others[0].start()
        others[0].join(0.2)
        return {"json": write_document(document("site", 1, replace(REPORT, revision=revision)))}

    made = issue(tmp_path, "site-lib-2026-03", document("site", 1, REPORT), render)
    others[0].join()
    first, second = (
        json.loads((tmp_path / f"site-lib-2026-03.r{number}.json").read_text()) for number in (1, 2)
    )
    assert made.revision.number == 1
    assert first["report"]["circuits"][0]["use"] != second["report"]["circuits"][0]["use"]
    assert second["report"]["revision"]["number"] == 2


def test_what_was_not_known_and_is_not_is_no_difference(tmp_path):
    gone = replace(REPORT, circuits=(replace(REPORT.circuits[0], outages=()),))
    written(tmp_path, gone)
    changes = written(tmp_path).revision.changes
    assert changes
    assert not [one for one in changes if one.before is None and one.after is None]


def test_the_tenth_revision_comes_after_the_ninth(tmp_path):
    written(tmp_path)
    for number in (9, 10):
        (tmp_path / FIRST[2]).with_name(f"site-lib-2026-03.r{number}.json").write_text(
            (tmp_path / FIRST[2]).read_text()
        )
    assert written(tmp_path, with_use(saturated=Figure(1, Unit.MINUTES))).revision.number == 11


def test_a_period_is_not_issued_before_its_days_of_grace_are_over():
    last = month(2026, 3).last
    assert issue_day(last) == date(2026, 4, 8)
    with pytest.raises(TooEarly, match=r"not before 2026-04-08.*7 days"):
        refuse_early(last, date(2026, 4, 7))
    refuse_early(last, date(2026, 4, 8))


def test_a_month_has_its_short_name():
    assert period_name(date(2024, 2, 1), date(2024, 2, 29)) == "2024-02"
    days = Days(date(2026, 3, 1), date(2026, 3, 15))
    assert period_name(days.first, days.last) == "2026-03-01_2026-03-15"


def test_what_was_issued_in_format_1_is_compared_for_ever(tmp_path):
    """The file is as it was issued once: it is not made anew when reports change."""
    (tmp_path / "site-site-7.r1.json").write_bytes((FIXTURES / "format-1.json").read_bytes())
    found = json.loads((FIXTURES / "format-1.json").read_text())
    assert issue(tmp_path, "site-site-7", found, lambda _: {}).written is False
    found["report"]["circuits"][0]["availability"][0]["up"]["value"] = 751
    made = issue(tmp_path, "site-site-7", found, lambda _: {"json": ""})
    (change,) = made.revision.changes
    assert change.place == "circuits.availability / main / 2026-03-01 / up.value"
    assert (change.before, change.after) == ("750", "751")
