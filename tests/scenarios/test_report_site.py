"""A site's report: every figure of a month that is worked out by hand, and what an empty site says."""

from dataclasses import replace
from datetime import date

import pytest
from fakes.report_source import ALL, KeptSource, inputs, month_of_library

from netmon.evidence.attribution import Attribution
from netmon.evidence.calendar import Days, month
from netmon.evidence.claim_ledger import Standing
from netmon.evidence.curve import Curve
from netmon.evidence.grade import Grade
from netmon.evidence.inputs.files import Inputs
from netmon.evidence.notice import Urgency
from netmon.evidence.reports.estate import AskedEstate, estate_report
from netmon.evidence.reports.model import Kind, Question
from netmon.evidence.reports.parts import Claimable
from netmon.evidence.reports.series import DotClass, StripState
from netmon.evidence.reports.site import Asked, site_report
from netmon.evidence.sources.source import Line
from netmon.evidence.strip import NOBODY_TOLD, Strip
from netmon.evidence.verdicts import Verdict

MARCH = month(2026, 3, "Europe/London")
ISSUE_DAY = date(2026, 4, 8)
LISTS = ("upgrades", "exclusions", "tickets", "claims")


@pytest.fixture(scope="module")
def library():
    return month_of_library()


def made(source, files, days=MARCH, as_of=ISSUE_DAY, **asked):
    lines = tuple(source.lines(days))
    return site_report(source, files, Asked(Kind.SITE, lines, days, as_of, "made up", **asked))


@pytest.fixture(scope="module")
def report(library):
    return made(KeptSource(library), inputs())


@pytest.fixture(scope="module")
def part(report):
    return report.circuits[0]


def test_the_header_says_whose_it_is_and_what_it_stands_on(report):
    header = report.header
    assert (header.name, header.site_kind, header.uprn, header.users.value) == (
        "Anytown Library", "library", "100012345678", 40,
    )  # fmt: skip
    assert header.service_hours == "Mon-Fri 09:00-18:00; Sat 10:00-16:00"
    assert (header.first, header.last, header.as_of, header.grade) == (
        date(2026, 3, 1), date(2026, 3, 31), ISSUE_DAY, Grade.B,
    )  # fmt: skip
    assert report.together is None


def test_days_before_a_change_of_contract_are_judged_by_the_old_one(part):
    assert [(one.first.day, one.document) for one in part.contracts] == [(1, "Order 17"), (16, "Variation 2")]
    kept = {(one.name, one.first.day): one for one in part.promises}
    assert (kept["download", 1].promised.value, kept["download", 16].promised.value) == (495e6, 900e6)
    assert (kept["upload", 1].promised.value, kept["upload", 16].promised.value) == (67.5e6, 180e6)
    assert (kept["minimum download", 1].promised.value, kept["minimum download", 16].promised.value) == (
        275e6, 500e6,
    )  # fmt: skip
    assert [(one.first.day, one.per_contracted.value) for one in part.money.prices] == [
        (1, pytest.approx(107 / 550, rel=1e-6)), (16, pytest.approx(132 / 1000, rel=1e-6)),
    ]  # fmt: skip


def test_availability_is_counted_by_contract_with_its_bounds(part):
    before, after = part.availability
    # 15 days of 1440 minutes, less an agreed hour: 134 down, 260 nobody knows.
    assert (before.up.value, before.supplier_down.value, before.unknown.value, before.excluded.value) == (
        21146, 134, 260, 60,
    )  # fmt: skip
    assert (before.supplier_down.low, before.supplier_down.high) == (133, 396)
    assert before.measured.value == pytest.approx(21146 / 21280, rel=1e-6)
    assert (before.measured.low, before.measured.high) == (
        pytest.approx(21146 / 21540, rel=1e-6), pytest.approx(21406 / 21540, rel=1e-6),
    )  # fmt: skip
    assert before.contract.value == pytest.approx((21540 - 134) / 21540, rel=1e-6)
    # Its end has a day of 23 hours: 16 x 1440 - 60.
    assert after.up.value + after.supplier_down.value == 16 * 1440 - 60
    assert before.user_minutes_lost.value == 134 * 40
    verdicts = [one.verdict for one in part.promises if one.name == "availability"]
    assert verdicts == [Verdict.FAIL, Verdict.FAIL]


