"""Say when a packet left and when one came, as the kernel saw it.

Linux stamps packets on request (SO_TIMESTAMPING, Documentation/networking/timestamping.rst): a busy
event loop then adds nothing to a round trip. Where the kernel gives no stamp this process's clock
serves, and the result says so.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from netmon import sdk

KERNEL_STAMPS = sdk.state(
    "netmon_probe_kernel_timestamps",
    "1 when the kernel stamped both ends of the round trip, 0 when this process's clock had to serve.",
)

Ancillary = tuple[int, int, bytes]
"""One control message: level, type, data."""

# asm-generic/socket.h; the NEW form has 64-bit seconds on 32-bit machines too.
STAMPS = 65
_TX_SOFTWARE, _RX_SOFTWARE, _SOFTWARE = 1 << 1, 1 << 3, 1 << 4
_OPT_ID, _OPT_CMSG, _OPT_TSONLY = 1 << 7, 1 << 10, 1 << 11
_BOTH_WAYS = _TX_SOFTWARE | _RX_SOFTWARE | _SOFTWARE | _OPT_ID | _OPT_CMSG | _OPT_TSONLY
_TIMESPEC = struct.Struct("=qq")
_TIMESPEC_BYTES = _TIMESPEC.size
SOCKET = int(socket.SOL_SOCKET)
_WARM_UP_TRIES, _WARM_UP_SECONDS = 50, 0.005


@dataclass(slots=True, eq=False)
class Departure:
    """A packet that was handed to the kernel; `kernel_ns` stays None until the kernel says when it left."""

    boottime_ns: int
    wall_ns: int
    kernel_ns: int | None = None


class Arrival(NamedTuple):
    """A packet that was read; `kernel_ns` is None when the kernel did not say when it came."""

    boottime_ns: int
    wall_ns: int
    kernel_ns: int | None = None


class RoundTrip(NamedTuple):
    """Time from a departure to an arrival, and whether the kernel stamped both."""

    seconds: float
    kernel: bool


def departure(clock: sdk.Clock) -> Departure:
    """Note that a packet is about to be handed to the kernel."""
    return Departure(clock.boottime_ns(), clock.wall_ns())


def arrival(clock: sdk.Clock, ancillary: Iterable[Ancillary]) -> Arrival:
    """Note that a packet was read, with the kernel's stamp from its control messages."""
    return Arrival(clock.boottime_ns(), clock.wall_ns(), kernel_stamp_ns(ancillary))


def round_trip(sent: Departure, came: Arrival) -> RoundTrip:
    """Return the time between the two, from the best stamps there are.

    The kernel stamps with the clock that can be set. Its stamps lie between our own two readings of
    the clock that cannot; a difference outside of them means that the wall clock was stepped.
    """
    own_ns = came.boottime_ns - sent.boottime_ns
    if came.kernel_ns is not None:
        left_ns = sent.wall_ns if sent.kernel_ns is None else sent.kernel_ns
        kernel_ns = came.kernel_ns - left_ns
        if 0 < kernel_ns <= own_ns:
            return RoundTrip(kernel_ns / 1e9, sent.kernel_ns is not None)
    return RoundTrip(own_ns / 1e9, kernel=False)


def start_stamps(sock: socket.socket) -> bool:
    """Ask for stamps both ways; False when the kernel cannot. Asked again, packet numbers restart at 0."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, STAMPS, 0)
        sock.setsockopt(socket.SOL_SOCKET, STAMPS, _BOTH_WAYS)
    except OSError:
        return False
    return True


def kernel_stamp_ns(ancillary: Iterable[Ancillary]) -> int | None:
    """Return the kernel's software stamp (UTC, ns) from control messages; None when there is none."""
    for level, kind, data in ancillary:
        if kind == STAMPS and level == SOCKET:
            return stamp_in(data)
    return None


def stamp_in(data: bytes) -> int | None:
    """Return the software stamp (UTC, ns) of a control message of level SOCKET and kind STAMPS."""
    if len(data) < _TIMESPEC_BYTES:
        return None
    seconds, nanoseconds = _TIMESPEC.unpack_from(data)
    found: int = seconds * 1_000_000_000 + nanoseconds
    return found or None


class StampKeeper:
    """Keep the kernel's receive stamping switched on for as long as the daemon lives.

    Linux turns it on with a deferred static key when the first socket asks: for a moment packets are
    then stamped when they are read, not when they come (50 ms instead of 25 us were measured), or not
    at all. One idle socket that is never closed keeps everybody clear of that.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    @classmethod
    async def open(cls, _clock: sdk.Clock) -> StampKeeper:
        """Open the idle socket, and wait until the kernel stamps: a quarter of a second at most."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        if start_stamps(sock):
            for _ in range(_WARM_UP_TRIES):
                if _stamps_itself(sock):
                    break
                await asyncio.sleep(_WARM_UP_SECONDS)
        return cls(sock)

    async def close(self) -> None:
        """Close it."""
        self._sock.close()


def _stamps_itself(sock: socket.socket) -> bool:
    """Send a packet to the socket itself; True when it came with a stamp, or can never come."""
    try:
        if sock.getsockname()[1] == 0:
            sock.bind(("127.0.0.1", 0))
        sock.sendto(b"", sock.getsockname())
        _, ancillary, _, _ = sock.recvmsg(1, 512)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return kernel_stamp_ns(ancillary) is not None
