"""Clocks of STAMP: timestamps on the wire, how far a clock may be off, and this host's own."""

from __future__ import annotations

import math
from dataclasses import dataclass

from netmon import sdk

_NTP_TO_UNIX_SECONDS = 2_208_988_800  # RFC 868: from 1900 to 1970
_ERA_SECONDS = 1 << 32
_BILLION = 1_000_000_000
_SYNCHRONISED, _PTP = 0x8000, 0x4000
_MOST_SCALE, _MOST_MULTIPLIER = 63, 255
# What the kernel says of a clock that nobody sets: NTP_PHASE_LIMIT of linux/timex.h.
_UNSET_CLOCK_SECONDS = 16.0


@dataclass(frozen=True, slots=True)
class ErrorEstimate:
    """How far a clock may be from UTC (RFC 4656 §4.1.2). `seconds` is None in a packet that breaks the rule.

    `ptp` says that the packet's timestamps are in PTP's format (RFC 8186), whose seconds are not UTC's.
    """

    synchronised: bool
    seconds: float | None
    ptp: bool = False

    @property
    def bound_seconds(self) -> float | None:
        """Return how far a timestamp may be from UTC; None when nobody knows."""
        return self.seconds if self.synchronised and not self.ptp else None


def encode_error(estimate: ErrorEstimate) -> int:
    """Return the 16 bits of an estimate, rounded up to what they can say; at least 0.23 ns."""
    seconds = _UNSET_CLOCK_SECONDS if estimate.seconds is None else estimate.seconds
    units = max(1, math.ceil(seconds * _ERA_SECONDS))
    scale = 0
    while units > _MOST_MULTIPLIER and scale < _MOST_SCALE:
        units = -(-units // 2)
        scale += 1
    flags = _SYNCHRONISED * estimate.synchronised | _PTP * estimate.ptp
    return flags | scale << 8 | min(units, _MOST_MULTIPLIER)


def decode_error(word: int) -> ErrorEstimate:
    """Read the 16 bits of an estimate."""
    multiplier, scale = word & 0xFF, word >> 8 & _MOST_SCALE
    # RFC 4656 §4.1.2: a multiplier of zero is an error of whoever sent it.
    seconds = multiplier * 2.0 ** (scale - 32) if multiplier else None
    return ErrorEstimate(bool(word & _SYNCHRONISED), seconds, bool(word & _PTP))


def encode_time(utc_ns: int) -> int:
    """Return a moment (ns since 1970) as the 64 bits of NTP: seconds since 1900, and their fraction."""
    seconds, nanoseconds = divmod(utc_ns, _BILLION)
    return (seconds + _NTP_TO_UNIX_SECONDS) % _ERA_SECONDS << 32 | (nanoseconds << 32) // _BILLION


def decode_time(stamp: int, near_ns: int, *, ptp: bool = False) -> int:
    """Return the moment (ns since 1970) of a timestamp: of all eras, the one nearest to `near_ns`.

    An era has 136 years; NTP's first one ends in 2036.
    """
    seconds, rest = stamp >> 32, stamp & 0xFFFFFFFF
    nanoseconds = rest if ptp else (rest * _BILLION + (1 << 31)) >> 32
    moment_ns = (seconds - (0 if ptp else _NTP_TO_UNIX_SECONDS)) * _BILLION + nanoseconds
    era_ns = _ERA_SECONDS * _BILLION
    return moment_ns + round((near_ns - moment_ns) / era_ns) * era_ns


class HostTime:
    """This host's UTC, as the kernel stamps packets with it."""

    def utc_ns(self, kernel_ns: int) -> int:
        """Return the moment of a kernel's stamp by this host's clock: the same; a test may have another."""
        return kernel_ns

    def error(self) -> ErrorEstimate:
        """Ask the kernel how far its clock may be off."""
        clock = sdk.kernel_clock()
        known = clock.synchronised is True and clock.max_error_seconds is not None
        return ErrorEstimate(known, clock.max_error_seconds)
