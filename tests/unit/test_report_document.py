"""Three forms of a report, one set of numbers; no cell that a spreadsheet would execute."""

import csv
import json
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO
from math import isfinite
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
from fakes.reports import full, nearly_empty
from hypothesis import given
from hypothesis import strategies as st

from netmon.evidence.reports.document import (
    DocumentError,
    as_json,
    document,
    read_document,
    write_document,
)
from netmon.evidence.reports.figure import Figure, Unit, figure, told
from netmon.evidence.reports.tidy import rows, write_table

REPORTS = {"full": full(), "nearly empty": nearly_empty()}


@dataclass(frozen=True)
class Line:
    KEY: ClassVar[tuple[str, ...]] = ("name",)
    name: str
    rate: Figure
    verdict: str
    dots: tuple[int, ...] = ()


@dataclass(frozen=True)
class Report:
    header: str
    lines: tuple[Line, ...]
    nothing: Line | None = None


def table(found):
    return list(csv.DictReader(StringIO(write_table(found), newline="")))


def made(*lines):
    return document("site", 1, Report("lib", lines))


def test_a_figure_is_a_row_with_its_place_its_subject_and_its_grounds():
    found = made(Line("down", Figure(5.5e6, Unit.RATE, n=120, low=5e6, high=6e6, note="so"), "fail", (3,)))
    row = next(one for one in table(found) if one["figure"] == "rate")
    assert row == {
        "section": "lines", "subject": "down", "figure": "rate", "value": "5500000.0", "unit": "bit/s",
        "n": "120", "low": "5000000.0", "high": "6000000.0", "coverage": "", "verdict": "fail", "note": "so",
    }  # fmt: skip
    assert [(one["section"], one["figure"], one["value"]) for one in table(found)][-2:] == [
        ("lines.dots", "1", "3"), ("", "nothing", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["=1+1", "+44", "-2", "@SUM(A1)", "\tx", "\rx", "\nx"])
def test_text_that_would_be_a_formula_gets_a_quote(text):
    found = table(made(Line(text, Figure(text, note=text), text)))
    row = next(one for one in found if one["figure"] == "rate")
    # The reader of the file turns an inner line end into what it was.
    assert [row[name] for name in ("subject", "value", "verdict", "note")] == [f"'{text}"] * 4


def test_numbers_stay_numbers_with_their_sign():
    row = next(
        one
        for one in table(made(Line("x", Figure(-0.47, low=-0.5, high=0.0), "")))
        if one["figure"] == "rate"
    )
    assert (row["value"], row["low"], row["high"]) == ("-0.47", "-0.5", "0.0")


@pytest.mark.parametrize("name", REPORTS)
def test_both_forms_have_the_same_values(name):
    found = read_document(write_document(document("site", 1, REPORTS[name])))
    cells = {(one["section"], one["subject"], one["figure"]): one for one in table(found)}
    told_rows = list(rows(found))
    assert len(cells) == len(told_rows), "each figure has a place of its own"
    for row in told_rows:
        cell = cells[row.section, row.subject, row.figure]["value"]
        if row.value is None:
            assert cell == ""
        elif isinstance(row.value, bool):
            assert cell == str(row.value).lower()
        elif isinstance(row.value, int | float):
            assert float(cell) == row.value
        else:
            assert cell.removeprefix("'") == row.value


def test_moments_days_and_words_are_told_as_iso_8601():
    at = datetime(2026, 3, 29, 12, 30, tzinfo=ZoneInfo("Europe/London"))
    assert as_json([at, date(2026, 3, 29), Unit.RATE, None]) == [
        "2026-03-29T12:30:00+01:00", "2026-03-29", "bit/s", None,
    ]  # fmt: skip
    with pytest.raises(TypeError):
        as_json({1})


@pytest.mark.parametrize("text", ["", "[]", "{}", "{", '{"format": 2, "report": {}}'])
def test_what_is_no_document_of_ours_is_refused(text):
    with pytest.raises(DocumentError):
        read_document(text)


@given(st.floats() | st.integers(-(10**9), 10**9) | st.none())
def test_a_figure_is_known_if_and_only_if_its_number_is_one_of_this_world(number):
    found = figure(number, Unit.SHARE)
    if number is None or not isfinite(number):
        assert found.value is None
    else:
        assert found.value == pytest.approx(number, rel=1e-6, abs=1e-300)
        assert (found.value == 0) == (number == 0)


@given(st.text(max_size=30))
def test_any_text_of_a_device_comes_back_from_both_forms(text):
    found = made(Line("x", Figure(1, note=text), ""))
    assert json.loads(write_document(found))["report"]["lines"][0]["rate"]["note"] == text
    row = next(one for one in table(found) if one["figure"] == "rate")
    assert row["note"] in (text, f"'{text}")


def test_seven_digits_are_told():
    assert told(0.123456789) == 0.1234568
