"""Reports as one HTML file that needs nothing else: no script, no picture, no font from anywhere."""

from __future__ import annotations

from pathlib import Path

from netmon.evidence.reports import estate_money_tables, estate_tables
from netmon.evidence.reports.charts_estate import GROUP_KEY, group_chart
from netmon.evidence.reports.estate_model import CountRow, EstateHeader, EstateReport
from netmon.evidence.reports.model import SiteReport
from netmon.evidence.reports.said import day_words, days_words, said
from netmon.evidence.reports.site_sections import about, answers, section
from netmon.evidence.reports.site_tables import causes, together
from netmon.evidence.reports.tables import Cell, Facts, number, text
from netmon.templates import Templates, csp_hash

_TEMPLATES = Path(__file__).parent / "templates"
_STYLE = "report.css"


def site_page(report: SiteReport) -> str:
    """Return the report of a site, or of one circuit."""
    header = report.header
    return _render(
        "site.html",
        title=header.name or header.site,
        period=days_words(header.first, header.last),
        facts=about(header),
        answers=answers(report.verdicts, several=len(report.circuits) > 1),
        together=together(report.together) if report.together else (),
        sections=[section(part) for part in report.circuits],
        sources=report.sources,
        revision=report.revision,
        method=header.method,
        software=header.software,
    )


def estate_page(report: EstateReport) -> str:
    """Return the report of an estate: counts, the ranked table, and what they rest on."""
    header, tables, money = report.header, estate_tables, estate_money_tables
    return _render(
        "estate.html",
        period=days_words(header.first, header.last),
        facts=_about(header),
        counts=_counts(report.counts),
        totals=tables.totals(report.totals),
        ranked=tables.ranked(report.sites),
        money=(money.standings(report.standings), money.quarters(report.quarters)),
        suppliers=(tables.league(report.league), money.prices(report.prices)),
        groups=tables.groups(report.groups),
        charts=[group_chart(row) for row in report.groups if row.points],
        key_of_groups=GROUP_KEY,
        changes=(tables.waves(report.waves), tables.upgrades(report.upgrades)),
        narrow=(causes(report.causes), tables.shared(report.shared)),
        appendix=(
            money.contracts(report.contracts),
            money.claims(report.claims),
            tables.exclusions(report.exclusions),
            tables.gaps(report.gaps),
        ),
        method=report.method,
        yardsticks=report.yardsticks,
        sources=report.sources,
        revision=report.revision,
        header=header,
    )


def _render(template: str, **values: object) -> str:
    templates = Templates(_TEMPLATES)
    style = csp_hash(templates.render(_STYLE).decode())
    return templates.render(template, style_hash=style, **values).decode()


def _about(header: EstateHeader) -> Facts:
    return (
        ("Sites", number(header.sites)),
        ("Lines", number(header.circuits)),
        ("Days", text(f"{day_words(header.first)} to {day_words(header.last)}, each site's own")),
        ("Use is of", text(days_words(header.use_first, header.last))),
        ("Known on", text(day_words(header.as_of))),
        ("Made by", text(f"{header.software}, method {header.method}")),
    )


def _counts(rows: tuple[CountRow, ...]) -> list[tuple[str, str, list[tuple[str, Cell]]]]:
    """Return each question, of how many it was asked, and its answers."""
    found: dict[str, list[CountRow]] = {}
    for row in rows:
        found.setdefault(row.question, []).append(row)
    return [
        (
            question,
            next((f"of {one.count.n:,}" for one in some if one.count.n is not None), ""),
            [(one.answer, Cell(said(one.count))) for one in some],
        )
        for question, some in found.items()
    ]