def test_outages_have_both_clocks_and_say_whether_they_count(part):
    first, works, short = part.outages
    assert (first.length.value, first.by_ticket.value, first.by_supplier.value, first.counts.value) == (
        134, 119, 135, 119,
    )  # fmt: skip
    assert (first.ticket, first.claimable, first.attribution) == (
        "INC4821", Claimable.YES, Attribution.SUPPLIER,
    )  # fmt: skip
    assert (works.attribution, works.claimable, works.why) == (Attribution.PLANNED, Claimable.NO, "excluded")
    assert (short.ticket, short.counts.value, short.claimable) == (None, None, Claimable.YES)
    assert short.by_ticket.note == "no ticket was raised"


def test_credits_have_their_arithmetic_and_their_last_day(part):
    received, due = part.money.credits
    assert (received.period, received.standing, received.received.value) == (
        "2026-01", Standing.RECEIVED, 9.5,
    )  # fmt: skip
    # Half a month's 5 % of £95 is £2.30, one hour begun over the fix time one day's charge, £3.12; the larger
    # counts. From the 16th on 10 % of £120 for 16 of 31 days: £6.19.
    assert (due.standing, due.possible.value, due.claim_by.value) == (
        Standing.CLAIMABLE, 9.31, "2026-04-30",
    )  # fmt: skip
    assert any("£3.12 (Order 17, 4.2)" in words for words in due.workings)
    dates = part.money.dates
    assert (dates.ends.value, dates.notice_by.value, dates.urgency) == (
        "2026-09-30", "2026-07-02", Urgency.RED,
    )  # fmt: skip


def test_a_claim_that_was_made_later_is_not_in_the_report_of_the_day(library):
    claims = (
        "circuit,period,claimed_on,claimed,received_on,received,reference\n"
        "lib-1,2026-03,2026-04-09,9.31,2026-05-02,9.31,CR-90\n"
    )
    source, files = KeptSource(library), inputs(claims=claims, upgrades=None)
    (due,) = made(source, files).circuits[0].money.credits
    assert (due.standing, due.claimed.value) == (Standing.CLAIMABLE, None)
    (claimed,) = made(source, files, as_of=date(2026, 4, 10)).circuits[0].money.credits
    assert (claimed.standing, claimed.claimed.value, claimed.received.value) == (Standing.CLAIMED, 9.31, None)
    (came,) = made(source, files, as_of=date(2026, 5, 2)).circuits[0].money.credits
    assert (came.standing, came.received.value) == (Standing.RECEIVED, 9.31)


def test_a_month_that_is_not_whole_has_no_credit_yet(library):
    days = Days(date(2026, 3, 1), date(2026, 3, 20), ALL.timezone)
    due = (
        made(KeptSource(library), inputs(upgrades=None), days, date(2026, 3, 21))
        .circuits[0]
        .money.credits[-1]
    )
    assert (due.period, due.standing, due.possible.value, due.claim_by.value) == (
        "2026-03", Standing.NOT_KNOWN, None, "2026-04-30",
    )  # fmt: skip
    assert due.workings == ("a month is judged whole: 20 of its 31 days are here",)


def test_use_is_told_of_service_hours_with_what_is_known_of_them(part):
    use = part.use
    # 13 320 minutes of opening hours, less 540 of the 27th, which was closed; 134 and 21 of them down,
    # 20 of the morning that nobody knows.
    assert use.saturated.n == 12_605
    assert use.saturated_share.value == pytest.approx(use.saturated.value / 12_605, rel=1e-6)
    assert use.saturated_user_minutes.value == 40 * use.saturated.value
    assert "at least" in use.required.note
    assert use.billed.value == use.billed_down.value > use.billed_up.value
    assert use.billed.coverage == pytest.approx(use.billed.n / 8916, rel=1e-6)


def test_the_week_has_168_cells_and_opening_hours(part):
    cells = {(one.weekday, one.hour): one for one in part.charts.heat}
    assert len(cells) == 168
    assert [cells[6, 12].serving, cells[5, 12].serving, cells[0, 18].serving, cells[0, 17].serving] == [
        False, True, False, True,
    ]  # fmt: skip
    assert cells[0, 12].p95 > 0.5 > cells[0, 3].p95
    assert cells[0, 12].minutes == 5 * 60
    # The hour that the clocks skip is there once less.
    assert cells[6, 1].minutes == 4 * 60


def test_every_minute_of_every_day_is_in_the_strip(part):
    days = {one.day: one for one in part.charts.strip}
    assert len(days) == 31
    assert all(sum(run.minutes for run in one.runs) == one.minutes for one in days.values())
    assert days[date(2026, 3, 29)].minutes == 1380
    runs = [(run.start, run.minutes, run.state) for run in days[date(2026, 3, 4)].runs]
    assert runs == [(0, 600, StripState.UP), (600, 134, StripState.DOWN), (734, 706, StripState.UP)]
    assert days[date(2026, 3, 10)].runs[0].state is StripState.PLANNED


