"""When a site tests: random moments in all parts of the day, agreed with neighbours without a word. Pure.

All sites that share an egress have the same list of them, and compute the same plan from it: each part of
the day is cut into as many turns as fit, and a hash of egress, day and site says whose turn is when.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from hashlib import blake2b
from itertools import pairwise
from zoneinfo import ZoneInfo

from netmon import sdk


@dataclass(frozen=True, slots=True)
class Fleet:
    """The sites behind one egress. `public_tests_per_day` limits all of them together; None: no limit."""

    egress: str
    sites: tuple[str, ...]
    public_tests_per_day: int | None = None


@dataclass(frozen=True, slots=True)
class Timetable:
    """The day's parts: so many in the peak hours and beside them, in local time.

    `turn_seconds` is what one test may take, with what it may be late; `late_seconds` is that part.
    """

    timezone: str
    peak_hours: sdk.Hours
    peak: int
    off_peak: int
    turn_seconds: float
    late_seconds: float


@dataclass(frozen=True, slots=True)
class Stratum:
    """A part of a day: its name and its minutes (of Unix time), which need not lie side by side."""

    name: str
    peak: bool
    minutes: Sequence[int] = field(repr=False)

    @property
    def seconds(self) -> int:
        """How long it is, its gaps left out."""
        return len(self.minutes) * 60

    def moment(self, seconds: float) -> float:
        """Return the Unix time so many of its own seconds after its beginning."""
        at = min(int(seconds // 60), len(self.minutes) - 1)
        return self.minutes[at] * 60 + (seconds - at * 60)

    def gaps(self) -> list[float]:
        """Return after how many of its own seconds something else lies in between."""
        return [
            float(at * 60) for at, (one, other) in enumerate(pairwise(self.minutes), 1) if other != one + 1
        ]


@dataclass(frozen=True, slots=True)
class Appointment:
    """One planned test of one site: Unix time in s; after `latest` its turn is over."""

    day: date
    stratum: str
    peak: bool
    at: float
    latest: float


def strata(timetable: Timetable, day: date) -> tuple[Stratum, ...]:
    """Return the parts of a local day, whether it has 23, 24 or 25 hours; a part without minutes is none."""
    zone = ZoneInfo(timetable.timezone)
    begin, end = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
    minutes = range(round(begin.timestamp() / 60), round(end.timestamp() / 60))
    busy = {
        minute for minute in minutes if timetable.peak_hours.covers(datetime.fromtimestamp(minute * 60, zone))
    }
    calm = [minute for minute in minutes if minute not in busy]
    return (
        *_parts("peak", sorted(busy), timetable.peak, peak=True),
        *_parts("off-peak", calm, timetable.off_peak, peak=False),
    )


def _parts(name: str, minutes: Sequence[int], count: int, *, peak: bool) -> list[Stratum]:
    cuts = [round(len(minutes) * part / count) for part in range(count + 1)] if count else []
    parts = [minutes[begin:end] for begin, end in pairwise(cuts)]
    return [Stratum(f"{name} {number}", peak, part) for number, part in enumerate(parts, 1) if part]


def appointments(timetable: Timetable, fleet: Fleet, site: str, day: date) -> tuple[Appointment, ...]:
    """Return when a site tests on a day, in the order of time."""
    return fleet_day(timetable, fleet, day).get(site, ())


def fleet_day(timetable: Timetable, fleet: Fleet, day: date) -> Mapping[str, tuple[Appointment, ...]]:
    """Return when each site of a fleet tests on a day, in the order of time."""
    parts, found = strata(timetable, day), dict[str, list[Appointment]]()
    for number, part in enumerate(parts):
        gaps = part.gaps()
        for site, turn in turns(timetable, fleet, day, parts, number).items():
            chance = _chance(fleet.egress, day, part.name, site, "moment")
            begin = _begin(turn, part.seconds / turn.of, timetable.turn_seconds, gaps, chance)
            if begin is not None:
                at = part.moment(begin)
                made = Appointment(day, part.name, part.peak, at, at + timetable.late_seconds)
                found.setdefault(site, []).append(made)
    return {site: tuple(sorted(made, key=lambda one: one.at)) for site, made in found.items()}


@dataclass(frozen=True, slots=True)
class Turn:
    """Which of how many turns of a stratum."""

    number: int
    of: int


def turns(
    timetable: Timetable, fleet: Fleet, day: date, parts: Sequence[Stratum], number: int
) -> Mapping[str, Turn]:
    """Return whose turn is when in a part of a day. Where there are fewer turns than sites, they rotate."""
    part, sites = parts[number], sorted(set(fleet.sites))
    fitting = int(part.seconds // timetable.turn_seconds)
    quota = _share(fleet.public_tests_per_day, number, len(parts))
    count = min(len(sites), fitting, len(sites) if quota is None else quota)
    before = day.toordinal() * len(parts) + number
    served = [sites[(before * count + place) % len(sites)] for place in range(count)]
    in_order = sorted(served, key=lambda site: _chance(fleet.egress, day, part.name, site, "order"))
    return {site: Turn(place, count) for place, site in enumerate(in_order)}


def _share(per_day: int | None, number: int, parts: int) -> int | None:
    return None if per_day is None else per_day * (number + 1) // parts - per_day * number // parts


def _begin(
    turn: Turn, length: float, turn_seconds: float, gaps: Sequence[float], chance: float
) -> float | None:
    """Return when in its stratum a test begins, so that it ends within its turn and before any gap in it.

    None where a gap leaves too little of the turn on either side.
    """
    first, last = length * turn.number, length * (turn.number + 1)
    begin = first + chance * (length - turn_seconds)
    for gap in gaps:
        if begin < gap < begin + turn_seconds:
            if gap + turn_seconds <= last:
                return gap
            return gap - turn_seconds if gap - turn_seconds >= first else None
    return begin


def _chance(*words: object) -> float:
    """Return a number from 0 to 1 that anybody finds again from the same words."""
    text = "\n".join(map(str, words))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") / 2**64
