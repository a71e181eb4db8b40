"""Missing is missing in print: holes in files, minutes and tests never become 0 in any form of a report."""

import csv
import json
from datetime import date
from fractions import Fraction
from html import escape
from io import StringIO

from fakes.report_source import DOWN, UP, KeptSource
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.evidence.calendar import Days
from netmon.evidence.curve import Curve
from netmon.evidence.inputs.files import read_texts
from netmon.evidence.material import Material
from netmon.evidence.reports.document import document, write_document
from netmon.evidence.reports.figure import Unit
from netmon.evidence.reports.model import Kind
from netmon.evidence.reports.page import site_page
from netmon.evidence.reports.said import said
from netmon.evidence.reports.site import Asked, site_report
from netmon.evidence.reports.tidy import rows, write_table
from netmon.evidence.speed_tests import SpeedTest
from netmon.evidence.strip import NOBODY_TOLD, Strip
from netmon.evidence.verdicts import Verdict

DAYS = Days(date(2026, 2, 23), date(2026, 2, 28), "Europe/London")
LENGTH = DAYS.end_minute - DAYS.start_minute
CONTRACT = {
    "circuit": "lib-1", "from": "2024-01-01", "document": "Order 1", "clause": "4", "site": "lib",
    "supplier": "SupplierX", "down": "100Mbit/s", "up": "20Mbit/s", "minimum_down": "50Mbit/s",
    "availability": "99%", "rtt": "30ms", "loss": "0.1%", "fix": "1h", "fix_clock": "detection",
    "credits": "below 99%: 5%; per missed fix: 2%", "combine": "sum", "cap": "90% of month",
    "monthly": "95.00", "managed": "12.00", "one_off": "360.00", "term_start": "2024-04-01",
    "term_end": "2027-03-31", "notice_days": "90", "claim_within_days": "30",
}  # fmt: skip
SITE = {
    "site": "lib", "name": "Library", "uprn": "100012345678", "service_hours": "Mon-Fri 09:00-17:00",
    "users": "40", "standard_down": "30Mbit/s", "per_user": "1Mbit/s",
}  # fmt: skip
NEEDED = {"circuit", "from", "document", "clause", "fix_clock", "combine"}
NEEDS = {"fix": {"credits"}, "monthly": {"credits"}, "availability": {"credits"}}
"""What cannot stay when a cell goes: the file would be refused."""
HOLES = sorted((CONTRACT.keys() | SITE.keys()) - NEEDED - {"site"})
CODES = bytes([UP] * 600 + [DOWN] * 150 + [UP] * 700 + [DOWN] * 45).ljust(LENGTH, bytes([UP]))
LOADS = [0.3 + 0.68 * (minute % 1440 > 600) * (minute % 97) / 96 for minute in range(LENGTH)]
TRIPS = [0.02 + 0.0001 * (minute % 7) for minute in range(LENGTH)]
TESTS = tuple(
    SpeedTest(
        DAYS.start_minute + 100 * n, direction, "http", {"L2": (0.8 if n % 2 else 0.95) * bought}, {"L2": 1e3}
    )
    for n in range(60) for direction, bought in (("down", 1e8), ("up", 2e7))
)  # fmt: skip
MEASURED = (
    "billed", "billed_down", "billed_up", "busy_share", "busy_rate", "peak_share", "required", "tenth",
    "median", "per_contracted", "per_delivered", "per_used", "per_user", "monthly",
)  # fmt: skip
"""Figures that are above 0 however few minutes and tests are left of these."""


def row_of(cells):
    kept = {name: value for name, value in cells.items() if value}
    return f"{','.join(kept)}\n" + ",".join(f'"{value}"' for value in kept.values()) + "\n"


