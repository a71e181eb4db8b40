"""Possible credit, told of months that are over and were seen enough, or in which something is proven."""

from datetime import date

from fakes.evidence import inputs
from fakes.report_source import DOWN, UP, minute_of

from netmon.evidence.calendar import Days, month
from netmon.evidence.claim_ledger import Standing
from netmon.evidence.curve import Curve
from netmon.evidence.material import Material
from netmon.evidence.reports.model import Kind
from netmon.evidence.reports.site import Asked, site_report
from netmon.evidence.sources.source import Line, Source
from netmon.evidence.strip import NOBODY_TOLD, Strip

MARCH, AFTER = month(2026, 3, "Europe/London"), date(2026, 4, 10)
TERMS = (
    "circuit=wan|site=off|down=100Mbit/s|up=100Mbit/s|availability=99.9%|credits=below 99.9%: 10%"
    "|cap=12% of quarter|claim_within_days=30|monthly=100.00|managed=0.00|one_off=0.00"
)


class Seen(Source):
    """One line, seen for some days, and down for some minutes of 10 March."""

    def __init__(self, seen=MARCH, down=0):
        self._seen, self._down = seen, down

    def lines(self, _days):
        return [Line("off", "wan")]

    def material(self, line, days):
        codes = bytearray([NOBODY_TOLD.code]) * (days.end_minute - days.start_minute)
        for minute in range(self._seen.start_minute, self._seen.end_minute):
            if days.start_minute <= minute < days.end_minute:
                codes[minute - days.start_minute] = UP
        place = minute_of("2026-03-10T08:00") - days.start_minute
        codes[place : place + self._down] = bytes([DOWN]) * self._down
        blank = Curve(days.start_minute, [None] * len(codes))
        return Material(line.circuit, days, Strip(days.start_minute, bytes(codes)), *[blank] * 5, (), None)

    def close(self):
        pass


def _part(source, days=MARCH, as_of=AFTER):
    asked = Asked(Kind.SITE, (Line("off", "wan"),), days, as_of, "made up")
    return site_report(source, inputs(TERMS), asked).circuits[0]


def _credit(*args, **asked):
    return [(one.standing, one.possible.value) for one in _part(*args, **asked).money.credits]


def test_a_month_that_was_seen_and_kept_owes_nothing():
    assert _credit(Seen()) == [(Standing.NOTHING, 0.0)]


def test_a_month_of_which_two_days_were_seen_is_not_known_to_owe_nothing():
    two = Days(date(2026, 3, 9), date(2026, 3, 10), MARCH.timezone)
    assert _credit(Seen(two)) == [(Standing.NOT_KNOWN, None)]


def test_what_is_proven_is_due_however_little_was_seen():
    two = Days(date(2026, 3, 9), date(2026, 3, 10), MARCH.timezone)
    assert _credit(Seen(two, down=600)) == [(Standing.CLAIMABLE, 10.0)]


def test_a_month_that_is_not_over_has_no_credit_yet():
    part = _part(Seen(down=600), as_of=date(2026, 3, 20))
    assert [(one.standing, one.workings) for one in part.money.credits] == [
        (Standing.NOT_KNOWN, ("the month is not over",))
    ]


def test_the_arithmetic_knows_what_the_months_before_took_of_the_cap():
    spring = Days(date(2026, 1, 1), date(2026, 3, 31), MARCH.timezone)

    class Often(Seen):
        def material(self, line, days):
            codes = bytearray([UP]) * (days.end_minute - days.start_minute)
            for number in (1, 2, 3):
                place = minute_of(f"2026-0{number}-10T08:00") - days.start_minute
                codes[place : place + 600] = bytes([DOWN]) * 600
            blank = Curve(days.start_minute, [None] * len(codes))
            strip = Strip(days.start_minute, bytes(codes))
            return Material(line.circuit, days, strip, *[blank] * 5, (), None)

    rows = _part(Often(), days=spring).money.credits
    # 12 % of three hundred pounds are £36.00: three credits of £10.00 are below it.
    assert [one.possible.value for one in rows] == [10.0, 10.0, 10.0]
    assert [one.workings[-1] for one in rows] == [
        "no more than £36.00 (cap)", "no more than £26.00 (cap)", "no more than £16.00 (cap)",
    ]  # fmt: skip


def test_an_outage_is_known_to_a_minute_more_or_less_as_in_the_account():
    part = _part(Seen(down=600))
    (outage,), (account,) = part.outages, part.availability
    assert (outage.length.value, outage.length.low, outage.length.high) == (600, 599, 601)
    assert (account.supplier_down.low, account.supplier_down.high) == (599, 601)


def test_people_lost_have_bounds_where_minutes_are_not_known():
    two = Days(date(2026, 3, 9), date(2026, 3, 10), MARCH.timezone)
    files = inputs(TERMS, sites="site,users\noff,10\n")
    asked = Asked(Kind.SITE, (Line("off", "wan"),), MARCH, AFTER, "made up")
    lost = site_report(Seen(two), files, asked).circuits[0].availability[0].user_minutes_lost
    unseen = (31 * 1440 - 60 - 2 * 1440) * 10  # on the 29th an hour is left out
    assert (lost.value, lost.low, lost.high) == (0, 0, unseen)
