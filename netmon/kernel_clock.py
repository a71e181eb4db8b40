"""What the kernel knows about its own clock: adjtimex(2), read only, without privileges."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass

_STA_UNSYNC = 0x40
_TIME_ERROR = 5


class _Timeval(ctypes.Structure):
    _fields_ = (("sec", ctypes.c_long), ("usec", ctypes.c_long))


class _Timex(ctypes.Structure):
    # struct timex of adjtimex(2).
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time", _Timeval),
        ("tick", ctypes.c_long),
        ("ppsfreq", ctypes.c_long),
        ("jitter", ctypes.c_long),
        ("shift", ctypes.c_int),
        ("stabil", ctypes.c_long),
        ("jitcnt", ctypes.c_long),
        ("calcnt", ctypes.c_long),
        ("errcnt", ctypes.c_long),
        ("stbcnt", ctypes.c_long),
        ("tai", ctypes.c_int),
        ("_reserved", ctypes.c_int * 11),
    )


@dataclass(frozen=True, slots=True)
class KernelClock:
    """State of the kernel's clock; None where the kernel does not tell."""

    synchronised: bool | None
    max_error_seconds: float | None


def _adjtimex() -> Callable[[object], int] | None:
    try:
        found: Callable[[object], int] = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return None
    return found


# Found once: looking it up takes 26 us, and 200 when the caches are cold, which they are at each reading.
_ADJTIMEX = _adjtimex()


def kernel_clock() -> KernelClock:
    """Ask the kernel; a sandbox without adjtimex will not say.

    adjtimex is the authority for chrony, ntpd and timesyncd alike, where the flag file of timesyncd
    knows only itself.
    """
    timex = _Timex()
    result = -1 if _ADJTIMEX is None else int(_ADJTIMEX(ctypes.byref(timex)))
    if result < 0:
        return KernelClock(synchronised=None, max_error_seconds=None)
    synchronised = result != _TIME_ERROR and not timex.status & _STA_UNSYNC
    return KernelClock(synchronised, timex.maxerror / 1_000_000)
