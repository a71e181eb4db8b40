"""What people read: text messages that fit, letters that say all, nothing hostile in either."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from fakes.clock import FakeClock
from fakes.telling import incident, message
from hypothesis import given
from hypothesis import strategies as st

from netmon.incidents.incident import Badness, Certainty, Level, Severity, Step, Thing
from netmon.incidents.notice import notice_of
from netmon.incidents.record import step_event
from netmon.model import Fault
from netmon.notices.alertmanager import alert
from netmon.notices.alphabet import _BASIC, plain
from netmon.notices.message import Sort
from netmon.notices.selection import Selection
from netmon.notices.wording import Place, message_of, summary
from netmon.text import clean

NOW = FakeClock().stamp()
LONDON = ZoneInfo("Europe/London")
PLACE = Place("lib", {"lib": "Anytown Library"}, LONDON)
DOWN = incident(NOW, supplier="SupplierX", supplier_refs=("SX123456",))


def told(one, now=NOW, place=PLACE):
    return message(one, now, place)


def test_a_text_message_has_site_what_since_cause_supplier_and_reference():
    assert told(DOWN).short == (
        f"DOWN Anytown Library since 08:00. Line fault likely. SupplierX SX123456. Ref {DOWN.id}"
    )


def test_the_end_has_duration_and_cause():
    over = replace(DOWN, ended=NOW, duration_seconds=4000.0, certainty=Certainty.PROVEN)
    assert told(over).short == (
        f"OVER Anytown Library after 1 h 7 min. Line fault. SupplierX SX123456. Ref {DOWN.id}"
    )
    assert told(over).text.splitlines()[0] == "OVER Anytown Library after 1 h 7 min"


def test_yesterday_has_its_day():
    later = replace(NOW, wall_ms=NOW.wall_ms + 86_400_000)
    assert " since 15 Jan 08:00." in told(DOWN, later).short


def test_a_letter_has_all_that_somebody_needs():
    assert told(DOWN).text.splitlines() == [
        "DOWN Anytown Library since 08:00",
        "",
        "The line is down.",
        "",
        "Since: 2027-01-15 08:00 (Europe/London), 2027-01-15 08:00 UTC",
        "Cause: Line fault likely (line, probable)",
        "Fact: WAN port router wan1 is down",
        "Not known: no outside view",
        "Supplier: SupplierX SX123456",
        "Severity: page",
        f"Reference: {DOWN.id}",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"worst": Badness.DEGRADED}, "DEGRADED Anytown Library since"),
        ({"worst": Badness.UNSEEN}, "NOT SEEN Anytown Library since"),
        ({"flapping": True}, "DOWN Anytown Library comes and goes since"),
        ({"thing": Thing("lib", Level.DEVICE, "sw1", "answers")}, "NO ANSWER Anytown Library sw1 since"),
        (
            {"thing": Thing("lib", Level.SITE, "", "rule:uplink-busy")},
            "RULE uplink-busy Anytown Library since",
        ),
        ({"thing": Thing("lib", Level.SUPPLIER, "Acme", "access")}, "DOWN Acme since"),
        ({"fault": Fault.UNKNOWN}, "Cause unknown"),
    ],
)
def test_each_kind_of_trouble_has_its_words(changes, words):
    assert words in told(replace(DOWN, **changes)).short


text = st.text(max_size=300)


@given(site=text, supplier=text, reference=text, name=text, most=st.integers(70, 160))
def test_a_text_message_always_fits_and_keeps_to_the_plain_alphabet(site, supplier, reference, name, most):
    thing = Thing("lib", Level.DEVICE, name, "access", supplier)
    one = replace(DOWN, thing=thing, supplier_refs=(reference,))
    short = told(one, place=Place("lib", {"lib": site or "x"}, LONDON, most)).short
    assert len(short) <= most
    assert set(short) <= _BASIC
    assert short.endswith(f"Ref {one.id}")


@given(hostile=text)
def test_text_from_devices_stays_on_its_line(hostile):
    one = replace(DOWN, sentence=hostile, facts=(hostile,), missing=(hostile,), supplier_refs=(hostile,))
    lines = told(one).text.splitlines()
    assert len(lines) in (10, 11)
    assert [clean(line) for line in lines] == lines


def test_accents_go_where_a_text_message_would_cost_double():
    assert plain("Žižkov [wan] €5 – ok… 日") == "Zizkov (wan) E5 - ok. ?"  # noqa: RUF001 - that is the point


def test_a_summary_fits_and_has_an_identity():
    found = summary(PLACE, "summary/lib/x/1", 180, ["DOWN Anytown Library wan1 since 08:00"] * 5, NOW.wall_ms)
    assert (len(found.short) <= 160, found.sort, found.id) == (True, Sort.SUMMARY, "summary/lib/x/1")


@pytest.mark.parametrize(
    ("changes", "takes"),
    [
        ({}, True),
        ({"fault": Fault.POWER}, False),
        ({"certainty": Certainty.UNKNOWN}, False),
        ({"thing": replace(DOWN.thing, supplier="Other")}, False),
        ({"severity": Severity.NOTE}, False),
        ({"notify": ("somebody",)}, False),
        ({"notify": ("desk",)}, True),
    ],
    ids=["line", "power", "unsure", "another supplier", "note", "for somebody else", "by name"],
)
def test_a_fault_desk_hears_of_its_own_line_faults_alone(changes, takes):
    desk = Selection("desk", frozenset({Severity.PAGE, Severity.TICKET}), "SupplierX")
    notice = notice_of(step_event(replace(DOWN, **changes), Step.OPENED, "", NOW))
    assert desk.takes(notice) is takes


def test_an_alert_goes_on_for_a_day_unasked_and_its_end_lies_never_ahead():
    firing = alert(told(DOWN), NOW.wall_ms)
    assert (firing["startsAt"], firing["endsAt"]) == (
        "2027-01-15T08:00:00.000+00:00",
        "2027-01-16T08:00:00.000+00:00",
    )
    ahead = replace(DOWN, ended=replace(NOW, wall_ms=NOW.wall_ms + 10**9))
    assert alert(told(ahead), NOW.wall_ms + 60_000)["endsAt"] == "2027-01-15T08:01:00.000+00:00"
    assert set(firing["labels"]) == {"alertname", "site", "supplier"}, "nothing that changes is identity"


def test_a_notice_is_the_same_message_whenever_it_is_told_again():
    notice = notice_of(step_event(DOWN, Step.OPENED, "", NOW))
    assert message_of(notice, PLACE, NOW.wall_ms) == message_of(notice, PLACE, NOW.wall_ms + 1000)
