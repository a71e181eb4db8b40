"""A finished report of a site, or of one circuit: what is printed, free of how it was computed.

A circuit's report is a site's with one circuit. Parts without content are empty tuples or None: the page
leaves them out, with a sentence where a reader would miss them. `KEY` names the fields by which a row is
told from its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

from netmon.evidence.grade import Grade
from netmon.evidence.reports.figure import Figure
from netmon.evidence.reports.money import Money
from netmon.evidence.reports.parts import (
    Availability,
    CauseRow,
    Contract,
    OutageRow,
    Promise,
    Quality,
    UpgradePanel,
    Use,
)
from netmon.evidence.reports.series import Charts
from netmon.evidence.verdicts import Verdict


class Kind(StrEnum):
    """What a report is about."""

    SITE = "site"
    CIRCUIT = "circuit"


@dataclass(frozen=True, slots=True)
class Header:
    """Whose report it is, of which days (both included), and what it stands on.

    `as_of` is the day on which it is known what was claimed, and from which days are counted.
    `chain_root` is the site's root of the last sealed day of the period. None: not known.
    """

    kind: Kind
    site: str
    name: str | None
    site_kind: str | None
    uprn: str | None
    users: Figure
    service_hours: str | None
    first: date
    last: date
    timezone: str
    as_of: date
    grade: Grade
    chain_root: str | None
    method: int
    software: str


class Question(StrEnum):
    """What the verdict lines answer, in this order."""

    BANDWIDTH = "Is the bandwidth enough?"
    DELIVERED = "Is it delivered as contracted?"
    RELIABLE = "Is it reliable?"
    ACTION = "What is to be done, and by when?"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One answer for one circuit: words with their number and interval. `verdict` is None for what to do."""

    KEY: ClassVar[tuple[str, ...]] = ("question", "circuit")
    question: Question
    circuit: str
    verdict: Verdict | None
    words: str


@dataclass(frozen=True, slots=True)
class CircuitPart:
    """All of one circuit."""

    KEY: ClassVar[tuple[str, ...]] = ("circuit",)
    circuit: str
    contracts: tuple[Contract, ...]
    promises: tuple[Promise, ...]
    availability: tuple[Availability, ...]
    use: Use
    charts: Charts
    outages: tuple[OutageRow, ...]
    upgrades: tuple[UpgradePanel, ...]
    money: Money
    bottleneck: tuple[CauseRow, ...]
    quality: Quality


@dataclass(frozen=True, slots=True)
class Together:
    """What people had on a site with several circuits: up where one of them was, whoever was at fault.

    `measured` has worst and best as its bounds; no value below 95 % coverage. `service`: in service hours.
    """

    down: Figure
    unknown: Figure
    measured: Figure
    service: Figure
    user_minutes_lost: Figure


@dataclass(frozen=True, slots=True)
class Reference:
    """Where something is written, or came from."""

    KEY: ClassVar[tuple[str, ...]] = ("name",)
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Change:
    """A figure that differs from the revision before; None: it was not there, or not known."""

    KEY: ClassVar[tuple[str, ...]] = ("place",)
    place: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Revision:
    """An issued period: its number, and what differs from the one before."""

    number: int
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class SiteReport:
    """A finished report. `together` is None with one circuit, `revision` while it was not issued."""

    header: Header
    verdicts: tuple[Sentence, ...]
    together: Together | None
    circuits: tuple[CircuitPart, ...]
    sources: tuple[Reference, ...]
    revision: Revision | None = None