def test_tests_have_a_class_and_an_hour_of_the_place(part):
    kinds = {one.kind for one in part.charts.dots}
    assert kinds == set(DotClass)
    assert all((one.bits_per_second is None) == (one.kind is DotClass.INVALID) for one in part.charts.dots)
    assert all(int(one.hour) == one.at.hour for one in part.charts.dots)
    told = {one.reason: one.figure.value for one in part.quality.tests}
    assert sum(told.values()) == len(part.charts.dots)


def test_an_upgrade_that_comes_says_what_its_baseline_lacks(part):
    assert "cutover in 12 days, baseline 12 of 28 days" in part.upgrades[1].warnings
    assert part.upgrades[1].cost.value is None


def test_an_upgrade_that_is_over_has_its_effect(library):
    days = month(2026, 4, "Europe/London")
    found = made(KeptSource(library), inputs(), days, date(2026, 5, 8)).circuits[0].upgrades[0]
    effects = {one.outcome: one for one in found.effects}
    loaded = effects["round trip under load, busy hour, p95"]
    assert loaded.primary
    assert loaded.change.low <= loaded.change.value <= loaded.change.high < 0
    assert effects["saturated minutes a day"].change.value < 0
    assert found.weeks.value == 6


def test_what_was_left_out_says_who_agreed(part):
    taken, refused = part.quality.exclusions
    assert (taken.minutes.value, taken.agreed_by) == (60, "A. Officer")
    assert (refused.minutes.value, refused.reason) == (
        0, "announced 2.0 days before, the contract asks 10",
    )  # fmt: skip


def test_an_exclusion_over_two_contracts_is_told_once(library):
    text = (
        "circuit,from,to,cause,announced,agreed_by,reference\n"
        "lib-1,2026-03-15T23:00Z,2026-03-16T02:00Z,planned,2026-02-20T09:00Z,A. Officer,CHG-30\n"
    )
    part = made(KeptSource(library), inputs(exclusions=text, upgrades=None)).circuits[0]
    (row,) = part.quality.exclusions
    assert (row.minutes.value, row.start.hour, row.end.hour) == (180, 23, 2)
    assert [one.excluded.value for one in part.availability] == [60, 120]


def test_the_four_questions_are_answered_with_numbers(report):
    words = {one.question: one.words for one in report.verdicts}
    assert words[Question.BANDWIDTH].startswith("No: the line was full in ")
    assert words[Question.DELIVERED].startswith("No: download of 1 to 15 March 2026 reached 495 Mbit/s in ")
    assert "99.90 % is promised" in words[Question.RELIABLE]
    assert words[Question.ACTION].startswith(
        "Claim the possible credit of £9.31 for 2026-03 by 30 April 2026"
    )


def test_without_any_file_the_measurements_speak_alone(library):
    report = made(KeptSource(library), Inputs())
    part = report.circuits[0]
    assert (part.contracts, part.money.prices, part.money.credits, part.money.dates) == ((), (), (), None)
    assert all(one.verdict is Verdict.NOT_SHOWN and not one.promised.known for one in part.promises)
    assert (part.use.busy_share.known, part.use.busy_rate.known) == (True, False)
    assert {one.claimable for one in part.outages} == {Claimable.NOT_KNOWN}
    assert "no promise is known here" in report.verdicts[1].words


def test_a_circuit_of_which_nothing_is_known_is_reported_as_such():
    source = KeptSource()
    asked = Asked(Kind.CIRCUIT, (Line("lib", "lib-1"),), MARCH, ISSUE_DAY, "nowhere")
    part = site_report(source, inputs(), asked).circuits[0]
    assert (part.quality.grade, part.charts.heat, part.charts.dots, part.outages) == (Grade.D, (), (), ())
    assert {one.verdict for one in part.promises} == {Verdict.NOT_SHOWN}
    (due,) = [one for one in part.money.credits if one.period == "2026-03"]
    assert (due.standing, due.possible.value) == (Standing.NOT_KNOWN, None)


