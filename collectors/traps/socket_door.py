"""The socket that notifications come to: opened by netmon, or handed over by systemd (sd_listen_fds(3))."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final

from netmon import sdk

SYSTEMD: Final = "systemd"
"""What `listen` says for a socket that systemd hands over."""

_FIRST: Final = 3
_MOST_SOCKETS: Final = 64
_BUFFER_OCTETS: Final = 1 << 20
_SO_MEMINFO: Final = 55  # linux/asm-generic/socket.h
_MEMINFO: Final = struct.Struct("=9I")
_DROPS: Final = 8


def place(target: str) -> tuple[str, int] | None:
    """Return address and port of "192.0.2.1:1162" or "[::]:1162"; None for systemd's socket."""
    if target == SYSTEMD:
        return None
    host, colon, port = target.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not port.isdecimal() or int(port) > 65_535:
        raise sdk.UsageError(f"{target!r} is not an address with a port, such as 0.0.0.0:1162")
    try:
        ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise sdk.UsageError(f"{host!r} is not an address of this machine") from None
    return host, int(port)


def listen(target: str, environ: Mapping[str, str]) -> socket.socket:
    """Return the socket, not blocking; SourceError UNSUPPORTED in words when there is none to be had."""
    where = place(target)
    try:
        found = _handed_over(environ) if where is None else _bound(*where)
    except OSError as error:
        raise sdk.SourceError(
            sdk.Outcome.UNSUPPORTED, f"cannot listen at {target}: {error.strerror}"
        ) from error
    if found is None:
        words = "systemd gave no datagram socket: enable netmon-traps.socket and restart netmon"
        raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, words)
    found.setblocking(False)
    return found


def dropped(sock: socket.socket) -> int:
    """Return how many datagrams the kernel has dropped because the socket's buffer was full."""
    try:
        return int(_MEMINFO.unpack(sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))[_DROPS])
    except (OSError, struct.error):
        return 0


def _bound(host: str, port: int) -> socket.socket:
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        if ":" in host:
            found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_OCTETS)
        found.bind((host, port))
    except OSError:
        found.close()
        raise
    return found


def _handed_over(environ: Mapping[str, str]) -> socket.socket | None:
    """Return a copy of the first datagram socket; the original stays for the next time it is opened."""
    count = environ.get("LISTEN_FDS", "")
    if environ.get("LISTEN_PID") != str(os.getpid()) or not count.isdecimal():
        return None
    for number in range(_FIRST, _FIRST + min(int(count), _MOST_SOCKETS)):
        found = socket.socket(fileno=os.dup(number))
        if found.type == socket.SOCK_DGRAM and found.family in (socket.AF_INET, socket.AF_INET6):
            return found
        found.close()
    return None