def made(holes=(), codes=CODES, loads=LOADS, trips=TRIPS, tests=TESTS):
    gone = set(holes).union(*(NEEDS.get(hole, set()) for hole in holes))
    files = read_texts({
        "contracts": row_of({name: value for name, value in CONTRACT.items() if name not in gone}),
        "sites": row_of({name: value for name, value in SITE.items() if name not in gone}),
    })  # fmt: skip
    use, trip = Curve(DAYS.start_minute, loads), Curve(DAYS.start_minute, trips)
    strip, clock = Strip(DAYS.start_minute, codes), Fraction(1)
    source = KeptSource(Material("lib-1", DAYS, strip, use, use, trip, trip, trip, tuple(tests), clock))
    asked = Asked(Kind.SITE, tuple(source.lines(DAYS)), DAYS, date(2026, 3, 8), "made up")
    return site_report(source, files, asked)


def figures(report):
    return {(row.section, row.subject, row.figure): row for row in rows(document("site", 1, report))}


WHOLE = figures(made())


def is_nothing(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and value == 0


def three_forms_agree(report):
    """Values of the table are those of the document, and the page prints each of the main ones."""
    found = document("site", 1, report)
    table = {
        (one["section"], one["subject"], one["figure"]): one
        for one in csv.DictReader(StringIO(write_table(found), newline=""))
    }
    for row in rows(json.loads(write_document(found))):
        cells = table[row.section, row.subject, row.figure]
        for name in ("value", "n", "low", "high", "coverage"):
            number = getattr(row, name)
            if isinstance(number, int | float) and not isinstance(number, bool):
                assert float(cells[name]) == number
            elif number is None:
                assert cells[name] == "", "what is not known is an empty cell"
    page = site_page(report)
    part = report.circuits[0]
    for shown in (part.use.busy_share, part.use.billed, part.use.required, part.use.saturated_share):
        assert escape(said(shown)) in page
    for price in part.money.prices:
        assert escape(said(price.monthly)) in page


def test_the_whole_has_every_figure_that_is_asked_for():
    told = {figure for (_, _, figure), row in WHOLE.items() if row.value}
    assert set(MEASURED) <= told
    three_forms_agree(made())


@settings(max_examples=15, deadline=None)
@given(st.sets(st.sampled_from(HOLES), max_size=8))
def test_a_cell_that_is_empty_never_becomes_nothing(holes):
    report = made(holes)
    three_forms_agree(report)
    for place, row in figures(report).items():
        before = WHOLE.get(place)
        if before is not None and before.unit not in ("", Unit.MINUTES):
            assert not is_nothing(row.value) or is_nothing(before.value), f"{place} became 0"
        if before is not None and row.verdict and before.verdict and "service_hours" not in holes:
            assert row.verdict in (before.verdict, Verdict.NOT_SHOWN), f"{place} was won by a hole"


def holed(values, holes):
    found = list(values)
    for start, length in holes:
        found[start : start + length] = [None] * len(found[start : start + length])
    return found


STRETCHES = st.lists(st.tuples(st.integers(0, LENGTH), st.integers(1, 4000)), max_size=6)


@settings(max_examples=15, deadline=None)
@given(STRETCHES, STRETCHES, st.sets(st.integers(0, len(TESTS) - 1)))
def test_minutes_and_tests_that_are_missing_never_become_nothing(minutes, loads, tests):
    blank = NOBODY_TOLD.code
    codes = bytes(blank if one is None else one for one in holed(CODES, minutes))
    kept = [test for n, test in enumerate(TESTS) if n not in tests]
    report = made((), codes, holed(LOADS, loads), holed(TRIPS, loads), kept)
    three_forms_agree(report)
    for place, row in figures(report).items():
        if place[2] in MEASURED:
            assert not is_nothing(row.value), f"{place} became 0"
    for row in report.circuits[0].promises:
        if row.name == "availability":
            assert row.verdict in (Verdict.FAIL, Verdict.NOT_SHOWN), "unknown minutes win nothing"
            assert row.kept.known == (row.kept.coverage is not None and row.kept.coverage >= 0.95)


def test_nothing_at_all_is_not_known_in_every_form():
    empty = [None] * LENGTH
    report = made(HOLES, bytes([NOBODY_TOLD.code]) * LENGTH, empty, empty, ())
    three_forms_agree(report)
    for place, row in figures(report).items():
        # What was excluded, and how much was seen, is known to be nothing.
        if "charts" not in place[0] and place[2] not in ("excluded", "coverage"):
            assert not is_nothing(row.value), f"{place} is 0"
