"""What the charts of a report show. None is not known: a gap in a line, a hatched cell, never 0."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from netmon.evidence.reports.figure import Figure


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One hour of the week. `p95` is a share of the contracted rate, over `minutes` known minutes.

    `weekday` is 0 for Monday. `serving`: within service hours, and outlined.
    """

    KEY: ClassVar[tuple[str, ...]] = ("weekday", "hour")
    weekday: int
    hour: int
    p95: float | None
    minutes: int
    serving: bool


@dataclass(frozen=True, slots=True)
class Week:
    """The busy hour of one week (its Monday, or the period's first day): a share of the contracted rate."""

    KEY: ClassVar[tuple[str, ...]] = ("first",)
    first: date
    busy_hour_p95: float | None
    days: int
    """Days of the week that were measured."""


class DotClass(StrEnum):
    """What a test is worth."""

    CLEAN = "clean"
    CORRECTED = "corrected"
    """What others carried meanwhile was added."""
    INCONCLUSIVE = "inconclusive"
    """Below the contracted threshold, while others used more than a tenth of the line."""
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Dot:
    """One test. `hour` is the place's own time with its fraction, 0 to 24. The rate is None if invalid."""

    KEY: ClassVar[tuple[str, ...]] = ("at", "direction", "method")
    at: datetime
    hour: float
    direction: str
    method: str
    kind: DotClass
    bits_per_second: float | None
    why: str = ""
    """Why it is invalid."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A horizontal line beside the dots of one direction: what was contracted, or the minimum, in bit/s.

    It holds from `first` to `last`: a contract that changes within the period has two.
    """

    KEY: ClassVar[tuple[str, ...]] = ("direction", "name", "first")
    direction: str
    name: str
    first: date
    last: date
    bits_per_second: float


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """Round trips while the line was idle, or loaded, in seconds."""

    KEY: ClassVar[tuple[str, ...]] = ("load",)
    load: str
    """ "idle" or "loaded", with what that means in words in the figures' notes."""
    p50: Figure
    p95: Figure


class StripState(StrEnum):
    """What a stretch of minutes was."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"
    PLANNED = "planned"
    """Excluded by the contract, whatever it was."""


@dataclass(frozen=True, slots=True)
class StripRun:
    """Minutes of one day in a row; `start` counts from the day's midnight."""

    KEY: ClassVar[tuple[str, ...]] = ("start",)
    start: int
    minutes: int
    state: StripState


@dataclass(frozen=True, slots=True)
class StripDay:
    """One day of the outage strip; a day has 1380, 1440 or 1500 minutes."""

    KEY: ClassVar[tuple[str, ...]] = ("day",)
    day: date
    minutes: int
    runs: tuple[StripRun, ...]


@dataclass(frozen=True, slots=True)
class Charts:
    """All series of one circuit. A chart without points is not drawn; a sentence says why."""

    heat: tuple[HeatCell, ...] = ()
    """168 cells, or none where use was never measured."""
    weeks: tuple[Week, ...] = ()
    dots: tuple[Dot, ...] = ()
    marks: tuple[Mark, ...] = ()
    round_trips: tuple[RoundTrip, ...] = ()
    strip: tuple[StripDay, ...] = ()
