"""What the kernel knows about its own clock, and when somebody sets it; without privileges."""

from __future__ import annotations

import ctypes
import errno
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

_STA_UNSYNC = 0x40
_TIME_ERROR = 5
_CLOCK_REALTIME = 0
_NONBLOCK_CLOEXEC = os.O_NONBLOCK | os.O_CLOEXEC
_ABSTIME_CANCEL_ON_SET = 1 | 2
_NEVER_SECONDS = 2 ** (8 * ctypes.sizeof(ctypes.c_long) - 1) - 1


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


class _Itimerspec(ctypes.Structure):
    # struct itimerspec of timerfd_create(2): the first expiry comes last.
    _fields_ = (
        ("interval_sec", ctypes.c_long),
        ("interval_nsec", ctypes.c_long),
        ("value_sec", ctypes.c_long),
        ("value_nsec", ctypes.c_long),
    )


@dataclass(frozen=True, slots=True)
class KernelClock:
    """State of the kernel's clock; None where the kernel does not tell."""

    synchronised: bool | None
    max_error_seconds: float | None


def kernel_clock() -> KernelClock:
    """Ask the kernel; a sandbox without adjtimex will not say.

    adjtimex is the authority for chrony, ntpd and timesyncd alike, where the flag file of timesyncd
    knows only itself.
    """
    timex = _Timex()
    try:
        result: int = _libc().adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return KernelClock(synchronised=None, max_error_seconds=None)
    if result < 0:
        return KernelClock(synchronised=None, max_error_seconds=None)
    synchronised = result != _TIME_ERROR and not timex.status & _STA_UNSYNC
    return KernelClock(synchronised, timex.maxerror / 1_000_000)


class StepAlarm:
    """A file descriptor that becomes readable whenever CLOCK_REALTIME is set: timerfd_create(2).

    Its timer never expires; with TFD_TIMER_CANCEL_ON_SET a clock that is set cancels it. Slewing is no
    setting. OSError when the kernel or a sandbox does not offer it.
    """

    def __init__(self) -> None:
        self._fd = _checked(_libc().timerfd_create(_CLOCK_REALTIME, _NONBLOCK_CLOEXEC))
        try:
            self._arm()
        except OSError:
            self.close()
            raise

    def fileno(self) -> int:
        """Return the descriptor, for an event loop to watch."""
        return self._fd

    def acknowledge(self) -> None:
        """Become unreadable until the clock is set again."""
        # ECANCELED is the news itself; EAGAIN says that somebody has read it already.
        with suppress(OSError):
            os.read(self._fd, 8)
        self._arm()

    def close(self) -> None:
        """Give back the descriptor."""
        os.close(self._fd)

    def _arm(self) -> None:
        never = _Itimerspec(0, 0, _NEVER_SECONDS, 0)
        try:
            _checked(_libc().timerfd_settime(self._fd, _ABSTIME_CANCEL_ON_SET, ctypes.byref(never), None))
        except OSError as error:
            # The clock was set since the alarm was read: the timer runs, and whoever is woken looks only now.
            if error.errno != errno.ECANCELED:
                raise


@cache
def _libc() -> ctypes.CDLL:
    # Finding it takes 20 us, which every reading's stamp would pay.
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result
