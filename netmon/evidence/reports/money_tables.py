"""What one circuit costs, what may come back, and its dates, as words in cells."""

from __future__ import annotations

from collections.abc import Sequence

from netmon.evidence.reports.money import CreditRow, Dates, PriceRow
from netmon.evidence.reports.said import days_words
from netmon.evidence.reports.tables import Facts, Table, number, text, urgency


def prices(rows: Sequence[PriceRow]) -> Table:
    """Return what it costs."""
    return Table(
        "Price, without VAT",
        ("Days", "A month", "Per Mbit/s contracted", "Per Mbit/s delivered", "Per Mbit/s used", "Per user"),
        tuple(
            (
                text(days_words(row.first, row.last)),
                *(
                    number(one)
                    for one in (
                        row.monthly,
                        row.per_contracted,
                        row.per_delivered,
                        row.per_used,
                        row.per_user,
                    )
                ),
            )
            for row in rows
        ),
        "What it costs is not known.",
    )


def claims(rows: Sequence[CreditRow]) -> Table:
    """Return the ledger of claims."""
    return Table(
        "Possible credit, subject to contract",
        ("Month", "Stands", "Possible", "Claimed", "Received", "Claim by"),
        tuple(
            (
                text(row.period, *row.workings),
                text(row.standing.value, *row.references),
                *(number(one) for one in (row.possible, row.claimed, row.received, row.claim_by)),
            )
            for row in rows
        ),
        "Whether anything may be claimed is not known.",
    )


def dates(one: Dates | None) -> Facts:
    """Return until when something can be decided."""
    if one is None:
        return (("Contract ends", text(None)), ("Notice by", text(None)))
    return (
        ("Contract ends", number(one.ends)),
        ("Renewed so far", number(one.renewals)),
        ("Decide by", number(one.decide_by)),
        ("Notice by", number(one.notice_by)),
        ("Left until then", number(one.days_left)),
        ("Urgency", urgency(one.urgency)),
    )
