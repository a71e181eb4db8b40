"""The tables of an estate, from the report's rows to words in cells."""

from __future__ import annotations

from collections.abc import Sequence

from netmon import wording as human
from netmon.evidence.reports.estate_model import (
    EstateUpgrade,
    Excluded,
    Gap,
    GroupRow,
    LeagueRow,
    RankedSite,
    SharedRow,
    Totals,
    WaveRow,
)
from netmon.evidence.reports.said import day_words, moment_words, whole
from netmon.evidence.reports.tables import Facts, Table, listed, number, text, verdict


def totals(one: Totals) -> Facts:
    """Return the sums."""
    return (
        ("Lines shown to be delivered as contracted", number(one.delivered_share, "lines")),
        ("Four lines of five reach, four times of five", number(one.four_of_five, "lines")),
        ("People lost", number(one.user_minutes_lost, "sites")),
        ("Cost a month", number(one.monthly, "lines")),
        ("Of possible credit, received", number(one.recovered)),
    )


def ranked(rows: Sequence[RankedSite]) -> Table:
    """Return the sites in order of need."""
    return Table(
        "Sites in order of need",
        (
            "Rank", "Site", "Busy hour (p95)", "Full in opening hours", "Line needed", "Delivered",
            "Down, supplier", "People lost", "Narrow at", "A month", "Contract ends", "What to do", "Quality",
        ),
        tuple(
            (
                number(row.rank, "sites"),
                text(row.name or row.site, _place(row)),
                number(row.busy_share, "days"),
                number(row.saturated, "minutes", whole(row.saturated_share, "minutes")),
                number(row.required),
                verdict(row.delivered, whole(row.delivered_share, "tests")),
                verdict(row.available, whole(row.supplier_down, "minutes")),
                number(row.user_minutes_lost),
                number(row.narrow),
                number(row.monthly),
                text(whole(row.ends), f"notice by {whole(row.notice_by)}"),
                text(row.action, "; ".join(one for one in (row.reason, *row.also) if one)),
                text(row.grade.value),
            )
            for row in rows
        ),
        "No site is known.",
        head=1,
    )  # fmt: skip


def _place(row: RankedSite) -> str:
    kind = row.kind or f"type {human.UNKNOWN}"
    return f"{row.site}: {kind}, users {whole(row.users)}; {listed(row.circuits)}; {listed(row.suppliers)}"


def league(rows: Sequence[LeagueRow]) -> Table:
    """Return the suppliers by availability."""
    return Table(
        "Suppliers, by availability",
        ("Supplier", "Place", "Lines", "Availability", "Down", "Outages", "Longest", "Kept every month",
         "Delivered"),
        tuple(
            (
                text(row.supplier),
                number(row.place, "suppliers"),
                number(row.circuits),
                number(row.availability, "minutes"),
                number(row.down, "minutes"),
                *(number(one) for one in (row.outages, row.longest)),
                number(row.kept, "lines"),
                number(row.delivered, "lines"),
            )
            for row in rows
        ),
        "No supplier is known.",
    )  # fmt: skip


def groups(rows: Sequence[GroupRow]) -> Table:
    """Return medians by type and by supplier."""
    return Table(
        "By type of site, and by supplier: middle of the sites, least and most",
        ("Group", "By", "Sites", "Busy hour (p95)", "Full", "Delivered"),
        tuple(
            (
                text(row.group),
                text(row.by),
                number(row.sites),
                *(number(one, "sites") for one in (row.busy_share, row.saturated_share, row.delivered_share)),
            )
            for row in rows
        ),
        "Nothing is known of types and suppliers.",
    )


def waves(rows: Sequence[WaveRow]) -> Table:
    """Return what waves of upgrades changed."""
    return Table(
        "Waves of upgrades",
        (
            "Wave",
            "Outcome",
            "Upgrades",
            "Better",
            "Worse",
            "Not shown",
            "Too little history",
            "Middle change",
        ),
        tuple(
            (
                text(row.wave),
                text(row.outcome),
                *(
                    number(one)
                    for one in (
                        row.upgrades,
                        row.better,
                        row.worse,
                        row.not_shown,
                        row.too_little,
                        row.change,
                    )
                ),
            )
            for row in rows
        ),
        "No effect of a wave of upgrades can be told yet.",
    )


def upgrades(rows: Sequence[EstateUpgrade]) -> Table:
    """Return each upgrade and what it did."""
    return Table(
        "Upgrades",
        ("Site", "Changed", "Cost", "What it did", "Pounds by congested user-minute removed", "Note"),
        tuple(
            (
                text(row.site, row.circuit),
                text(day_words(row.panel.cutover), row.panel.wave or "", f"weeks {whole(row.panel.weeks)}"),
                number(row.panel.cost),
                text(
                    "; ".join(
                        f"{one.outcome}: {one.conclusion.value}, {whole(one.change, 'days')},"
                        f" matters from {whole(one.worthwhile)}"
                        for one in row.panel.effects
                    )
                    or "not shown yet"
                ),
                number(row.per_user_minute),
                text("; ".join(row.panel.warnings) or "none"),
            )
            for row in rows
        ),
        "No upgrade is known.",
    )


def shared(rows: Sequence[SharedRow]) -> Table:
    """Return trouble that sites had alone, and together."""
    return Table(
        "Alone, or three sites and more at once",
        ("Trouble", "Sites that had it", "Alone, site-minutes", "Together, minutes"),
        tuple(
            (text(row.trouble), *(number(one) for one in (row.sites, row.alone, row.together)))
            for row in rows
        ),
        "Whether sites had trouble at the same time is not known.",
    )


def gaps(rows: Sequence[Gap]) -> Table:
    """Return what one side knows and the other does not."""
    return Table(
        "Known to one side only",
        ("Name", "What", "Gap"),
        tuple((text(row.name), text(row.thing), text(row.words)) for row in rows),
        "Measurements and files know the same sites and lines.",
    )


def exclusions(rows: Sequence[Excluded]) -> Table:
    """Return what was asked to be left out."""
    return Table(
        "Left out by agreement",
        ("Line", "From", "To", "Cause", "Took out", "Agreed by"),
        tuple(
            (
                text(row.circuit),
                text(moment_words(row.start)),
                text(moment_words(row.end)),
                text(row.cause, row.reason),
                number(row.minutes),
                text(row.agreed_by, row.reference),
            )
            for row in rows
        ),
        "Nothing was asked to be left out.",
    )
