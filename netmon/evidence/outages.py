"""Outages: runs of at least two minutes proven down, with who answers for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from netmon.evidence.attribution import OF_LETTER, Attribution
from netmon.evidence.strip import STATES, Strip

_RUN = re.compile(rb"d{2,}")
_MOST_BETWEEN = 2
"""Minutes between two runs that still are one incident."""
_BLAME = (
    Attribution.PLANNED, Attribution.UNKNOWN, Attribution.POWER, Attribution.COUNCIL_LAN,
    Attribution.APPLIANCE, Attribution.SUPPLIER,
)  # fmt: skip
"""When two have as many minutes, the earlier one here answers: the supplier is blamed last."""


@dataclass(frozen=True, slots=True)
class Outage:
    """One incident; the end is not part of it. Minutes between its runs that were up stay up.

    Each end is known to a minute. `others` are the stretches of down minutes that the supplier does not
    answer for. `began_before` and `goes_on` say that it reaches beyond the period: it belongs to the one in
    which it began.
    """

    start_minute: int
    end_minute: int
    down_minutes: int
    by: tuple[tuple[Attribution, int], ...]
    others: tuple[tuple[int, int], ...] = ()
    began_before: bool = False
    goes_on: bool = False

    @property
    def attribution(self) -> Attribution:
        """Who answers for most of its minutes."""
        return max(self.by, key=lambda one: (one[1], -_BLAME.index(one[0])))[0]

    def minutes_of(self, who: Attribution) -> int:
        """Return the minutes that somebody answers for."""
        return dict(self.by).get(who, 0)


def outages(strip: Strip, letters: bytes, excluded: bytes, inside: range) -> Iterator[Outage]:
    """Yield the outages of a strip that touch the places of a period, whole, also where they reach beyond it.

    Excluded minutes are `planned`, whoever was at fault.
    """
    states = strip.letters(STATES)
    for first, last in _incidents(states):
        if last <= inside.start or first >= inside.stop:
            continue
        counts: dict[Attribution, int] = {}
        others: list[int] = []
        for place in range(first, last):
            if states[place : place + 1] == b"d":
                who = Attribution.PLANNED if excluded[place] else OF_LETTER[chr(letters[place])]
                counts[who] = counts.get(who, 0) + 1
                if who is not Attribution.SUPPLIER:
                    others.append(strip.start_minute + place)
        yield Outage(
            strip.start_minute + first,
            strip.start_minute + last,
            sum(counts.values()),
            tuple(sorted(counts.items(), key=lambda one: (-one[1], one[0]))),
            tuple(_stretches(others)),
            first < inside.start,
            last > inside.stop,
        )


def _stretches(minutes: Sequence[int]) -> Iterator[tuple[int, int]]:
    start = None
    for place, minute in enumerate(minutes):
        start = minute if start is None else start
        if place + 1 == len(minutes) or minutes[place + 1] > minute + 1:
            yield start, minute + 1
            start = None


def _incidents(states: bytes) -> Sequence[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for run in _RUN.finditer(states):
        if found and _not_down(states, found[-1][1], run.start()) <= _MOST_BETWEEN:
            found[-1] = found[-1][0], run.end()
        else:
            found.append((run.start(), run.end()))
    return found


def _not_down(states: bytes, start: int, end: int) -> int:
    return end - start - states.count(b"d", start, end)
