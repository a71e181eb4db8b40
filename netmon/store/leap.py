"""Whether the clock has just leapt forward: then it may be wrong, and nothing is deleted for its age."""

from __future__ import annotations

from sqlite3 import Connection

from netmon.model import Stamp
from netmon.store.boots import STEP_MS, Boots
from netmon.store.schema import load_boots

LEAP_MS = 24 * 3_600_000
"""A longer way forward needs time to be believed."""
PROVEN_NS = 24 * 3600 * 10**9
"""A clock that has told the same time for so long, while the machine ran, is believed."""

_STORED = "SELECT boot, at_ns FROM log WHERE boot <> ? ORDER BY position DESC LIMIT 1"
_SEALED = (
    "SELECT boot, max(last_ms) * 1000000 FROM blocks WHERE boot <> ? GROUP BY boot ORDER BY 1 DESC LIMIT 1"
)


def leapt(connection: Connection, now: Stamp) -> bool:
    """Tell whether the time is more than a day later than it should be, and that for less than a day.

    A time server that is wrong by years for a minute would cost all evidence otherwise. The same is said of
    a machine that was off for days: until it has run for one, only the byte budget deletes.
    """
    boots = load_boots(connection)
    offset_ms = now.wall_ms - now.boottime_ns // 1_000_000
    own = [segment for segment in boots.segments() if segment.boot_id == now.boot_id]
    if own and abs(own[-1].offset_ms - offset_ms) <= STEP_MS:
        from_ns, former = own[-1].from_ns, own[:-1]
    else:
        from_ns, former = now.boottime_ns if own else 0, own
    if now.boottime_ns - from_ns >= PROVEN_NS:
        return False
    began_ms = from_ns // 1_000_000
    before_ms = began_ms + former[-1].offset_ms if former else _end_ms(connection, boots, now.boot_id)
    return before_ms is not None and began_ms + offset_ms - before_ms > LEAP_MS


def _end_ms(connection: Connection, boots: Boots, boot_id: str) -> int | None:
    """Return the wall time of the newest record of earlier boots; None when there is none."""
    own = max((one.boot for one in boots.segments() if one.boot_id == boot_id), default=0)
    row = connection.execute(_STORED, (own,)).fetchone() or connection.execute(_SEALED, (own,)).fetchone()
    try:
        return None if row is None else boots.stamp(*row).wall_ms
    except ValueError:
        return None
