"""Planned work: single windows, calendars with their oddities, what is covered, what cannot be read."""

import json
from datetime import datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from fakes.clock import FakeClock
from fakes.history import MemoryHistory

from netmon.app.calendar_fetch import FetchError, fetch
from netmon.app.planned_work import PlannedWork
from netmon.config.incidents import MaintenanceSection
from netmon.incidents.calendar_entries import CalendarError, Wanted, windows
from netmon.incidents.incident import ACCESS, Level, Thing
from netmon.incidents.planned import Planned, Window

LONDON = ZoneInfo("Europe/London")
SITE = Thing("lib", Level.SITE, "", ACCESS)
SWITCH = Thing("lib", Level.DEVICE, "sw1", "answers")
WAN1 = Thing("lib", Level.CIRCUIT, "wan1", ACCESS)


def ms(text, zone=LONDON):
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def calendar(*lines):
    text = "\r\n".join(lines)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\n{text}\r\nEND:VCALENDAR\r\n"


def entry(*lines):
    return "\r\n".join(("BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT"))


def found(text, matching="", start="2026-03-01T00:00", end="2026-04-10T00:00"):
    wanted = Wanted("work", ms(start), ms(end), LONDON, matching)
    return [(one.start_ms, one.end_ms) for one in windows(text, wanted)]


ENTRIES = {
    "a single one, in UTC": (
        entry("DTSTART:20260302T220000Z", "DTEND:20260303T010000Z"),
        [("2026-03-02T22:00", "2026-03-03T01:00")],
    ),
    "without a zone: the site's own": (
        entry("DTSTART:20260401T220000", "DURATION:PT2H"),
        [("2026-04-01T22:00", "2026-04-02T00:00")],
    ),
    "a whole day": (entry("DTSTART;VALUE=DATE:20260305"), [("2026-03-05T00:00", "2026-03-06T00:00")]),
    "each Sunday night, over the change of the clocks": (
        entry("DTSTART;TZID=Europe/London:20260308T020000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=4"),
        [(f"2026-03-{day:02}T02:00", f"2026-03-{day:02}T03:00") for day in (8, 15, 22, 29)],
    ),
    "but for one that is left out": (
        entry(
            "DTSTART:20260308T020000Z",
            "DURATION:PT1H",
            "RRULE:FREQ=WEEKLY;COUNT=3",
            "EXDATE:20260315T020000Z",
        ),
        [(f"2026-03-{day:02}T02:00", f"2026-03-{day:02}T03:00") for day in (8, 22)],
    ),
    "one of them is moved": (
        entry("DTSTART:20260308T020000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=2")
        + "\r\n"
        + entry("RECURRENCE-ID:20260315T020000Z", "DTSTART:20260316T040000Z", "DURATION:PT1H"),
        [("2026-03-08T02:00", "2026-03-08T03:00"), ("2026-03-16T04:00", "2026-03-16T05:00")],
    ),
    "each week until a day, as calendars of whole days say it": (
        entry("DTSTART;VALUE=DATE:20260302", "RRULE:FREQ=WEEKLY;UNTIL=20260309"),
        [("2026-03-02T00:00", "2026-03-03T00:00"), ("2026-03-09T00:00", "2026-03-10T00:00")],
    ),
    "each week until a time of the site's own": (
        entry("DTSTART:20260323T220000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;UNTIL=20260330T220000"),
        [("2026-03-23T22:00", "2026-03-23T23:00"), ("2026-03-30T22:00", "2026-03-30T23:00")],
    ),
    "two hours that the clocks' change makes end an hour later": (
        entry("DTSTART;TZID=Europe/London:20260329T003000", "DURATION:PT2H"),
        [("2026-03-29T00:30", "2026-03-29T03:30")],
    ),
    "until a time of the day, whatever the clocks do": (
        entry("DTSTART;TZID=Europe/London:20260329T003000", "DTEND;TZID=Europe/London:20260329T023000"),
        [("2026-03-29T00:30", "2026-03-29T02:30")],
    ),
    "a cancelled one": (entry("DTSTART:20260302T220000Z", "DURATION:PT1H", "STATUS:CANCELLED"), []),
    "one long ago": (entry("DTSTART:20200302T220000Z", "DURATION:PT1H"), []),
    "one that began before": (
        entry("DTSTART:20260228T220000Z", "DTEND:20260302T010000Z"),
        [("2026-02-28T22:00", "2026-03-02T01:00")],
    ),
}


