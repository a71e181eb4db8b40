"""Availability by hand: bounds, coverage, attribution, exclusions, hours, outages, people."""

import json
from dataclasses import asdict
from datetime import date, timedelta
from fractions import Fraction

import pytest
from fakes.evidence import MARCH, filled, inputs, runs, shuffled, strip, terms, told
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.evidence.account import Account
from netmon.evidence.attribution import Attribution, alphabet
from netmon.evidence.availability import availability, by_contract
from netmon.evidence.calendar import Days, local_time, mask, month
from netmon.evidence.inputs.cells import hours
from netmon.evidence.minutes import told_by
from netmon.evidence.strip import STATES, lay
from netmon.evidence.verdicts import Verdict
from netmon.model import Reading, Row, Shape, Stamp
from netmon.model.derived import CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS

TERMS = terms("availability=99.9% | monthly=95.00")
SITE = "site,timezone,service_hours,users\ns1,Europe/London,Mon-Fri 09:00-17:00,40\n"


def take(text, contract=TERMS, days=MARCH, exclusions="", site=None):
    files = {"exclusions": exclusions} if exclusions else {}
    found = inputs(**files).exclusions
    return availability(filled(text, days), days, contract, found, site)


def test_the_example_of_the_method():
    account = Account(up=43_000, down=60, unknown=140)
    assert float(account.measured) == pytest.approx(0.99861, abs=1e-5)
    assert float(account.worst) == pytest.approx(0.99537, abs=1e-5)
    assert float(account.best) == pytest.approx(0.99861, abs=1e-5)
    assert float(account.coverage) == pytest.approx(0.99676, abs=1e-5)
    assert account.contract == Fraction(43_140, 43_200)


def test_nothing_known_is_no_availability():
    found = take(f"?{31 * 1440 - 60}")  # 2026-03-29 has 23 hours
    assert found.contract.unknown == 44_580
    account = found.contract
    assert (account.measured, account.contract, account.coverage) == (None, None, 0)
    assert found.verdict is Verdict.NOT_SHOWN
    assert not account.printable


def test_only_the_suppliers_minutes_count_against_it():
    found = take("d10 u5 p20 u5 n7 u5 c3")
    account = found.contract
    assert (account.down, account.unknown, account.excluded) == (10, 7, 23), "own power and router are ours"
    assert account.total == 44_580
    assert account.contract == Fraction(44_580 - 23 - 10, 44_580 - 23)
    assert [outage.attribution for outage in found.outages] == [
        Attribution.SUPPLIER, Attribution.POWER, Attribution.UNKNOWN, Attribution.COUNCIL_LAN,
    ]  # fmt: skip
    assert found.always.down == 40, "people were without it whoever was at fault"


def test_a_router_that_the_supplier_runs_is_the_suppliers():
    theirs = terms("availability=99.9% | router_by=supplier")
    assert take("c9", theirs).contract.down == 9
    assert runs(strip("u2 c3 d1").letters(alphabet(theirs))) == "u2 s4"


def test_what_the_contract_does_not_exclude_stays_in_the_total():
    found = take("p20", terms("availability=99.9% | excludes=planned")).contract
    assert (found.elsewhere, found.excluded) == (20, 0)
    assert found.contract == 1


def test_an_outage_is_two_minutes_and_neighbours_are_one():
    found = take("u9 d1 u9 d5 u2 d3 u3 d2").outages
    start = MARCH.start_minute
    assert [(o.start_minute - start, o.end_minute - start, o.down_minutes) for o in found] == [
        (19, 29, 8), (32, 34, 2),
    ]  # fmt: skip
    assert take("u9 d1").contract.down == 1, "a single minute is no outage, and still was down"


def test_an_outage_is_whole_and_belongs_where_it_began():
    first, second = (Days(date(2026, 3, d), date(2026, 3, d), "Europe/London") for d in (2, 3))
    both = strip("u1200 d500 u1180", first.start_minute)
    early, late = (availability(both, day, TERMS, (), None) for day in (first, second))
    assert (early.contract.down, late.contract.down) == (240, 260), "minutes are of their day"
    assert [o.down_minutes for o in (*early.outages, *late.outages)] == [500, 500]
    assert (early.outages[0].began_before, early.outages[0].goes_on) == (False, True)
    assert (late.outages[0].began_before, late.outages[0].goes_on) == (True, False)


def test_minutes_that_two_answer_for_equally_are_not_the_suppliers():
    (outage,) = take("d5 n5").outages
    assert outage.attribution is Attribution.UNKNOWN
    assert outage.minutes_of(Attribution.SUPPLIER) == 5


