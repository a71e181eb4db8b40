"""The first page: how many sites and circuits have which answer, and what the estate comes to together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from netmon.evidence.bottleneck import Cause
from netmon.evidence.grade import Grade
from netmon.evidence.reports import estate_figures as told
from netmon.evidence.reports.estate_actions import over
from netmon.evidence.reports.estate_model import CountRow, GroupRow, Point, RankedSite, Totals
from netmon.evidence.reports.estate_months import both_ways
from netmon.evidence.reports.estate_record import LineRecord, SiteRecord
from netmon.evidence.reports.figure import Figure, Unit, figure
from netmon.evidence.reports.parts import CauseRow
from netmon.evidence.verdicts import Verdict
from netmon.evidence.yardsticks import mba_80_80

FULL_NOW = "Is its line full in the busy hour now?"
DELIVERED = "Is it delivered as contracted?"
KEPT = "Is the promised availability kept?"
QUALITY = "How good are its data?"
_NOW = {True: "full, or nearly", False: "not full", None: told.NOT_KNOWN}
_VERDICTS = {
    Verdict.PASS: "shown to be so",
    Verdict.FAIL: "shown not to be so",
    Verdict.NOT_SHOWN: "not shown either way",
    None: "nothing was promised, or no contract is known",
}
_GRADES = {
    Grade.A: "A, fit for a claim",
    Grade.B: "B, fit for planning",
    Grade.C: "C, indicative",
    Grade.D: "D, not to be used",
}


def counts(sites: Sequence[SiteRecord], unmeasured: int) -> Iterator[CountRow]:
    """Yield the answers, those that nobody has included; sites in files alone are not known."""
    lines = [line for site in sites for line in site.lines]
    now = Counter(over(site) for site in sites)
    now[None] += unmeasured
    for answer, words in _NOW.items():
        yield CountRow(FULL_NOW, words, told.count(now[answer], len(sites) + unmeasured, "sites"))
    for question, verdicts in (
        (DELIVERED, Counter(both_ways(part.delivered for part in line.parts) for line in lines)),
        (KEPT, Counter(both_ways(part.kept for part in line.parts) for line in lines)),
    ):
        for verdict, words in _VERDICTS.items():
            yield CountRow(question, words, told.count(verdicts[verdict], len(lines), "circuits"))
    grades = Counter(line.grade for line in lines)
    for grade, words in _GRADES.items():
        yield CountRow(QUALITY, words, told.count(grades[grade], len(lines), "circuits"))


def totals(sites: Sequence[SiteRecord], rows: Sequence[RankedSite], monthly: Figure, came: Figure) -> Totals:
    """Return what the estate comes to."""
    lines = [line for site in sites for line in site.lines]
    shown = [
        verdict
        for line in lines
        if (verdict := both_ways(part.delivered for part in line.parts)) in {Verdict.PASS, Verdict.FAIL}
    ]
    return Totals(
        told.of_those(shown.count(Verdict.PASS), len(shown), "circuit is shown either way"),
        _four_of_five(lines),
        _lost([row.user_minutes_lost for row in rows]),
        monthly,
        came,
    )


def _lost(each: Sequence[Figure]) -> Figure:
    """Add what people lost, and its bounds; of sites where it is not known there is no bound."""
    known = [one for one in each if isinstance(one.value, int)]
    whole = told.added(
        (one.value if isinstance(one.value, int) else None for one in each), Unit.USER_MINUTES, "sites"
    )
    if not known:
        return whole
    most = sum(one.high or 0 for one in known) if len(known) == len(each) else None
    return replace(whole, low=sum(one.low or 0 for one in known), high=most)


def _four_of_five(lines: Iterable[LineRecord]) -> Figure:
    # Of each line the rate that four tests of five reached, of these what four lines of five reached.
    known = [line.tested.four_of_five for line in lines if line.tested.four_of_five is not None]
    share = mba_80_80([each] for each in known)
    return figure(
        share, Unit.SHARE, n=len(known), note="" if known else "no circuit has tests and a contract"
    )


def groups(rows: Sequence[RankedSite]) -> Iterator[GroupRow]:
    """Yield sites by type, then by supplier; a site with two suppliers is in both."""
    for by, keys in (
        ("type", [((row.kind or told.NOT_KNOWN,), row) for row in rows]),
        ("supplier", [(row.suppliers or (told.NOT_KNOWN,), row) for row in rows]),
    ):
        for name in sorted({name for names, _ in keys for name in names}):
            yield _group(by, name, [row for names, row in keys if name in names])


def _group(by: str, name: str, rows: Sequence[RankedSite]) -> GroupRow:
    points = tuple(
        Point(row.site, _share(row.busy_share), _share(row.saturated_share), _share(row.delivered_share))
        for row in sorted(rows, key=lambda row: row.site)
    )
    return GroupRow(
        by,
        name,
        told.count(len(rows)),
        told.middle((one.busy_share for one in points), Unit.SHARE),
        told.middle((one.saturated_share for one in points), Unit.SHARE),
        told.middle((one.delivered_share for one in points), Unit.SHARE),
        points,
    )


def _share(one: Figure) -> float | None:
    return one.value if isinstance(one.value, float) else None


def causes(sites: Iterable[SiteRecord]) -> Iterator[CauseRow]:
    """Yield bad minutes of all circuits by cause, in the order of the rules; none where none was bad."""
    narrow = [line.narrow for site in sites for line in site.lines]
    bad, known = sum(one.bad for one in narrow), sum(one.known for one in narrow)
    for number, cause in enumerate(Cause, 1) if known else ():
        minutes = sum(dict(one.minutes)[cause] for one in narrow)
        share = figure(minutes / bad if bad else None, Unit.SHARE, n=bad)
        yield CauseRow(number, str(cause), WORDS[cause], Figure(minutes, Unit.MINUTES, n=known), share)


WORDS = {
    Cause.INSTRUMENT: "the box that measures was the limit: nothing is said of the line",
    Cause.LAN: "the site's own network, router or power",
    Cause.DEMAND: "the line was full with the site's own traffic",
    Cause.SUPPLIER: "the supplier's line, or a clean test below what was contracted",
    Cause.WIFI: "the site's Wi-Fi",
    Cause.FAR: "one service, or one way through the internet",
    Cause.NOT_DETERMINED: "no rule applies",
}
