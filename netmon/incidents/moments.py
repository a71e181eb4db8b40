"""Arithmetic with moments: within one boot by the clock that nobody sets, else by the one that is set."""

from __future__ import annotations

from dataclasses import replace

from netmon.model import Json, Stamp

_MINUTE_NS = 60_000_000_000


def elapsed_seconds(start: Stamp, end: Stamp) -> float:
    """Return the time between two moments: by the clock that nobody sets, where one boot has both."""
    if start.boot_id == end.boot_id:
        return (end.boottime_ns - start.boottime_ns) / 1e9
    return (end.wall_ms - start.wall_ms) / 1000


def settled(stamp: Stamp, now: Stamp) -> Stamp:
    """Return a moment with the time that is believed now, if it was told by a clock that nobody had set."""
    if stamp.synced or stamp.boot_id != now.boot_id:
        return stamp
    ago_ms = (now.boottime_ns - stamp.boottime_ns) // 1_000_000
    return replace(stamp, wall_ms=now.wall_ms - ago_ms, synced=now.synced)


def earlier(stamp: Stamp, minutes: int) -> Stamp:
    """Return the moment so many minutes before."""
    back_ns = minutes * _MINUTE_NS
    return replace(
        stamp, boottime_ns=stamp.boottime_ns - back_ns, wall_ms=stamp.wall_ms - back_ns // 1_000_000
    )


def shortened(stamp: Stamp | None) -> Json:
    """Return a moment as facts and events carry it."""
    return None if stamp is None else [stamp.boot_id, stamp.boottime_ns, stamp.wall_ms, stamp.synced]


def short_stamp(data: Json) -> Stamp | None:
    """Return the moment that a fact or an event carries; None when there is none."""
    if not isinstance(data, list | tuple) or len(data) != 4:
        return None
    boot_id, boottime_ns, wall_ms, synced = data
    return Stamp(str(boot_id), int(str(boottime_ns)), int(str(wall_ms)), bool(synced))
