"""What an outage means for people: minutes times those who are expected to be there."""

from __future__ import annotations

import re

from netmon.evidence.calendar import both
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


def user_minutes(minutes: bytes, serving: bytes, users: int | None) -> int | None:
    """Return the minutes of a mask in service hours times users; None when that is not known."""
    return None if users is None else both(minutes, serving).count(1) * users