EXCLUSIONS = """\
circuit,from,to,cause,announced,agreed_by,reference
c1,2026-03-01T00:10Z,2026-03-01T00:40Z,planned,2026-02-01T09:00Z,A. Person,W1
c1,2026-03-01T00:30Z,2026-03-01T01:00Z,planned,2026-02-01T09:00Z,A. Person,W2
c1,2026-03-01T00:50Z,2026-03-01T01:10Z,force_majeure,,B. Person,F1
c1,2026-03-02T00:00Z,2026-03-02T01:00Z,planned,2026-03-01T00:00Z,A. Person,W3
c2,2026-03-01T00:00Z,2026-03-01T09:00Z,planned,2026-02-01T09:00Z,A. Person,W4
"""


def test_exclusions_that_overlap_take_a_minute_out_once():
    contract = terms("availability=99.9% | maintenance_notice_days=10 | maintenance_cap=45m")
    found = take("d120", contract, exclusions=EXCLUSIONS)
    ruled = [(r.exclusion.reference, r.minutes, r.reason) for r in found.rulings]
    assert ruled == [
        ("W1", 30, ""),
        ("W2", 15, "5 minutes are above the monthly cap"),
        ("F1", 15, ""),  # 00:50 to 00:55 is W2's already
        ("W3", 0, "announced 1.0 days before, the contract asks 10"),
    ]
    assert (found.contract.excluded, found.contract.down) == (60, 60), "the overrun is an outage"
    assert found.outages[0].minutes_of(Attribution.PLANNED) == 60


def test_without_announcement_planned_works_are_not_admitted_where_notice_is_asked():
    contract = terms("availability=99.9% | maintenance_notice_days=10")
    text = EXCLUSIONS.replace("2026-02-01T09:00Z", "")
    assert "not known when" in take("d120", contract, exclusions=text).rulings[0].reason


def test_hours_follow_the_clock_on_the_wall_when_it_changes():
    office = hours("Sun 00:00-04:00")
    spring = Days(date(2026, 3, 29), date(2026, 3, 29), "Europe/London")
    autumn = Days(date(2026, 10, 25), date(2026, 10, 25), "Europe/London")
    assert (len(mask(office, spring)), sum(mask(office, spring))) == (23 * 60, 180)
    assert (len(mask(office, autumn)), sum(mask(office, autumn))) == (25 * 60, 300)


@settings(max_examples=10)
@given(
    st.lists(
        st.sampled_from(["Mon-Fri 08:00-18:00", "Sat 22:00-06:00", "Sun 23:00-00:30", "00:00-24:00"]),
        min_size=1,
    ),
    st.integers(0, 13),
)
def test_a_mask_says_minute_by_minute_what_the_hours_say(lines, offset):
    wanted, day = hours("; ".join(lines)), date(2026, 3, 23) + timedelta(days=offset)
    days = Days(day, day, "Europe/London")
    said = [
        wanted.covers(local_time(minute, days.zone)) for minute in range(days.start_minute, days.end_minute)
    ]
    assert list(mask(wanted, days)) == said


@pytest.mark.parametrize(("year", "minutes"), [(2024, 29 * 1440), (2026, 28 * 1440), (2100, 28 * 1440)])
def test_february_has_the_length_of_its_year(year, minutes):
    days = month(year, 2, "Europe/London")
    assert days.end_minute - days.start_minute == minutes
    assert len(mask(None, days)) == minutes


def test_a_leap_february_by_hand():
    days = month(2024, 2, "Europe/London")
    found = take("d42", days=days)
    # 29 days are 41 760 minutes: 0.1 % are 41.76
    assert found.contract.contract == Fraction(41_718, 41_760)
    assert found.verdict is Verdict.NOT_SHOWN, "42 minutes less the edge of an outage may have been 41"
    assert take("d43", days=days).verdict is Verdict.FAIL


def test_a_promise_is_kept_only_where_unknown_minutes_cannot_change_it():
    assert take("d20").verdict is Verdict.PASS
    assert take("d20 ?30").verdict is Verdict.NOT_SHOWN
    assert take("d46").verdict is Verdict.FAIL


def test_what_is_finer_than_minutes_is_not_certified():
    assert take("u5", terms("availability=99.99%")).verdict is Verdict.NOT_SHOWN
    assert take("d9", terms("availability=99.99%")).verdict is Verdict.FAIL


def test_service_hours_and_people():
    site = inputs(sites=SITE).sites["s1"]
    # 2026-03-02 is a Monday: 09:00 is 1 980 minutes into the month
    found = take("u1950 d60", site=site)
    assert found.service.down == 30
    assert found.user_minutes_lost == 30 * 40
    assert found.service.total == 22 * 480
    assert take("u1950 d60", site=None).user_minutes_lost is None, "how many they are is not known"


