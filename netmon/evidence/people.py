"""What an outage means for people: minutes times those who are expected to be there."""

from __future__ import annotations

import re
from collections.abc import Iterable

from netmon.evidence.calendar import Days, both, mask
from netmon.evidence.inputs.sites import ClosedRow, SiteRow, is_closed
from netmon.evidence.strip import STATES, Strip

_RUN = re.compile(rb"d{2,}")


def lost_user_minutes(strip: Strip, serving: bytes, users: int | None) -> int | None:
    """Return minutes of outages in service hours times users; None when it is not known how many they are.

    A site's own strip tells what people lost; a circuit's tells what they would have lost without
    another one.
    """
    if users is None:
        return None
    down = bytearray(len(strip.codes))
    for run in _RUN.finditer(strip.letters(STATES)):
        down[run.start() : run.end()] = b"\1" * (run.end() - run.start())
    return both(bytes(down), serving).count(1) * users


def served(site: SiteRow | None, closed: Iterable[ClosedRow], days: Days) -> bytes:
    """Return one byte for each minute: 1 in the site's hours (None: always), save on days that are closed."""
    found = bytearray(mask(site.service_hours if site else None, days))
    rows = tuple(closed) if site else ()
    for day, start, end in days.edges() if rows else ():
        if site and is_closed(rows, site.site, day):
            found[start - days.start_minute : end - days.start_minute] = bytes(end - start)
    return bytes(found)


def user_minutes(minutes: bytes, serving: bytes, users: int | None) -> int | None:
    """Return the minutes of a mask in service hours times users; None when that is not known."""
    return None if users is None else both(minutes, serving).count(1) * users
