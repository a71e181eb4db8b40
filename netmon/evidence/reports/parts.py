"""The numbered parts of a circuit's report, as printed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from netmon.evidence.attribution import Attribution
from netmon.evidence.before_after import Conclusion
from netmon.evidence.grade import Grade
from netmon.evidence.reports.figure import Figure
from netmon.evidence.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Contract:
    """The terms of some days; None: not known. Without any contract there is no such row."""

    KEY: ClassVar[tuple[str, ...]] = ("first",)
    first: date
    last: date
    document: str
    clause: str
    supplier: str | None
    supplier_ref: str | None
    product: str | None
    technology: str | None
    rate_layer: str


@dataclass(frozen=True, slots=True)
class Promise:
    """Contract v delivered: one promise, of some days.

    `tenth` is what nine of ten reached (for round trips and loss: did not exceed), `median` the middle one;
    None: there is one number for all minutes.
    `kept` is how far it was kept: the share of tests that reached it, or the availability. Where coverage is
    below 95 %, availability has no value: minutes and bounds are in `Availability`.
    """

    KEY: ClassVar[tuple[str, ...]] = ("name", "first")
    name: str
    """Such as "download" or "availability"."""
    rule: str
    """What is asked, in words: "nine tests of ten reach 90 % of the contracted rate"."""
    first: date
    last: date
    promised: Figure
    tenth: Figure | None
    median: Figure | None
    kept: Figure
    verdict: Verdict
    why: str
    claim_ready: bool | None
    """Whether tests and days are enough for a claim; None where no tests decide."""


@dataclass(frozen=True, slots=True)
class Availability:
    """Minutes of some days of one month under one contract (with none: as measured).

    `measured` has worst and best as its bounds; no value below 95 % coverage. `supplier_down` has the fewest
    and the most minutes that the supplier may answer for as bounds.
    """

    KEY: ClassVar[tuple[str, ...]] = ("first",)
    first: date
    last: date
    up: Figure
    supplier_down: Figure
    elsewhere: Figure
    unknown: Figure
    excluded: Figure
    measured: Figure
    contract: Figure
    service: Figure
    user_minutes_lost: Figure


@dataclass(frozen=True, slots=True)
class Use:
    """How full the line is. Rates are in bit/s, `busy_share` and `peak_share` of what was contracted."""

    billed: Figure
    billed_down: Figure
    billed_up: Figure
    busy_hour: Figure
    busy_share: Figure
    """95th percentile of the busy hour's five minutes, in the fuller direction."""
    busy_rate: Figure
    """The same towards the site, in bit/s."""
    peak_share: Figure
    """Mean of each day's busiest sixty minutes."""
    saturated: Figure
    saturated_share: Figure
    saturated_user_minutes: Figure
    required: Figure
    """The rate that the line should have; the note says by what, and whether it is a floor."""


class Claimable(StrEnum):
    """Whether an outage counts towards a claim."""

    YES = "yes"
    NO = "no"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class OutageRow:
    """One outage by both clocks, in minutes. `length` is known to a minute more or less."""

    KEY: ClassVar[tuple[str, ...]] = ("start",)
    start: datetime
    length: Figure
    attribution: Attribution
    ticket: str | None
    by_ticket: Figure
    """From the ticket to the end as measured."""
    by_supplier: Figure
    """From ticket to closing, as the supplier tells it."""
    counts: Figure
    """What the contract's clock shows, less what it stood still for."""
    claimable: Claimable
    why: str
    began_before: bool
    goes_on: bool


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One outcome of an upgrade. `change` has its interval; its unit is CHANGE, or the outcome's own."""

    KEY: ClassVar[tuple[str, ...]] = ("outcome",)
    outcome: str
    conclusion: Conclusion
    change: Figure
    worthwhile: Figure
    """The least change that matters in practice."""
    reaches_it: bool | None
    p_value: float | None
    primary: bool
    controlled: bool


@dataclass(frozen=True, slots=True)
class UpgradePanel:
    """Before and after one change. Without effects the warnings say what is missing."""

    KEY: ClassVar[tuple[str, ...]] = ("cutover", "circuit_before")
    cutover: date
    wave: str | None
    circuit_before: str
    circuit_after: str
    document: str
    cost: Figure
    weeks: Figure
    """Whole weeks that are compared on each side."""
    controls: tuple[str, ...]
    effects: tuple[EffectRow, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CauseRow:
    """Bad minutes that one rule explains. `rule` is its number in the order in which they are asked."""

    KEY: ClassVar[tuple[str, ...]] = ("rule",)
    rule: int
    cause: str
    words: str
    minutes: Figure
    share: Figure


@dataclass(frozen=True, slots=True)
class Tally:
    """So many of something, by a reason."""

    KEY: ClassVar[tuple[str, ...]] = ("reason",)
    reason: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class ExclusionRow:
    """Time that was asked to be left out: the minutes that it took out, and why not more."""

    KEY: ClassVar[tuple[str, ...]] = ("start", "reference")
    start: datetime
    end: datetime
    cause: str
    minutes: Figure
    reason: str
    agreed_by: str
    reference: str


@dataclass(frozen=True, slots=True)
class Quality:
    """What the figures rest on, and what was left out."""

    grade: Grade
    why: str
    """What stands in the way of a better grade; empty for A."""
    coverage: Figure
    clock: Figure
    """Share of rows whose clock was right."""
    unknown: tuple[Tally, ...]
    tests: tuple[Tally, ...]
    """By class: clean, corrected, inconclusive, invalid."""
    invalid: tuple[Tally, ...]
    exclusions: tuple[ExclusionRow, ...]
