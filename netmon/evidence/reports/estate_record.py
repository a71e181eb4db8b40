"""What the estate keeps of a circuit and of a site once their minutes are read: a few numbers each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netmon.evidence.account import Account
from netmon.evidence.admitted import Ruling
from netmon.evidence.bottleneck import Bottleneck
from netmon.evidence.busy_hour import BusyHour
from netmon.evidence.grade import Grade
from netmon.evidence.inputs.sites import SiteRow
from netmon.evidence.inputs.terms import Terms
from netmon.evidence.price import Price
from netmon.evidence.reports.estate_months import Due
from netmon.evidence.saturation import Required
from netmon.evidence.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class SupplierPart:
    """What one supplier answers for of a circuit's days; "": no contract says who it is."""

    supplier: str
    account: Account
    down_bounds: tuple[int, int]
    outages: int
    longest: int
    kept: Verdict | None
    """Whether availability was kept in every whole month; None: none was promised, or there is none."""
    delivered: Verdict | None


@dataclass(frozen=True, slots=True)
class Tested:
    """Tests towards the site, each against the contract of its day. Rates are in bit/s; None: no tests."""

    tests: int
    fails: int
    p20: float | None
    four_of_five: float | None
    """Share of the contracted rate that four tests of five reached."""
    enough: bool
    """There are as many as a claim takes."""


@dataclass(frozen=True, slots=True)
class Fullness:
    """Service minutes in which the line was full, of those known, of all. `hides`: see `Saturation`."""

    minutes: int
    known: int
    served: int
    hides: bool | None

    @property
    def share(self) -> float | None:
        """Share of the known minutes; None: none is known."""
        return self.minutes / self.known if self.known else None


@dataclass(frozen=True, slots=True)
class LineRecord:
    """All that is kept of one circuit. `terms` are those of the period's last day; None: no contract."""

    circuit: str
    terms: Terms | None
    parts: tuple[SupplierPart, ...]
    tested: Tested
    busy: BusyHour
    """Of the fuller direction at the end of the period, as a share of what was contracted."""
    full: Fullness
    required: Required
    price: Price | None
    """None: no contract."""
    narrow: Bottleneck
    dues: tuple[Due, ...]
    rulings: tuple[Ruling, ...]
    grade: Grade

    @property
    def account(self) -> Account:
        """The minutes of all suppliers."""
        return sum((part.account for part in self.parts), Account())


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """One site with the circuits that were measured. `row` None: the files do not know it.

    `lost` are user-minutes lost while all circuits were down, and the most that may have been, as if what is
    not known had been down; None: it is not known how many users it has.
    `troubles` are packed masks of minutes by kind of trouble, all of the same stretch.
    """

    site: str
    row: SiteRow | None
    lines: tuple[LineRecord, ...]
    lost: tuple[int, int] | None
    troubles: Mapping[str, bytes]
