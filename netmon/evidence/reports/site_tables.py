"""The tables of one circuit, from the report's rows to words in cells."""

from __future__ import annotations

from collections.abc import Sequence

from netmon import wording as human
from netmon.evidence.reports.figure import Figure
from netmon.evidence.reports.model import CircuitPart, Together
from netmon.evidence.reports.parts import (
    Availability,
    CauseRow,
    EffectRow,
    ExclusionRow,
    OutageRow,
    Promise,
    Quality,
    Tally,
    Use,
)
from netmon.evidence.reports.promises import title_of
from netmon.evidence.reports.said import days_words, grounds, moment_words, said, whole
from netmon.evidence.reports.tables import Cell, Facts, Table, listed, number, text, verdict

_ATTRIBUTIONS = {"council_lan": "the site's own network", "appliance": "the measuring box"}


def promises(rows: Sequence[Promise]) -> Table:
    """Return contract v delivered."""
    several = len({row.first for row in rows}) > 1
    return Table(
        "What was promised, and what came",
        ("Promise", "Promised", "Nine of ten", "Middle", "Kept", "Verdict"),
        tuple(
            (
                text(title_of(row), row.rule, days_words(row.first, row.last) if several else ""),
                number(row.promised),
                *(
                    number(one, "minutes" if row.claim_ready is None else "tests") if one else text("\u2013")
                    for one in (row.tenth, row.median, row.kept)
                ),
                verdict(row.verdict, row.why, "enough tests for a claim" if row.claim_ready else ""),
            )
            for row in rows
        ),
        "What was promised is not known: there is no contract for these days.",
    )


def availability(rows: Sequence[Availability]) -> Table:
    """Return minutes and shares, by the contract that held."""
    return Table(
        "Availability",
        (
            "Days",
            "Measured",
            "In opening hours",
            "By the contract",
            "Up",
            "Down, supplier",
            "Down, others",
            "Not known",
            "Excluded",
            "People lost",
        ),
        tuple(
            (
                text(days_words(row.first, row.last)),
                *(number(one, "minutes") for one in (row.measured, row.service, row.contract)),
                *(
                    number(one)
                    for one in (row.up, row.supplier_down, row.elsewhere, row.unknown, row.excluded)
                ),
                number(row.user_minutes_lost),
            )
            for row in rows
        ),
        "Nothing is known of these days.",
    )


def outages(rows: Sequence[OutageRow]) -> Table:
    """Return the outages by both clocks."""
    return Table(
        "Outages, by our clock and by the ticket's",
        ("Began", "Lasted", "Answers for it", "Ticket", "Contract's clock", "Counts for a claim"),
        tuple(
            (
                text(moment_words(row.start), "began before the period" if row.began_before else "",
                     "goes on after it" if row.goes_on else ""),
                number(row.length),
                text(_ATTRIBUTIONS.get(row.attribution.value, row.attribution.value)),
                _ticket(row),
                number(row.counts) if row.counts.note != row.by_ticket.note else text(said(row.counts)),
                text(row.claimable.value, row.why),
            )
            for row in rows
        ),
        "No outage of two minutes or more was seen, as far as the minutes are known.",
    )  # fmt: skip


def _ticket(row: OutageRow) -> Cell:
    """Return the ticket with its times; without one, why there are none."""
    if row.ticket is None:
        return text("none", row.by_ticket.note or f"its clock is {said(row.by_ticket)}")
    return text(
        row.ticket, f"from it to the end {whole(row.by_ticket)}", f"as closed {whole(row.by_supplier)}"
    )


def use(one: Use) -> Facts:
    """Return how full the line is, in figures."""
    five = "five-minute samples"
    return (
        ("Busy hour", number(one.busy_hour, "days")),
        (
            "Use in it (p95)",
            number(one.busy_share, "days", f"download {_beside(one.busy_rate, one.busy_share)}"),
        ),
        ("Mean of daily peak hours", number(one.peak_share, "days")),
        (
            "Full in opening hours",
            number(
                one.saturated, "minutes", _beside(one.saturated_share, one.saturated),
                f"slowed by it: {_beside(one.saturated_user_minutes, one.saturated)}",
            ),
        ),
        ("Line that is needed", number(one.required)),
        (
            "Billing percentile (95th)",
            number(
                one.billed, five,
                f"down {_beside(one.billed_down, one.billed)}, up {_beside(one.billed_up, one.billed)}",
            ),
        ),
    )  # fmt: skip


def _beside(one: Figure, other: Figure) -> str:
    """Return a figure that stands beside another: what both rest on is not said twice."""
    return said(one) if grounds(one) in ("", grounds(other)) else whole(one)


def together(one: Together) -> Facts:
    """Return what people had of all circuits."""
    return (
        ("Availability, any line", number(one.measured, "minutes")),
        ("In opening hours", number(one.service, "minutes")),
        ("All lines down", number(one.down)),
        ("Not known", number(one.unknown)),
        ("People lost", number(one.user_minutes_lost)),
    )


def effects(rows: Sequence[EffectRow]) -> Table:
    """Return what an upgrade changed."""
    return Table(
        "Before and after",
        ("Outcome", "Change", "Matters from", "Conclusion", "Chance (p)", "Controls"),
        tuple(
            (
                text(row.outcome, "declared beforehand" if row.primary else "explored, decides nothing"),
                number(row.change, "days"),
                number(row.worthwhile),
                text(row.conclusion.value, {True: "large enough to matter", False: "too small to matter"}.get(
                    row.reaches_it, "") if row.reaches_it is not None else ""),
                text("none" if row.p_value is None else f"{row.p_value:.2g}"),
                text("taken off" if row.controlled else "none"),
            )
            for row in rows
        ),
        "No effect can be shown yet.",
    )  # fmt: skip


def causes(rows: Sequence[CauseRow]) -> Table:
    """Return where it was narrow."""
    return Table(
        "Where it was narrow: bad minutes by cause",
        ("Cause", "Rule", "Minutes", "Share"),
        tuple(
            (
                text(row.cause, row.words),
                text(str(row.rule)),
                number(row.minutes),
                number(row.share, "bad minutes"),
            )
            for row in rows
        ),
        "No bad minute in opening hours, or none that could be told.",
    )


def exclusions(rows: Sequence[ExclusionRow]) -> Table:
    """Return what was asked to be left out."""
    return Table(
        "Left out by agreement",
        ("From", "To", "Cause", "Took out", "Agreed by"),
        tuple(
            (
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


def quality(one: Quality) -> Facts:
    """Return what the figures rest on."""
    return (
        ("Seen", number(one.coverage, "minutes")),
        ("Clock was right", number(one.clock)),
        ("Not known, by cause", text(_tallies(one.unknown))),
        ("Tests", text(_tallies(one.tests))),
        ("Invalid tests, by reason", text(_tallies(one.invalid))),
    )


def _tallies(rows: Sequence[Tally]) -> str:
    return listed([f"{row.reason} {whole(row.figure)}" for row in rows])


def contract_words(part: CircuitPart) -> list[str]:
    """Return the contracts of a circuit, one line each."""
    return [
        f"{row.product or 'product ' + human.UNKNOWN} from {row.supplier or 'supplier ' + human.UNKNOWN}"
        f" (reference {row.supplier_ref or human.UNKNOWN}), {days_words(row.first, row.last)}:"
        f" {row.document}, {row.clause}; rates count layer {row.rate_layer}"
        for row in part.contracts
    ]
