"""Money of the estate as printed: credits, prices, and contracts by their ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from netmon.evidence.claim_ledger import Standing
from netmon.evidence.notice import Urgency
from netmon.evidence.reports.figure import Figure


@dataclass(frozen=True, slots=True)
class StandingRow:
    """Credits by where they stand: possible, subject to contract; claimed; received; time-barred."""

    KEY: ClassVar[tuple[str, ...]] = ("standing",)
    standing: Standing
    pounds: Figure
    months: Figure


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """One month of one circuit: possible credit, subject to contract, and what became of it."""

    KEY: ClassVar[tuple[str, ...]] = ("circuit", "period")
    circuit: str
    period: str
    site: str | None
    supplier: str | None
    clause: str | None
    standing: Standing
    possible: Figure
    claimed: Figure
    received: Figure
    claim_by: Figure
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PriceRow:
    """Medians over the circuits of one product and technology; `n` of each is how many are known."""

    KEY: ClassVar[tuple[str, ...]] = ("product", "technology")
    product: str
    technology: str
    circuits: Figure
    monthly: Figure
    per_contracted: Figure
    per_delivered: Figure
    per_used: Figure


@dataclass(frozen=True, slots=True)
class QuarterRow:
    """Contracts that end in one quarter, such as "2027 Q1"; "not known" is one of them."""

    KEY: ClassVar[tuple[str, ...]] = ("quarter",)
    quarter: str
    contracts: Figure
    monthly: Figure
    red: Figure
    amber: Figure


@dataclass(frozen=True, slots=True)
class ContractRow:
    """One circuit's contract at the end of the period: when it ends, and by when to act."""

    KEY: ClassVar[tuple[str, ...]] = ("circuit",)
    circuit: str
    site: str | None
    supplier: str | None
    product: str | None
    technology: str | None
    document: str
    monthly: Figure
    ends: Figure
    notice_by: Figure
    decide_by: Figure
    days_left: Figure
    urgency: Urgency
