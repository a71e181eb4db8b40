"""Read a socket's error queue: transmit stamps, and ICMP errors with the host that sent them.

Layout: struct sock_extended_err of linux/errqueue.h, followed by the offender's sockaddr.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from netmon import sdk
from probes.timestamping import SOCKET, STAMPS, Ancillary, Arrival, stamp_in

IP_RECVERR, IPV6_RECVERR = 11, 25
_IPV4, _IPV6 = int(socket.IPPROTO_IP), int(socket.IPPROTO_IPV6)
ORIGIN_LOCAL, ORIGIN_ICMP, ORIGIN_ICMP6, _ORIGIN_STAMP = 1, 2, 3, 4
_EXTENDED_ERROR = struct.Struct("=IBBBBII")

# RFC 792: 3 = destination unreachable, of which code 3 = port. RFC 4443: 1 = unreachable, code 4 = port.
_PORT_UNREACHABLE = {(ORIGIN_ICMP, 3, 3), (ORIGIN_ICMP6, 1, 4)}


@dataclass(frozen=True, slots=True)
class Notice:
    """One entry of the error queue, before anybody knows whose packet it is about.

    For a transmit stamp `key` is the number of the packet; otherwise it is None, and the rest says what
    went wrong: who sent the ICMP error (empty: this host) and which type and code. `info` is the next
    hop's MTU where a packet was too big, 0 where that is not said.
    """

    origin: int
    error: int
    icmp_type: int
    icmp_code: int
    offender: str
    key: int | None = None
    info: int = 0


@dataclass(frozen=True, slots=True)
class NetworkError:
    """The network's or the far host's no to one packet: to whom it was going, and what is left of it."""

    notice: Notice
    address: str
    port: int
    quoted: bytes
    arrival: Arrival

    @property
    def outcome(self) -> sdk.Outcome:
        """Return REFUSED when the far host has no such port, UNREACHABLE for everything on the way."""
        notice = self.notice
        if (notice.origin, notice.icmp_type, notice.icmp_code) in _PORT_UNREACHABLE:
            return sdk.Outcome.REFUSED
        if notice.origin == ORIGIN_LOCAL:
            return outcome_of(notice.error)
        return sdk.Outcome.UNREACHABLE

    def __str__(self) -> str:
        notice = self.notice
        if not notice.offender:
            return f"{self.address}: {errno.errorcode.get(notice.error, str(notice.error))}"
        return f"{self.address}: {notice.offender} says ICMP type {notice.icmp_type} code {notice.icmp_code}"


def notice_of(ancillary: Iterable[Ancillary]) -> Notice | None:
    """Return what an entry of the error queue says; None when it says nothing that we know."""
    for level, kind, data in ancillary:
        if not _is_extended_error(level, kind, data):
            continue
        error, origin, icmp_type, icmp_code, _pad, mtu, number = _EXTENDED_ERROR.unpack_from(data)
        key = number if origin == _ORIGIN_STAMP else None
        offender = _offender(data[_EXTENDED_ERROR.size :])
        return Notice(origin, error, icmp_type, icmp_code, offender, key, 0 if key is not None else mtu)
    return None


def transmit_stamp(ancillary: Iterable[Ancillary]) -> tuple[int, int | None] | None:
    """Return a transmit stamp: the packet's number, and when it left (ns); None when the entry is none.

    The same as notice_of() and an arrival say, at a third of the cost: there is one for each packet.
    """
    number, stamp_ns = None, None
    for level, kind, data in ancillary:
        if level == SOCKET:
            stamp_ns = stamp_in(data) if kind == STAMPS else None
        elif _is_extended_error(level, kind, data):
            _error, origin, _type, _code, _pad, _info, key = _EXTENDED_ERROR.unpack_from(data)
            number = key if origin == _ORIGIN_STAMP else None
    return None if number is None else (number, stamp_ns)


def _is_extended_error(level: int, kind: int, data: bytes) -> bool:
    known = kind == IP_RECVERR if level == _IPV4 else level == _IPV6 and kind == IPV6_RECVERR
    return known and len(data) >= _EXTENDED_ERROR.size


def _offender(sockaddr: bytes) -> str:
    if len(sockaddr) < 8:
        return ""
    (family,) = struct.unpack_from("=H", sockaddr)
    if family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, sockaddr[4:8])
    if family == socket.AF_INET6 and len(sockaddr) >= 24:
        return socket.inet_ntop(socket.AF_INET6, sockaddr[8:24])
    return ""


_OUTCOMES = {
    errno.ECONNREFUSED: sdk.Outcome.REFUSED,
    errno.ECONNRESET: sdk.Outcome.REFUSED,
    errno.ETIMEDOUT: sdk.Outcome.TIMEOUT,
    errno.EPERM: sdk.Outcome.UNSUPPORTED,
    errno.EACCES: sdk.Outcome.UNSUPPORTED,
    errno.EAFNOSUPPORT: sdk.Outcome.UNSUPPORTED,
    errno.EMSGSIZE: sdk.Outcome.UNSUPPORTED,
    errno.EADDRINUSE: sdk.Outcome.BUSY,
    errno.ENOBUFS: sdk.Outcome.BUSY,
    errno.EAGAIN: sdk.Outcome.BUSY,
}


def outcome_of(error: int | None) -> sdk.Outcome:
    """Return what a failed connect or send means, by errno; everything not listed is UNREACHABLE."""
    return _OUTCOMES.get(error or 0, sdk.Outcome.UNREACHABLE)


def failure(error: OSError, what: str) -> sdk.SourceError:
    """Return the SourceError for a failed system call about `what`."""
    reason = errno.errorcode.get(error.errno or 0, str(error))
    return sdk.SourceError(outcome_of(error.errno), f"{what}: {reason}")
