import csv
from io import StringIO

import pytest
from fakes.records import stamp
from hypothesis import given
from hypothesis import strategies as st

from netmon.cli.period import moment_ms
from netmon.delivery.long_form import cells, write_csv
from netmon.errors import UsageError
from netmon.model import Event, Fact, Outcome, Reading, Row, Shape, gauge, info
from netmon.units import iso_8601

NOW_MS = 1_800_000_000_000
ALIAS = info("ifAlias", "Text.")


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [
        ("now", NOW_MS),
        ("-2h", NOW_MS - 7_200_000),
        ("-500ms", NOW_MS - 500),
        ("1970-01-02", 86_400_000),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:01.250Z", 1250),
    ],
)
def test_moments_are_what_people_type(text, expected_ms):
    assert moment_ms(text, NOW_MS) == expected_ms


@pytest.mark.parametrize("text", ["yesterday", "-2", "-2 fortnights", "", "2026-13-01"])
def test_what_is_no_time_is_said_with_an_example(text):
    with pytest.raises(UsageError, match="-2h"):
        moment_ms(text, NOW_MS)


@given(st.integers(0, 2**42))
def test_a_moment_survives_being_written_and_read(wall_ms):
    assert moment_ms(iso_8601(wall_ms), NOW_MS) == wall_ms


def rows(*records, labels=()):
    file = StringIO()
    write_csv(records, labels, file)
    return list(csv.DictReader(StringIO(file.getvalue())))


def test_a_reading_has_one_line_a_value_and_unknown_stays_empty():
    of = Shape(
        "tcp",
        (gauge("a_seconds", "A.", phase="connect"), ALIAS),
        (Row((("target", "x"),), (), (("ifAlias", "up"),)),),
    )
    reading = Reading(of, stamp(synced=False), ([None], [1]), (Outcome.TIMEOUT,))
    first, second = rows(reading, labels=("phase", "target"))
    assert (first["metric"], first["value"], first["phase"], first["target"]) == (
        "a_seconds",
        "",
        "connect",
        "x",
    )
    assert (first["outcome"], first["clock"]) == ("timeout", "unsynced")
    assert (second["metric"], second["value"]) == ("ifAlias", "up")


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_text_becomes_a_formula_but_negative_numbers_stay_numbers(text):
    hostile = Fact(text, (("device", text),), {text: text, "n": -1.5}, stamp())
    for row in rows(hostile, labels=("device",)):
        for name, cell in row.items():
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")) or (name, cell) == ("value", "-1.5")


def test_events_show_their_text_and_each_of_their_data():
    event = Event("trap", (), "link, down", stamp(), {"oid": [1, 3], "ok": True})
    assert [(cell.metric, cell.value) for cell in cells(event)] == [
        ("text", "link, down"), ("oid", [1, 3]), ("ok", True),
    ]  # fmt: skip
    assert [row["value"] for row in rows(event)] == ["link, down", "[1, 3]", "true"]


def test_a_label_that_is_called_like_a_column_gets_a_name_of_its_own():
    (row,) = rows(Fact("k", (("value", "v"),), {"n": 1}, stamp()), labels=("value",))
    assert (row["label_value"], row["value"]) == ("v", "1")
