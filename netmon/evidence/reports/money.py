"""What a circuit costs, what may come back, and until when something can be decided, as printed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from netmon.evidence.claim_ledger import Standing
from netmon.evidence.notice import Urgency
from netmon.evidence.reports.figure import Figure


@dataclass(frozen=True, slots=True)
class PriceRow:
    """What some days' contract costs a month, and that for each Mbit/s, and each user."""

    KEY: ClassVar[tuple[str, ...]] = ("first",)
    first: date
    last: date
    monthly: Figure
    per_contracted: Figure
    per_delivered: Figure
    per_used: Figure
    per_user: Figure


@dataclass(frozen=True, slots=True)
class CreditRow:
    """One month of the ledger: possible credit, subject to contract, and what became of it."""

    KEY: ClassVar[tuple[str, ...]] = ("period",)
    period: str
    standing: Standing
    possible: Figure
    claimed: Figure
    received: Figure
    claim_by: Figure
    references: tuple[str, ...]
    workings: tuple[str, ...]
    """The arithmetic in words, with its clause."""


@dataclass(frozen=True, slots=True)
class Dates:
    """When to decide about the contract, and by when to give notice."""

    ends: Figure
    renewals: Figure
    decide_by: Figure
    notice_by: Figure
    days_left: Figure
    urgency: Urgency


@dataclass(frozen=True, slots=True)
class Money:
    """What it costs, what may come back, and until when something can be decided."""

    prices: tuple[PriceRow, ...]
    credits: tuple[CreditRow, ...]
    dates: Dates | None
    """None: no contract is known."""
