"""Tickets and exclusions that people wrote at a site, as rows of the centre's files."""

from dataclasses import replace
from random import Random

import pytest
from fakes.evidence import inputs

from netmon.evidence.inputs.table import with_rows
from netmon.evidence.seal.records import event_record
from netmon.evidence.site_words import merged, sealed_words, with_site_words
from netmon.incidents.incident import ACCESS, Incident, Level, Step, Thing
from netmon.incidents.record import RECORD, step_event
from netmon.model import Event, Retention, Stamp

START = 29_539_380  # 2026-03-01T11:00Z, in minutes
CONTRACT = "site=lib | availability=99.9% | fix=5h | monthly=95.00"


def stamp(minute):
    return Stamp("b", 0, (START + minute) * 60_000 + 12_345)


SITE = Thing("lib", Level.SITE, "", ACCESS)


def at(minute):
    return replace(stamp(minute), wall_ms=(START + minute) * 60_000)


def incident(thing=SITE, ended=90):
    return Incident("K3D", thing, at(0), 2, None if ended is None else at(ended), duration_seconds=5400.5)


def happened(some=None):
    some = some or incident()
    return [
        step_event(replace(some, number=1, ended=None), Step.OPENED, "down", stamp(0)),
        step_event(some, Step.CLOSED, "up", stamp(90)),
    ]


def wrote(minute=100, **data):
    key = (("site", "lib"), ("incident", "K3D"))
    return Event(RECORD, key, "", stamp(minute), {"by": "ann", **data}, Retention.EVIDENCE)


EXCLUDE = {"action": "exclude", "reason": "we cut the power", "agreed_by": "Bob", "cause": "customer"}


def cells(row):
    return {name: str(value) for name, value in row.model_dump(by_alias=True).items() if value is not None}


def test_a_ticket_that_is_written_twice_is_one_with_both_its_moments():
    told = [
        wrote(20, action="ticket", ticket="INC7", opened="2026-03-01T11:15:30Z"),
        wrote(95, action="ticket", ticket="INC7", cleared="2026-03-01T12:31:00+00:00"),
    ]
    found = with_site_words(inputs(CONTRACT), [*happened(), *told])
    (ticket,) = found.tickets
    assert (ticket.circuit, ticket.reference) == ("c1", "INC7")
    assert ticket.raised_minute == START + 15
    assert ticket.closed is not None
    assert ticket.closed.isoformat() == "2026-03-01T12:31:00+00:00"
    assert ticket.origin == "incident K3D, written by ann at 2026-03-01T11:20Z"
    assert found.remarks == ()


def test_a_ticket_without_a_moment_was_raised_by_when_it_was_written():
    (ticket,) = with_site_words(
        inputs(CONTRACT), [*happened(), wrote(action="ticket", ticket="INC7")]
    ).tickets
    assert (ticket.raised_minute, ticket.closed) == (START + 100, None)


def test_an_exclusion_is_of_the_whole_incident_or_of_its_first_minutes():
    (whole,) = with_site_words(inputs(CONTRACT), [*happened(), wrote(**EXCLUDE)]).exclusions
    assert whole.minutes == (START, START + 90)
    assert (whole.cause, whole.agreed_by, whole.reference) == (
        "customer", "Bob", "incident K3D: we cut the power",
    )  # fmt: skip
    assert whole.origin is not None
    (part,) = with_site_words(inputs(CONTRACT), [*happened(), wrote(**EXCLUDE, minutes=7)]).exclusions
    assert part.minutes == (START, START + 7)
    planned = {**EXCLUDE, "cause": "planned", "announced": "2026-02-20T09:00:00Z"}
    (works,) = with_site_words(inputs(CONTRACT), [*happened(), wrote(**planned)]).exclusions
    assert works.notice_days == pytest.approx(9.083, abs=0.001)


