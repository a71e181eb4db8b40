"""An NTP server that says what a test tells it to."""

from __future__ import annotations

import struct
import time

_EPOCH_SECONDS = 2_208_988_800


def time_server(ahead_seconds=0.0, *, stratum=2, leap=0, kept_seconds=0.0, reference=b"\x7f\0\0\x01"):
    """Return what answers one datagram: a server that is so far ahead of this machine."""

    def answer(request: bytes) -> list[bytes]:
        received = time.time() + ahead_seconds
        head = struct.pack("!BBbbII4s", leap << 6 | 4 << 3 | 4, stratum, 6, -20, 0x8000, 0x1000, reference)
        moments = (received - 10, received, received + kept_seconds)
        stamps = [ntp_time(moment) for moment in moments]
        return [head + stamps[0] + request[40:48] + stamps[1] + stamps[2]]

    return answer


def ntp_time(unix_seconds: float) -> bytes:
    """Return an NTP timestamp, of whatever era."""
    whole = int(unix_seconds // 1)
    return struct.pack("!II", (whole + _EPOCH_SECONDS) % (1 << 32), int((unix_seconds - whole) * (1 << 32)))