def test_a_site_is_up_while_one_of_its_circuits_is(library):
    blank = bytes([NOBODY_TOLD.code]) * len(library.strip.codes)
    nothing = Curve(library.strip.start_minute, [None] * len(blank))
    second = replace(
        library, circuit="lib-2", strip=Strip(library.strip.start_minute, blank), down_use=nothing,
        up_use=nothing, rtt_p50=nothing, rtt_p95=nothing, loss=nothing, tests=(),
    )  # fmt: skip
    together = made(KeptSource(library, second), inputs(upgrades=None)).together
    # Where one is down and of the other nothing is known, nothing is known of the site.
    assert (together.down.value, together.unknown.value) == (0, 134 + 30 + 21 + 260)
    both = made(KeptSource(library, replace(library, circuit="lib-2")), inputs(upgrades=None)).together
    assert (both.down.value, both.user_minutes_lost.value) == (134 + 30 + 21, (134 + 21) * 40)


def test_a_yardstick_that_was_asked_for_is_a_row(library):
    rows = made(KeptSource(library), inputs(upgrades=None), yardsticks=("uk_gigabit",)).circuits[0].promises
    gigabit = [one for one in rows if one.name == "download, uk_gigabit"]
    assert [one.promised.value for one in gigabit] == [1e9, 1e9]


def test_a_period_that_goes_on_says_so(library):
    days = Days(date(2026, 3, 1), date(2026, 3, 10), ALL.timezone)
    report = made(KeptSource(library), inputs(upgrades=None), days, as_of=date(2026, 3, 10))
    assert "period" in {one.name for one in report.sources}


def test_the_estate_tells_the_same_of_a_site(library):
    """April has one contract: what both tell of it is the same figure, by two ways."""
    days, as_of, files = month(2026, 4, "Europe/London"), date(2026, 5, 8), inputs(upgrades=None)
    part = made(KeptSource(library), files, days, as_of).circuits[0]
    estate = estate_report(
        lambda: KeptSource(library), files, AskedEstate(days.first, days.last, as_of, "made up")
    )
    (row,) = estate.sites
    kept = {one.name: one for one in part.promises}
    (account,) = part.availability
    pairs = [
        (row.busy_share, part.use.busy_share), (row.saturated, part.use.saturated),
        (row.saturated_share, part.use.saturated_share), (row.required, part.use.required),
        (row.user_minutes_lost, account.user_minutes_lost), (row.supplier_down, account.supplier_down),
        (row.delivered_share, kept["download"].kept), (row.monthly, part.money.prices[0].monthly),
        (row.ends, part.money.dates.ends), (row.notice_by, part.money.dates.notice_by),
    ]  # fmt: skip
    assert [(one.value, one.unit) for one, _ in pairs] == [(other.value, other.unit) for _, other in pairs]
    assert row.grade == part.quality.grade
    (due,) = [one for one in estate.claims if one.period == "2026-04"]
    (mine,) = [one for one in part.money.credits if one.period == "2026-04"]
    assert (due.possible.value, due.claim_by.value) == (mine.possible.value, mine.claim_by.value)


def test_a_grade_is_the_same_in_the_sites_report_and_in_the_estates(library):
    # In one hour of the week are too few tests for a claim; in the whole month there are enough.
    contracts = (
        "circuit,from,document,clause,site,down,up,minimum_down,peak_hours,availability\n"
        "lib-1,2024-04-01,Order 17,4.2,lib,1Gbit/s,75Mbit/s,500Mbit/s,Mon 12:00-13:00,99.9%\n"
    )
    days, files = month(2026, 4, "Europe/London"), inputs(contracts=contracts, **dict.fromkeys(LISTS))
    part = made(KeptSource(library), files, days, date(2026, 5, 8)).circuits[0]
    asked = AskedEstate(days.first, days.last, date(2026, 5, 8), "made up")
    (row,) = estate_report(lambda: KeptSource(library), files, asked).sites
    assert (part.quality.grade, row.grade) == (Grade.A, Grade.A)


def test_on_a_day_that_is_closed_nobody_is_served_and_nobody_loses_anything(library):
    closed = "from,to,reason,sites\n2026-03-04,2026-03-04,bank holiday,\n"
    lost = [
        sum(row.user_minutes_lost.value for row in made(KeptSource(library), files).circuits[0].availability)
        for files in (inputs(closed=None), inputs(closed=closed))
    ]
    # 4 March, 10:00 to 12:14, with 40 people.
    assert lost[0] - lost[1] == 134 * 40
    asked = AskedEstate(MARCH.first, MARCH.last, ISSUE_DAY, "made up")
    (row,) = estate_report(lambda: KeptSource(library), inputs(closed=closed), asked).sites
    assert row.user_minutes_lost.value == lost[1]
