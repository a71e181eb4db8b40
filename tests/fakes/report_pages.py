"""Finished reports to look at as pages: a usual month, an estate, and one whose every text is an attack."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from enum import Enum
from random import Random

from fakes.reports import CHANGED, full

from netmon.evidence.claim_ledger import Standing
from netmon.evidence.grade import Grade
from netmon.evidence.notice import Urgency
from netmon.evidence.reports import estate_model as model
from netmon.evidence.reports.figure import Figure, Unit
from netmon.evidence.reports.model import Reference, SiteReport
from netmon.evidence.reports.parts import CauseRow
from netmon.evidence.verdicts import Verdict

HOSTILE = "</style></title><script>alert('x')</script>\"><img src=x onerror=alert(1)>' {{ 7*7 }} \u202eevil"
FIRST, LAST = date(2025, 4, 1), date(2026, 3, 31)


def usual() -> SiteReport:
    """A site with one line whose contract did not change, in a month with two outages and no upgrade."""
    found = full()
    (line,) = found.circuits

    def kept(rows):
        return tuple(
            replace(row, first=date(2026, 3, 1)) for row in rows if row.first == CHANGED
        )  # fmt: skip

    marks = tuple(replace(mark, first=date(2026, 3, 1)) for mark in line.charts.marks if mark.last.day == 31)
    line = replace(
        line,
        contracts=kept(line.contracts),
        promises=kept(line.promises),
        availability=kept(line.availability),
        upgrades=(),
        charts=replace(line.charts, marks=marks),
        money=replace(line.money, prices=kept(line.money.prices), credits=line.money.credits[1:]),
    )
    return replace(found, circuits=(line,), revision=None)


def estate(sites: int = 40) -> model.EstateReport:
    """An estate of which a tenth is not known."""
    random = Random(7)
    ranked = tuple(_site(number, sites, random) for number in range(sites))
    return model.EstateReport(
        model.EstateHeader(
            FIRST, LAST, date(2026, 3, 1), date(2026, 4, 8), _count(sites), _count(sites + 6), 1,
            "netmon-edge 0.9.0",
        ),
        _counts(sites),
        model.Totals(
            _share(0.84, n=31, low=0.66, high=0.95), _share(0.91, n=31), _people(184_220, n=36),
            _pounds(18_240.5, n=41), _share(0.37),
        ),
        _league(),
        tuple(
            model.StandingRow(standing, _pounds(pounds), _count(months))
            for standing, pounds, months in (
                (Standing.CLAIMABLE, 412.3, 9), (Standing.CLAIMED, 120.0, 2), (Standing.RECEIVED, 312.75, 7),
                (Standing.TIME_BARRED, 58.1, 1), (Standing.NOT_KNOWN, None, 4),
            )
        ),
        tuple(
            model.PriceRow(
                product, technology, _count(n), _pounds(each, n=n), _each(each / rate, n=n),
                _each(each / rate * 1.1, n=n - 2), _each(each / rate * 2, n=n - 3),
            )
            for product, technology, n, each, rate in (
                ("FTTP 550/110", "fttp", 18, 107.0, 550), ("Ethernet 100", "leased", 12, 342.0, 100),
                ("FTTC 80/20", "fttc", 10, 48.0, 80),
            )
        ),
        tuple(
            model.QuarterRow(quarter, _count(n), _pounds(410.0 * n), _count(red), _count(n - red))
            for quarter, n, red in (("2026 Q2", 4, 4), ("2026 Q4", 9, 0), ("2027 Q1", 21, 0))
        ),
        ranked,
        _groups(ranked),
        tuple(
            model.WaveRow(
                "wave 2", outcome, _count(9), _count(6), _count(0), _count(2), _count(1),
                Figure(-0.41, Unit.CHANGE, n=9, low=-0.6, high=0.02),
            )
            for outcome in ("round trip under load, busy hour, p95", "delivered capacity")
        ),
        tuple(
            model.EstateUpgrade("lib-1", "lib-1", panel, Figure(0.37 if panel.effects else None, Unit.POUNDS))
            for panel in full().circuits[0].upgrades
        ),
        (
            CauseRow(3, "demand", "full with own traffic", _minutes(9_290), _share(0.6)),
            CauseRow(4, "supplier", "the line or the supplier's network", _minutes(6_155), _share(0.4)),
        ),
        (model.SharedRow("down", _count(21), _minutes(3_120), _minutes(47)),),
        tuple(
            model.ContractRow(
                f"site-{number}-1", f"site-{number}", "SupplierX", "FTTP 550/110", "fttp", "Order 17",
                _pounds(107.0), Figure("2026-06-30", Unit.DATE), Figure("2026-04-01", Unit.DATE),
                Figure(None, Unit.DATE), Figure(-7 + 30 * number, Unit.DAYS),
                (Urgency.RED, Urgency.AMBER, Urgency.GREEN, Urgency.NOT_KNOWN)[number % 4],
            )
            for number in range(8)
        ),
        tuple(
            model.ClaimRow(
                "site-3-1", f"2026-0{month}", "site-3", "SupplierX", "Order 17, 4.2", Standing.CLAIMABLE,
                _pounds(5.35), _pounds(None), _pounds(None), Figure("2026-04-30", Unit.DATE), (),
            )
            for month in (1, 2, 3)
        ),
        (model.Gap("site", "old-depot", "is in sites.csv, and nothing was measured there"),),
        (
            model.Excluded(
                "site-3-1", datetime(2026, 1, 5, 1, tzinfo=UTC), datetime(2026, 1, 5, 3, tzinfo=UTC),
                "planned", _minutes(120), "", "A. Officer", "CHG-3",
            ),
        ),
        (Reference("order of need", "by the busy hour's p95 share of the contracted rate"),),
        (Reference("delivered_90", "nine tests of ten reach 90 % of the contracted rate; netmon"),),
        (Reference("measurements", "InfluxDB"), Reference("contracts.csv", "46 rows")),
    )  # fmt: skip


def hostile(report):
    """Return a report of which every text is an attack; enumerations and figures of text included."""
    return _hostile(report)


def _hostile(value, name=""):
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return value if name == "direction" else HOSTILE
    if isinstance(value, tuple):
        return tuple(_hostile(one) for one in value)
    if isinstance(value, Figure):
        text = isinstance(value.value, str) and value.unit is Unit.WORDS
        return replace(value, note=HOSTILE, value=HOSTILE if text else value.value)
    if is_dataclass(value):
        return replace(
            value, **{one.name: _hostile(getattr(value, one.name), one.name) for one in fields(value)}
        )
    return value


def _count(value, **grounds):
    return Figure(value, Unit.COUNT, **grounds)


def _share(value, **grounds):
    return Figure(value, Unit.SHARE, **grounds)


def _pounds(value, **grounds):
    return Figure(value, Unit.POUNDS, **grounds)


def _each(value, **grounds):
    return Figure(value, Unit.POUNDS_PER_MEGABIT, **grounds)


def _minutes(value, **grounds):
    return Figure(value, Unit.MINUTES, **grounds)


def _people(value, **grounds):
    return Figure(value, Unit.USER_MINUTES, **grounds)


def _counts(sites):
    return tuple(
        model.CountRow(question, answer, _count(count, n=sites))
        for question, answers in (
            ("Bandwidth", (("needs more now", 6), ("within 12 months", 5), ("fine", 25), ("not known", 4))),
            ("Delivered as contracted", (("yes", 26), ("no", 5), ("not shown", 5), ("not known", 4))),
            ("Reliable as promised", (("yes", 21), ("no", 3), ("not shown", 12), ("not known", 4))),
        )
        for answer, count in answers
    )


def _league():
    rows = (("SupplierX", 1, 24, 0.99971), ("SupplierY", 2, 14, 0.99902), ("SupplierZ", None, 2, None))
    return tuple(
        model.LeagueRow(
            name, _count(place, low=place, high=place and 2), _count(lines),
            _share(share, n=lines * 500_000, low=share and share - 0.001, high=share, coverage=0.993),
            _minutes(130 * lines, low=120 * lines, high=160 * lines), _count(lines), _minutes(240),
            _share(0.8, n=lines), _share(0.9, n=lines),
        )
        for name, place, lines, share in rows
    )  # fmt: skip


def _site(number, sites, random):
    known = number < sites * 0.9
    busy = round(1.02 * (1 - number / sites), 3) if known else None
    kind = ("library", "museum", "depot", "school")[number % 4]
    verdict = (Verdict.FAIL, Verdict.NOT_SHOWN, Verdict.PASS, None)[min(number * 4 // sites, 3)]
    action = (
        "buy a larger line" if number < 6 else "nothing now" if known else "find out why nothing is known"
    )
    return model.RankedSite(
        _count(number + 1 if known else None, low=max(number - 2, 1), high=number + 5), f"site-{number}",
        f"{kind.title()} {number}" if number % 5 else None, kind, (f"site-{number}-1",),
        ("SupplierX" if number % 3 else "SupplierY",), _count(20 + number if number % 7 else None),
        _share(busy, n=264), _minutes(round(900 * busy**8) if known else None, n=13_920),
        _share(0.02 if known else None), Figure(785.7e6 if known else None, Unit.RATE),
        _people(round(random.random() * 9000) if known else None), _share(0.95 if known else None, n=207),
        verdict, _minutes(random.randrange(90) if known else None), verdict,
        Figure("demand" if known else None, note="61 % of its bad minutes" if known else ""),
        _pounds(107.0 if number % 9 else None), Figure("2027-03-31" if known else None, Unit.DATE),
        Figure("2026-12-31" if known else None, Unit.DATE), Grade.B if known else Grade.D, action,
        "busy hour over 80 %" if number < 6 else "", ("claim £5.35 by 30 April 2026",) if number == 3 else (),
    )  # fmt: skip


def _groups(ranked):
    rows = []
    for by, name in (("type", "library"), ("type", "museum"), ("type", "depot"), ("type", "school"),
                     ("supplier", "SupplierX"), ("supplier", "SupplierY")):  # fmt: skip
        some = [one for one in ranked if name in (one.kind, *one.suppliers)]
        points = tuple(
            model.Point(one.site, one.busy_share.value, one.saturated_share.value, one.delivered_share.value)
            for one in some
        )
        known = sorted(point.busy_share for point in points if point.busy_share is not None)
        middle = _share(known[len(known) // 2], n=len(known), low=known[0], high=known[-1])
        rows.append(model.GroupRow(by, name, _count(len(some)), middle, _share(0.02), _share(0.95), points))
    return tuple(rows)
