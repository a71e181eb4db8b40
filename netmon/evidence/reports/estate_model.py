"""A finished report of the estate: what is printed, free of how it was computed.

Tables without rows are empty: the page says in a sentence what a reader would miss. Need scores, forecasts,
life cycle, carbon and open data will be further tables and columns of the same kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from netmon.evidence.grade import Grade
from netmon.evidence.reports.estate_money_rows import (
    ClaimRow,
    ContractRow,
    PriceRow,
    QuarterRow,
    StandingRow,
)
from netmon.evidence.reports.figure import Figure
from netmon.evidence.reports.model import Reference, Revision
from netmon.evidence.reports.parts import CauseRow, UpgradePanel
from netmon.evidence.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class EstateHeader:
    """Which days the report is of (both included, each site's own days), and what it stands on.

    `use_first` is the first of the days whose busy hour is "now": the last month's worth of the period.
    """

    first: date
    last: date
    use_first: date
    as_of: date
    sites: Figure
    circuits: Figure
    method: int
    software: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the estate; `n` is of how many sites or circuits each is known."""

    delivered_share: Figure
    """Circuits shown to be delivered as contracted, of those shown either way."""
    four_of_five: Figure
    """Share of the contracted rate that four circuits of five reached four times of five."""
    user_minutes_lost: Figure
    monthly: Figure
    recovered: Figure
    """Share of all credit that was possible that came."""


@dataclass(frozen=True, slots=True)
class CountRow:
    """How many sites or circuits have one answer to one question. `count.n` is how many were asked."""

    KEY: ClassVar[tuple[str, ...]] = ("question", "answer")
    question: str
    answer: str
    count: Figure


@dataclass(frozen=True, slots=True)
class LeagueRow:
    """One supplier. `place` has no value where too little was seen; its bounds are the places it may have.

    `availability` is of all its circuits' minutes within their contracts' hours, with worst and best as
    bounds. `down` has the fewest and the most minutes that it may answer for.
    """

    KEY: ClassVar[tuple[str, ...]] = ("supplier",)
    supplier: str
    place: Figure
    circuits: Figure
    availability: Figure
    down: Figure
    outages: Figure
    longest: Figure
    kept: Figure
    """Share of the circuits with a promised availability that were shown to keep it in every month."""
    delivered: Figure
    """Share of the circuits shown either way that were delivered as contracted."""


@dataclass(frozen=True, slots=True)
class RankedSite:
    """One site. `rank` has no value where too little of its use was seen.

    Of several circuits, use and saturation are the fullest one's, supplier's minutes and pounds are sums;
    user-minutes were lost while all of them were down. Verdicts: None, nothing was promised, or no contract.
    """

    KEY: ClassVar[tuple[str, ...]] = ("site",)
    rank: Figure
    site: str
    name: str | None
    kind: str | None
    circuits: tuple[str, ...]
    suppliers: tuple[str, ...]
    users: Figure
    busy_share: Figure
    saturated: Figure
    """Service minutes; as every user has them, also the congested user-minutes per user."""
    saturated_share: Figure
    required: Figure
    user_minutes_lost: Figure
    delivered_share: Figure
    delivered: Verdict | None
    supplier_down: Figure
    available: Verdict | None
    narrow: Figure
    """Where most of its bad minutes were, with their share in the note."""
    monthly: Figure
    ends: Figure
    notice_by: Figure
    grade: Grade
    action: str
    reason: str
    also: tuple[str, ...]
    """What else is to be done, with reasons."""


@dataclass(frozen=True, slots=True)
class Point:
    """One site in a small chart; shares are None where not known."""

    KEY: ClassVar[tuple[str, ...]] = ("site",)
    site: str
    busy_share: float | None
    saturated_share: float | None
    delivered_share: float | None


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Sites of one type, or with lines of one supplier: medians over sites, with the least and the most."""

    KEY: ClassVar[tuple[str, ...]] = ("by", "group")
    by: str
    """ "type" or "supplier"."""
    group: str
    sites: Figure
    busy_share: Figure
    saturated_share: Figure
    delivered_share: Figure
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class SharedRow:
    """One kind of trouble, by how many sites had it in the same minute."""

    KEY: ClassVar[tuple[str, ...]] = ("trouble",)
    trouble: str
    sites: Figure
    """Sites that had it at all."""
    alone: Figure
    """Site-minutes in which fewer than three sites had it."""
    together: Figure
    """Minutes in which three sites or more had it: its cause is beyond each of them."""


@dataclass(frozen=True, slots=True)
class WaveRow:
    """One outcome over the upgrades of one wave: how many changed which way, and the middle change.

    `change` has the least and the most of the sites' changes as its bounds.
    """

    KEY: ClassVar[tuple[str, ...]] = ("wave", "outcome")
    wave: str
    outcome: str
    upgrades: Figure
    better: Figure
    worse: Figure
    not_shown: Figure
    """No change shown, or not conclusive."""
    too_little: Figure
    change: Figure


@dataclass(frozen=True, slots=True)
class EstateUpgrade:
    """One site's upgrade, and what a congested user-minute that it removed came to."""

    KEY: ClassVar[tuple[str, ...]] = ("site", "circuit")
    site: str
    circuit: str
    panel: UpgradePanel
    per_user_minute: Figure
    """Pounds by congested user-minutes that are gone each service day; no value unless it was shown."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something of which one side knows and the other does not."""

    KEY: ClassVar[tuple[str, ...]] = ("thing", "name")
    thing: str
    """ "site", "circuit" or "upgrade"."""
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Excluded:
    """Time of a circuit that was asked to be left out."""

    KEY: ClassVar[tuple[str, ...]] = ("circuit", "start", "reference")
    circuit: str
    start: datetime
    end: datetime
    cause: str
    minutes: Figure
    reason: str
    agreed_by: str
    reference: str


@dataclass(frozen=True, slots=True)
class EstateReport:
    """A finished report: counts first, then the ranked table, then what it rests on."""

    header: EstateHeader
    counts: tuple[CountRow, ...]
    totals: Totals
    league: tuple[LeagueRow, ...]
    standings: tuple[StandingRow, ...]
    prices: tuple[PriceRow, ...]
    quarters: tuple[QuarterRow, ...]
    sites: tuple[RankedSite, ...]
    groups: tuple[GroupRow, ...]
    waves: tuple[WaveRow, ...]
    upgrades: tuple[EstateUpgrade, ...]
    causes: tuple[CauseRow, ...]
    shared: tuple[SharedRow, ...]
    contracts: tuple[ContractRow, ...]
    claims: tuple[ClaimRow, ...]
    gaps: tuple[Gap, ...]
    exclusions: tuple[Excluded, ...]
    method: tuple[Reference, ...]
    yardsticks: tuple[Reference, ...]
    sources: tuple[Reference, ...]
    revision: Revision | None = None
