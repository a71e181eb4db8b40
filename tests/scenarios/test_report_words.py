"""What a report says in sentences: plain words, in the tense that is true, and no name from within."""

from dataclasses import replace
from datetime import date

import pytest
from fakes.estate_reports import PLANS
from fakes.estate_reports import report as estate
from fakes.report_source import KeptSource, inputs, minute_of, month_of_library

from netmon.evidence.calendar import Days, month
from netmon.evidence.curve import Curve
from netmon.evidence.inputs.files import Inputs
from netmon.evidence.reports.model import Kind, Question
from netmon.evidence.reports.page import site_page
from netmon.evidence.reports.site import Asked, site_report
from netmon.evidence.sources.source import Line
from netmon.evidence.strip import NOBODY_TOLD, Strip
from netmon.evidence.strip import Kind as MinuteKind
from netmon.evidence.verdicts import Verdict
from netmon.model import Fault, SlotState

MARCH = month(2026, 3, "Europe/London")
LAN = MinuteKind(SlotState.DOWN, Fault.LAN).code


@pytest.fixture(scope="module")
def library():
    return month_of_library()


def made(library, as_of=date(2026, 4, 8), **asked):
    lines = (Line("lib", "lib-1"),)
    asked = Asked(Kind.SITE, lines, MARCH, as_of, "made up", **asked)
    return site_report(KeptSource(library), inputs(), asked)


def answer(report, question):
    return next(one.words for one in report.verdicts if one.question is question)


def struck(library, code):
    strip = library.strip
    place = minute_of("2026-03-25T10:00") - strip.start_minute
    codes = strip.codes[:place] + bytes([code]) * 30 + strip.codes[place + 30 :]
    return replace(library, strip=Strip(strip.start_minute, codes))


def test_who_else_answers_for_an_outage_is_told_in_plain_words(library):
    report = made(struck(library, LAN))
    whys = [row.why for row in report.circuits[0].outages]
    assert "not the supplier's: the site's own network or router was down" in whys
    assert "council" not in site_page(report)


def test_a_day_for_notice_that_is_gone_is_told_as_gone(library):
    # The contract ends on 30 September 2026: notice by 2 July.
    for as_of, words in (
        (date(2026, 7, 2), "notice is to be given by 2 July 2026"),
        (date(2026, 7, 3), "the last day to give notice was 2 July 2026; its term ends on 30 September 2026"),
    ):
        assert words in answer(made(library, as_of=as_of), Question.ACTION)


def test_a_yardstick_is_told_by_its_rule_and_not_by_its_name(library):
    page = site_page(made(library, yardsticks=("uk_gigabit",)))
    assert "1 Gbit/s down, 200 Mbit/s up" in page
    assert "uk_gigabit" not in page
    assert "fcc_80_80" not in page


def test_without_a_test_there_is_no_share_of_tests(library):
    words = answer(made(replace(library, tests=())), Question.DELIVERED)
    assert words.startswith(
        "Not shown: download of 1 to 15 March 2026 is to reach 495 Mbit/s, and no test tells whether it did;"
    )


def test_availability_that_is_not_known_was_not_anything(library):
    codes = bytes([NOBODY_TOLD.code]) * len(library.strip.codes)
    empty = replace(library, strip=Strip(library.strip.start_minute, codes))
    assert answer(made(empty), Question.RELIABLE).startswith(
        "Not shown: availability of 1 to 15 March 2026 is not known"
    )


def test_the_estate_writes_days_and_numbers_as_people_do():
    words = " ".join(one for row in estate(PLANS).sites for one in (row.action, row.reason, *row.also))
    assert "notice can be given until 31 May 2026; its term ends on 30 June 2026" in words
    assert "2026-05-31" not in words


def test_an_hour_that_was_seen_is_not_told_as_nothing(library):
    start = library.strip.start_minute
    place, codes = (
        minute_of("2026-03-10T08:00") - start,
        bytearray([NOBODY_TOLD.code]) * len(library.strip.codes),
    )
    codes[place : place + 60] = library.strip.codes[place : place + 60]
    hour = replace(library, strip=Strip(start, bytes(codes)))
    asked = Asked(Kind.SITE, (Line("lib", "lib-1"),), MARCH, date(2026, 4, 8), "made up")
    words = answer(site_report(KeptSource(hour), Inputs(), asked), Question.RELIABLE)
    assert words == (
        "Not shown: no promise is known here; 60 minutes are known, too few of these days for a percentage."
    )


