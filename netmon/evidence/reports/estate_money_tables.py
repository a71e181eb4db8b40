"""Credit, prices and contracts of an estate, as words in cells."""

from __future__ import annotations

from collections.abc import Sequence

from netmon.evidence.claim_ledger import Standing
from netmon.evidence.reports.estate_money_rows import ClaimRow, ContractRow, PriceRow, QuarterRow, StandingRow
from netmon.evidence.reports.tables import Table, number, text, urgency


def standings(rows: Sequence[StandingRow]) -> Table:
    """Return credits by where they stand."""
    return Table(
        "Credit, subject to contract",
        ("Stands", "Pounds", "Months of lines"),
        tuple((text(row.standing.value), number(row.pounds), number(row.months)) for row in rows),
        "Whether anything may be claimed is not known.",
    )


def claims(rows: Sequence[ClaimRow]) -> Table:
    """Return the ledger, without the months in which nothing is due: they would bury the others."""
    return Table(
        "Possible credit by line and month, subject to contract; months with nothing due are left out",
        ("Line", "Month", "Supplier", "Stands", "Possible", "Claimed", "Received", "Claim by"),
        tuple(
            (
                text(row.circuit, row.site or ""),
                text(row.period),
                text(row.supplier, row.clause or ""),
                text(row.standing.value, *row.references),
                *(number(one) for one in (row.possible, row.claimed, row.received, row.claim_by)),
            )
            for row in rows
            if row.standing is not Standing.NOTHING
        ),
        "There is nothing to claim, or it is not known.",
    )


def prices(rows: Sequence[PriceRow]) -> Table:
    """Return what lines cost, by product."""
    return Table(
        "Price by product, middle of its lines, without VAT",
        ("Product", "Technology", "Lines", "A month", "Per Mbit/s contracted", "Per Mbit/s delivered",
         "Per Mbit/s used"),
        tuple(
            (
                text(row.product),
                text(row.technology),
                number(row.circuits),
                *(
                    number(one, "lines")
                    for one in (row.monthly, row.per_contracted, row.per_delivered, row.per_used)
                ),
            )
            for row in rows
        ),
        "What the lines cost is not known.",
    )  # fmt: skip


def quarters(rows: Sequence[QuarterRow]) -> Table:
    """Return how many contracts end when."""
    return Table(
        "Contracts by the quarter in which they end",
        ("Quarter", "Contracts", "A month", "Act now", "Decide soon"),
        tuple(
            (
                text(row.quarter),
                *(number(one) for one in (row.contracts, row.monthly, row.red, row.amber)),
            )
            for row in rows
        ),
        "When contracts end is not known.",
    )


def contracts(rows: Sequence[ContractRow]) -> Table:
    """Return each line's contract, and by when to act."""
    return Table(
        "Contracts, and by when to act",
        ("Line", "Supplier", "Product", "A month", "Ends", "Notice by", "Decide by", "Left", "Urgency"),
        tuple(
            (
                text(row.circuit, row.site or "", row.document),
                text(row.supplier),
                text(row.product, row.technology or ""),
                *(
                    number(one)
                    for one in (row.monthly, row.ends, row.notice_by, row.decide_by, row.days_left)
                ),
                urgency(row.urgency),
            )
            for row in rows
        ),
        "No contract is known.",
    )