@pytest.mark.parametrize(("text", "expected"), ENTRIES.values(), ids=ENTRIES.keys())
def test_entries_of_a_calendar_are_windows(text, expected):
    assert found(calendar(text)) == [(ms(start), ms(end)) for start, end in expected]


def test_only_entries_with_the_word_count():
    text = calendar(entry("DTSTART:20260302T220000Z", "DURATION:PT1H", "SUMMARY:Library-12 cutover"))
    assert len(found(text, "library-12")) == 1
    assert found(text, "library-13") == []


def test_a_page_in_place_of_a_calendar_is_refused_in_words():
    with pytest.raises(CalendarError, match="no calendar"):
        found("<html>please log in</html>")


def test_an_entry_without_a_time_that_can_be_read_is_left_out_or_refused():
    text = calendar(entry("DTSTART:never", "DURATION:PT1H"))
    with pytest.raises(CalendarError, match="no calendar"):
        found(text)


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=HOURLY;INTERVAL=24", "FREQ=DAILY;INTERVAL=0"])
def test_a_rule_that_would_be_followed_for_ever_is_refused(rule):
    with pytest.raises(CalendarError, match="more often than daily"):
        found(calendar(entry("DTSTART:19700101T000000Z", "DURATION:PT1S", f"RRULE:{rule}")))


def test_too_many_entries_are_refused():
    with pytest.raises(CalendarError, match="more than 1000"):
        found(calendar(*[entry("DTSTART:20260302T220000Z", "DURATION:PT1S")] * 1001))


@pytest.mark.parametrize(
    "times",
    [("DTSTART:99991231T000000", "DURATION:P9000D"), ("DTSTART:20260302T220000Z", "DURATION:P99999999D")],
)
def test_a_time_beyond_all_calendars_is_refused_in_words(times):
    with pytest.raises(CalendarError, match="no calendar"):
        found(calendar(entry(*times)))


def test_a_window_covers_what_it_names_and_the_site_when_it_names_all_its_lines():
    planned = Planned([Window("move", 0, 100, ("wan1",))], ("wan1", "wan2"))
    assert planned.reason(WAN1, 50) == "move"
    assert planned.reason(WAN1, 100) == ""
    assert planned.reason(SITE, 50) == ""
    assert Planned([Window("move", 0, 100, ("wan1",))], ("wan1",)).reason(SITE, 50) == "move"
    assert Planned([Window("all", 0, 100)]).reason(SWITCH, 50) == "all"


def section(**keys):
    return MaintenanceSection.model_validate_json(json.dumps({"name": "work", **keys}))


def configuration(*sections):
    return SimpleNamespace(maintenance=sections, circuits=(), site=SimpleNamespace(timezone="Europe/London"))


class Calendars:
    def __init__(self, text):
        self.text = text

    async def get(self, _place):
        if self.text is None:
            raise FetchError("the server answered 503")
        return self.text


async def test_a_calendar_that_cannot_be_read_leaves_its_last_entries_in_force_also_after_a_restart():
    clock = FakeClock(wall_ns=ms("2026-03-02T12:00") * 1_000_000)
    history = MemoryHistory()
    calendars = Calendars(calendar(entry("DTSTART:20260302T220000Z", "DURATION:PT1H")))
    for _ in range(2):
        work = PlannedWork(clock, history, calendars.get)
        work.expect(configuration(section(calendar="https://example.org/work.ics")))
        await work.refresh()
        assert work.reason(SITE, ms("2026-03-02T22:30")) == "work"
        calendars.text = None


async def test_a_single_window_is_in_the_site_s_own_time():
    work = PlannedWork(FakeClock(), MemoryHistory(), Calendars(None).get)
    work.expect(configuration(section(start="2026-07-01 22:00", end="2026-07-02 02:00")))
    assert work.reason(SITE, ms("2026-07-01T21:30", ZoneInfo("UTC"))) == "work"
    assert work.reason(SITE, ms("2026-07-01T20:30", ZoneInfo("UTC"))) == ""


async def test_a_file_is_read_and_one_that_is_missing_is_told_in_words(tmp_path):
    path = tmp_path / "work.ics"
    path.write_text(calendar(), encoding="utf-8-sig")
    assert (await fetch(str(path))).startswith("BEGIN:VCALENDAR")
    with pytest.raises(FetchError, match="No such file"):
        await fetch(str(tmp_path / "other.ics"))