def test_of_two_contracts_in_a_month_the_days_are_named(library):
    words = answer(made(library), Question.RELIABLE)
    assert words.startswith("No: availability of 1 to 15 March 2026 was")


def test_a_line_is_not_told_full_by_minutes_of_which_the_others_are_not_known(library):
    """Full in 101 minutes of the 6700 known ones are 1.5 % of these, and may be 0.8 % of all."""
    start, length = library.strip.start_minute, len(library.strip.codes)
    uses = [None] * length
    opening = [
        minute
        for day, first, _ in MARCH.edges()
        if day.weekday() < 5
        for minute in range(first - start + 9 * 60, first - start + 18 * 60)
    ]
    for number, place in enumerate(opening[:6700]):
        uses[place] = 0.95 if number < 101 else 0.1
    half = Curve(start, uses)
    quick = Curve(start, [None] * length)
    report = made(replace(library, down_use=half, up_use=half, rtt_p50=quick, rtt_p95=quick, tests=()))
    sentence = next(one for one in report.verdicts if one.question is Question.BANDWIDTH)
    assert sentence.verdict is Verdict.NOT_SHOWN
    assert sentence.words.startswith("Not shown: the line was full in 1.5 % of the service minutes")


def test_a_standard_that_nobody_promised_is_judged_and_breaks_no_contract(library):
    """Every test gets all of 100 Mbit/s that were bought: a gigabit is another thing."""
    contracts = (
        "circuit,from,document,clause,site,down,up,rate_layer,availability\n"
        "lib-1,2024-04-01,Order 17,4.2,lib,100Mbit/s,20Mbit/s,L2,99.9%\n"
    )
    tests = tuple(
        replace(
            one,
            bits_per_second={"L2": 100e6 if one.direction == "down" else 20e6},
            others={"L2": 0.0},
            spoiled="",
        )
        for one in library.tests
    )
    files = inputs(contracts=contracts, **dict.fromkeys(("upgrades", "exclusions", "tickets", "claims")))
    line = (Line("lib", "lib-1"),)
    asked = Asked(Kind.SITE, line, MARCH, date(2026, 4, 8), "made up", ("uk_gigabit",))
    report = site_report(KeptSource(replace(library, tests=tests)), files, asked)
    standard = next(row for row in report.circuits[0].promises if row.name == "download, uk_gigabit")
    assert (standard.verdict, standard.promised.note) == (
        Verdict.FAIL, "a standard, and no promise of the contract",
    )  # fmt: skip
    assert answer(report, Question.DELIVERED).startswith("Yes: ")


def test_on_a_day_on_which_nobody_is_served_nothing_is_unseen(library):
    sunday = Days(date(2026, 3, 15), date(2026, 3, 15), MARCH.timezone)
    asked = Asked(Kind.SITE, (Line("lib", "lib-1"),), sunday, date(2026, 4, 8), "made up")
    report = site_report(KeptSource(library), inputs(), asked)
    (row,) = report.circuits[0].availability
    assert answer(report, Question.BANDWIDTH) == "Not shown: nobody is served in these days."
    assert (row.service.note, row.user_minutes_lost.note) == ("nobody is served in these days",) * 2


def test_nearly_all_is_not_rounded_to_all_in_the_reason_of_a_grade(library):
    """Twenty minutes of March are not known, and there is no test: 99.96 %."""
    start = library.strip.start_minute
    place = minute_of("2026-03-25T10:00") - start
    first, end = MARCH.start_minute - start, MARCH.end_minute - start
    codes = bytearray(library.strip.codes)
    codes[first:end] = codes[:1] * (end - first)
    codes[place : place + 20] = bytes([NOBODY_TOLD.code]) * 20
    why = made(replace(library, strip=Strip(start, bytes(codes)), tests=())).circuits[0].quality.why
    assert why.startswith("known for 99.96 % of the time")