def test_who_fails_over_loses_no_user_minutes():
    site = inputs(sites=SITE).sites["s1"]
    primary, backup, whole = "u2160 d60", "u2220", "u2220"
    lost = [availability(filled(text, MARCH), MARCH, TERMS, (), site) for text in (primary, backup, whole)]
    assert [one.user_minutes_lost for one in lost] == [2400, 0, 0]
    assert lost[0].contract.down == 60, "the contract of the primary line is broken all the same"


CHANGED = """\
circuit,from,document,clause,availability,router_by
c1,2026-01-01,Order 1,4,99.9%,customer
c1,2026-03-16,Variation 1,2,99.5%,supplier
"""


def test_a_change_of_contract_leaves_earlier_days_to_the_old_one():
    book = inputs(contracts=CHANGED).contracts
    text = f"c60 u{15 * 1440 - 60} c60"
    early, late = by_contract(filled(text, MARCH), MARCH, book, "c1", (), None)
    assert (early.terms.document, early.contract.down, early.contract.excluded) == ("Order 1", 0, 60)
    assert (late.terms.document, late.contract.down) == ("Variation 1", 60)
    assert (early.days.last.day, late.days.first.day) == (15, 16)


def test_days_without_a_contract_have_minutes_and_no_verdict():
    book = inputs("from=2026-03-11").contracts
    early, late = by_contract(filled("d60", MARCH), MARCH, book, "c1", (), None)
    assert early.terms is None
    assert early.contract.down == 60
    assert (early.verdict, early.target) == (Verdict.NOT_SHOWN, None)
    assert late.terms is not None


def as_bytes(text_or_rows):
    day = Days(MARCH.first, MARCH.first, MARCH.timezone)
    whole = lay(text_or_rows, day.start_minute, day.end_minute)
    found = availability(whole, day, TERMS, (), None)
    return json.dumps([str(asdict(found.contract)), str(found.outages)], sort_keys=True).encode()


PARTS = st.lists(st.tuples(st.sampled_from("uwdpcn?"), st.integers(1, 40)), min_size=1, max_size=12)


@settings(max_examples=30)
@given(PARTS, st.integers())
def test_late_shuffled_and_repeated_rows_give_the_same_bytes(parts, seed):
    rows = told(" ".join(f"{letter}{n}" for letter, n in parts), MARCH.start_minute)
    assert as_bytes(rows) == as_bytes(shuffled(rows, seed))


def reading(kind_cells, wall_ms):
    shape = Shape(CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS, (Row((("site", "s1"), ("circuit", "c1"))),))
    cells = {"netmon_circuit_state": None, "netmon_circuit_fault": None} | kind_cells
    columns = tuple((cells.get(metric.name),) for metric in shape.metrics)
    return Reading(shape, Stamp("b", 0, wall_ms), columns, ("ok",))


def test_a_row_that_is_stamped_anew_stays_in_its_minute():
    rows = [
        reading({"netmon_circuit_state": 0, "netmon_circuit_fault": 1}, 60_000 * m + 30_000) for m in (5, 6)
    ]
    moved = [
        reading({"netmon_circuit_state": 0, "netmon_circuit_fault": 1}, 60_000 * m + 59_000) for m in (6, 5)
    ]
    laid = [lay(told_by(some, "c1", "netmon_circuit"), 0, 10) for some in (rows, moved)]
    assert laid[0] == laid[1]
    assert runs(laid[0].letters(STATES)) == "?5 d2 ?3"


def test_a_row_that_says_little_is_unknown():
    rows = [reading({}, 30_000), reading({"netmon_circuit_state": 7}, 90_000)]
    assert runs(lay(told_by(rows, "c1", "netmon_circuit"), 0, 2).letters(STATES)) == "?2"
    assert list(told_by(rows, "c2", "netmon_circuit")) == []


def test_of_two_rows_in_a_minute_up_goes_first_and_down_takes_proof():
    def laid(text):
        return runs(lay([row for part in text.split() for row in told(part, 0)], 0, 1).letters(STATES))

    assert (laid("d ?"), laid("? d"), laid("d u"), laid("u ?"), laid("d d")) == ("?1", "?1", "u1", "u1", "d1")


def test_a_cut_beyond_what_is_there_is_unknown():
    whole = strip("u5 d5", 100)
    assert runs(whole.cut(95, 115).letters(STATES)) == "?5 u5 d5 ?5"
    assert runs(whole.cut(103, 107).letters(STATES)) == "u2 d2"
    assert runs(whole.cut(0, 10).letters(STATES)) == runs(whole.cut(200, 210).letters(STATES)) == "?10"
