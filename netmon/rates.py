"""Rates over counters: computed when read, never stored."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Count:
    """One value of a counter: when (CLOCK_BOOTTIME of one boot, or wall time, in ns) and in which epoch."""

    value: float
    time_ns: int
    epoch: int


def increase(
    before: Count, after: Count, wrap_bits: int = 64, ceiling_per_second: float | None = None
) -> float | None:
    """Return how much a counter grew; None when that cannot be known.

    Unknown: the epochs differ (RFC 2863 §3.1.6: counters may restart when sysUpTime falls or
    ifCounterDiscontinuityTime moves), time did not advance, or the growth exceeds what the line can
    carry (`ceiling_per_second`). A fall within one epoch is a wrap for 32-bit counters, if exactly one
    wrap is plausible under the ceiling (without one: under half the range); for 64-bit ones it is a reset.
    """
    elapsed_seconds = (after.time_ns - before.time_ns) / 1e9
    if elapsed_seconds <= 0 or before.epoch != after.epoch:
        return None
    grown = after.value - before.value
    room = None if ceiling_per_second is None else ceiling_per_second * elapsed_seconds
    if grown < 0:
        grown = _unwrap(grown, wrap_bits, room)
    elif wrap_bits == 32 and room is not None and room >= 2**32:
        # At this rate the counter may have wrapped once or more between the two polls: nobody can tell.
        return None
    if grown < 0 or (room is not None and grown > room):
        return None
    return grown


def _unwrap(grown: float, wrap_bits: int, room: float | None) -> float:
    if wrap_bits != 32:
        return -1
    once = grown + 2**32
    plausible = once <= (2**31 if room is None else room) and (room is None or room < 2**32)
    return once if plausible else -1


def rate(
    before: Count, after: Count, wrap_bits: int = 64, ceiling_per_second: float | None = None
) -> float | None:
    """Return growth per second; None when it cannot be known (see `increase`)."""
    grown = increase(before, after, wrap_bits, ceiling_per_second)
    if grown is None:
        return None
    return grown * 1e9 / (after.time_ns - before.time_ns)
