"""Missing is missing in the estate as well: what is taken away becomes no 0, and wins nobody anything."""

import csv
from collections.abc import Iterator, Mapping
from io import StringIO

from fakes.estate_reports import FILES, PLANS, Plan, inputs, report
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.evidence.reports.document import as_json, is_figure
from netmon.evidence.sources.source import Line
from netmon.evidence.verdicts import Verdict

LIB = Line("lib", "lib-1")
GROUPS = {"supplier", "product", "technology", "kind", "name"}
"""What only sorts: without them the same amounts stand in another row."""
CELLS = [
    (file, number, column)
    for file, needed in (
        ("contracts", {"circuit", "from", "document", "clause", "site", "credits"}),
        ("sites", {"site"}),
    )
    for number, row in enumerate(csv.DictReader(StringIO(FILES[file])))
    for column, cell in row.items()
    if column not in needed | GROUPS and cell
]
NEEDED_BY_CREDITS = "monthly"
COUNTED = {"count", "d"}
"""Units in which fewer things are a smaller number: they count answers, not amounts."""
WHOLE = report()
WIDTH = 44_580


def without(holes: set[tuple[str, int, str]]) -> Mapping[str, str]:
    """The files with some cells empty."""
    files = dict(FILES)
    for file in {file for file, _, _ in holes}:
        rows = list(csv.DictReader(StringIO(FILES[file])))
        for name, number, column in holes:
            if name == file:
                rows[number][column] = ""
                if column == NEEDED_BY_CREDITS:
                    rows[number]["credits"] = ""
        text = StringIO()
        writer = csv.DictWriter(text, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
        files[file] = text.getvalue()
    return files


def figures(found: object, place: str = "") -> Iterator[tuple[str, Mapping[str, object]]]:
    """All figures of a document by their places; rows by their keys."""
    if isinstance(found, Mapping):
        if is_figure(found):
            yield place, found
            return
        key = found.get("key")
        inside = f"{place}/{'/'.join(map(str, key.values()))}" if isinstance(key, Mapping) else place
        for name, value in found.items():
            yield from figures(value, f"{inside}.{name}")
    elif isinstance(found, list):
        for one in found:
            yield from figures(one, place)


KNOWN = dict(figures(as_json(WHOLE)))


def verdicts(found):
    return {row.site: (row.available, row.delivered) for row in found.sites}


@settings(max_examples=15, deadline=None)
@given(st.sets(st.sampled_from(CELLS), min_size=1, max_size=12))
def test_an_empty_cell_makes_no_figure_0(holes):
    found = report(files=inputs(**without(holes)))
    for place, figure in figures(as_json(found)):
        before = KNOWN.get(place)
        if before is None or figure["unit"] in COUNTED or not isinstance(figure["value"], int | float):
            continue
        if figure["unit"] == "ratio" and figure["n"] != before["n"]:
            continue  # a share of fewer circuits, of which none may be so
        assert figure["value"] or not before["value"], f"{place} became 0 without {holes}"
    for site, (available, delivered) in verdicts(found).items():
        was = verdicts(WHOLE)[site]
        assert available in {was[0], None}, "a verdict is lost with what it rests on, and never turned"
        assert delivered in {was[1], Verdict.NOT_SHOWN, None} or was[1] is Verdict.FAIL


@settings(max_examples=15, deadline=None)
@given(
    st.dictionaries(
        st.integers(0, WIDTH - 1).map(lambda n: n - n % 60), st.integers(1, 6000), min_size=1, max_size=4
    )
)
def test_a_hole_in_the_minutes_opens_bounds_and_turns_no_verdict_for_the_better(holes):
    holes = {first: min(length, WIDTH - first) for first, length in holes.items()}
    plan = PLANS[LIB]
    found = report(PLANS | {LIB: Plan(plan.minutes, plan.noon, plan.rate, plan.quiet, holes)})
    row = next(one for one in found.sites if one.site == "lib")
    down, lost = row.supplier_down, row.user_minutes_lost
    assert down.low <= 120 <= down.high
    assert lost.low <= 4800 <= lost.high
    assert row.available is not Verdict.PASS
    assert next(one for one in found.sites if one.site == "sch") == next(
        one for one in WHOLE.sites if one.site == "sch"
    )
    best = next(one for one in found.league if one.supplier == "SupplierX").availability
    assert best.low <= 1 - 420 / 89_160 <= best.high


def test_a_line_of_which_nothing_is_known_has_no_number_at_all():
    dark = Plan(f"?{WIDTH}", noon=None, quiet=None)
    found = report(dict.fromkeys(PLANS, dark))
    for row in found.sites:
        amounts = (
            row.busy_share, row.saturated, row.saturated_share, row.user_minutes_lost, row.delivered_share,
            row.supplier_down, row.narrow,
        )  # fmt: skip
        assert {one.value for one in amounts} == {None}
        assert row.action == "measure first"
        assert row.available is not Verdict.PASS
    assert {row.availability.value for row in found.league} == {None}
    assert {row.place.value for row in found.league} == {None}
    assert found.totals.user_minutes_lost.value is None
    assert found.causes == ()
