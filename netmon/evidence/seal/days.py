"""Which daily roots nobody was told of yet: the events that told of days are what says so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from netmon.evidence.seal.roots import DayRoot, SignedRoot
from netmon.evidence.seal.verify import daily
from netmon.model import Event, Json, Retention, Stamp
from netmon.model.derived import EVIDENCE_DAY
from netmon.store.interface import HistoryReader

_DAY_HOURS, _DAY_MS = 24, 86_400_000
MOST_DAYS = 31
"""Days that are told after a long time without sealing; the lines of older ones `evidence roots` prints."""


def told_day(reader: HistoryReader, site: str, now_ms: int) -> int | None:
    """Return the last day (since 1970) that an event told of; None: none did lately.

    The event that travels is also what remembers: no crash can keep the one and lose the other.
    """
    since_ms = now_ms - (MOST_DAYS + 1) * _DAY_MS
    events = reader.events(since_ms, now_ms + _DAY_MS, EVIDENCE_DAY)
    return max((_last_day(one) for one in events if dict(one.key).get("site") == site), default=None)


def first_wanted(told: int | None, now_ms: int) -> int:
    """Return the first day that is to be told."""
    oldest = now_ms // _DAY_MS - MOST_DAYS
    return oldest if told is None else max(told + 1, oldest)


def whole_days(roots: Sequence[SignedRoot], first: int) -> list[DayRoot]:
    """Return the roots of days from one on that are over: the chain went on after their last hour."""
    if not roots:
        return []
    over = (roots[-1].root.hour + 1) // _DAY_HOURS
    return [one for one in daily(roots) if first <= one.day < over]


def day_event(site: str, days: Sequence[DayRoot], stamp: Stamp) -> Event:
    """Return the event that takes daily roots to the centre, and to whoever keeps them."""
    names = [day_name(one.day) for one in days]
    text = f"{len(days)} daily roots until {names[-1]}" if len(days) > 1 else f"daily root of {names[0]}"
    data: dict[str, Json] = {"days": names, "last_day": days[-1].day, "lines": [one.line() for one in days]}
    return Event(EVIDENCE_DAY, (("site", site),), text, stamp, data, Retention.EVIDENCE)


def day_name(day: int) -> str:
    """Return a day since 1970 as people write it."""
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()


def _last_day(event: Event) -> int:
    found = event.data.get("last_day")
    return found if isinstance(found, int) else -1