TWO_LINES = {"contracts": "circuit,from,document,clause,site\nc1,2024-01-01,O,4,lib\nc2,2024-01-01,O,4,lib\n"}
LEFT_OUT = {
    "no cause": ([*happened(), wrote(**{**EXCLUDE, "cause": None})], "write it with --cause"),
    "an unknown cause": ([*happened(), wrote(**{**EXCLUDE, "cause": "moon"})], "cause: "),
    "it goes on": ([*happened(incident(ended=None)), wrote(**EXCLUDE)], "the incident goes on"),
    "no incident": ([wrote(**EXCLUDE)], "of incident K3D no record is here"),
    "another site": (
        [*happened(incident(Thing("pool", Level.SITE, "", ACCESS))), wrote(**EXCLUDE)], "no contract names",
    ),
    "a service": (
        [*happened(incident(Thing("lib", Level.SITE, "", "service"))), wrote(**EXCLUDE)], "no contract names",
    ),
    "a device": (
        [*happened(incident(Thing("lib", Level.DEVICE, "c1", "answers"))), wrote(**EXCLUDE)],
        "no contract names",
    ),
    "a ticket for the mains": (
        [*happened(incident(Thing("lib", Level.SITE, "", "mains"))), wrote(action="ticket", ticket="7")],
        "answers for no mains",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("events", "why"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_cannot_be_a_row_is_left_out_and_told(events, why):
    found = with_site_words(inputs(CONTRACT), events)
    assert (found.tickets, found.exclusions) == ((), ())
    (remark,) = found.remarks
    assert why in remark
    assert "incident K3D" in remark


def test_a_clock_that_was_wrong_excludes_nothing():
    wrong = incident()
    wrong = replace(wrong, started=replace(wrong.started, synced=False))
    (remark,) = with_site_words(inputs(CONTRACT), [*happened(wrong), wrote(**EXCLUDE)]).remarks
    assert "the clock was not right" in remark


def test_of_two_lines_a_ticket_has_to_name_one_and_an_exclusion_takes_both():
    found = with_site_words(
        inputs(**TWO_LINES), [*happened(), wrote(action="ticket", ticket="7"), wrote(**EXCLUDE)]
    )
    assert [one.circuit for one in found.exclusions] == ["c1", "c2"]
    assert "the site has 2 lines" in found.remarks[0]
    line = incident(Thing("lib", Level.CIRCUIT, "c2", ACCESS))
    found = with_site_words(inputs(**TWO_LINES), [*happened(line), wrote(action="ticket", ticket="7")])
    assert [one.circuit for one in found.tickets] == ["c2"]


def test_the_centre_s_files_win_and_the_report_is_told():
    given = inputs(
        CONTRACT,
        tickets="circuit,reference,raised\nc1,inc7,2026-03-01T11:40Z\n",
        exclusions="circuit,from,to,cause,agreed_by,reference\n"
        "c1,2026-03-01T12:29Z,2026-03-01T13:00Z,customer,Eve,X\n",
    )
    found = with_site_words(given, [*happened(), wrote(action="ticket", ticket="INC7"), wrote(**EXCLUDE)])
    assert (found.tickets, found.exclusions) == (given.tickets, given.exclusions)
    assert [remark.rpartition(": ")[2] for remark in found.remarks] == [
        "exclusions.csv speaks of these minutes", "tickets.csv has it",
    ]  # fmt: skip
    beside = wrote(**EXCLUDE, minutes=89)
    assert len(with_site_words(given, [*happened(), beside]).exclusions) == 2, "up to the minute before"


def test_order_and_copies_do_not_matter_and_sealed_records_say_the_same():
    events = [*happened(), wrote(action="ticket", ticket="INC7"), wrote(**EXCLUDE), wrote(101, action="ack")]
    first = with_site_words(inputs(CONTRACT), events)
    shuffled = [*events, *events[:3]]
    Random(3).shuffle(shuffled)
    again = with_site_words(inputs(CONTRACT), shuffled)
    assert (again.tickets, again.exclusions) == (first.tickets, first.exclusions)
    records = [record for event in shuffled if (record := event_record(event)) is not None]
    amended = [{"kind": "amendment", "rec": record, "t": 0} for record in records]
    for some in (records, amended):
        sealed = merged(inputs(CONTRACT), sealed_words(inputs(CONTRACT), some))
        assert [cells(one) for one in sealed.tickets] == [cells(one) for one in first.tickets]
        assert [cells(one) for one in sealed.exclusions] == [cells(one) for one in first.exclusions]


def test_rows_are_added_to_a_file_as_the_centre_would_have_written_them():
    words = sealed_words(inputs(CONTRACT), [event_record(one) for one in [*happened(), wrote(**EXCLUDE)]])
    text = "\ufeffcircuit,from,to,cause,agreed_by,reference\n"
    text += 'c1,2026-03-05T10:00Z,2026-03-05T11:00Z,customer,"A, B",X\n'
    (row,) = words.of("c1").cells["exclusions.csv"]
    assert words.of("c2").cells["exclusions.csv"] == ()
    assert with_rows(text, []) == text
    whole = with_rows(text, [row])
    assert whole.splitlines()[0] == "circuit,from,to,cause,agreed_by,reference,origin"
    read = inputs(CONTRACT, exclusions=whole).exclusions
    assert read == (*inputs(CONTRACT, exclusions=text).exclusions, *words.exclusions)
    assert inputs(CONTRACT, exclusions=with_rows("", [row])).exclusions == words.exclusions


def test_without_words_the_files_are_as_they_were():
    given = inputs(CONTRACT)
    assert with_site_words(given, happened()) == given
