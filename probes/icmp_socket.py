"""Unprivileged ping sockets: one per family for the life of the daemon."""

from __future__ import annotations

import logging
import socket
from collections.abc import Sequence
from typing import ClassVar

from netmon import sdk
from probes.binding import bind
from probes.echo import Echo, Train
from probes.echo_socket import EchoSocket, Wire
from probes.stamped_socket import forbid_fragments

log = logging.getLogger(__name__)

_IPV4, _IPV6 = Wire(8, 0), Wire(128, 129)  # RFC 792, RFC 4443 §4
_REMEDY = 'sysctl -w net.ipv4.ping_group_range="0 2147483647"'


def ping_socket(
    family: socket.AddressFamily,
    clock: sdk.Clock,
    circuit: sdk.Circuit | None = None,
    *,
    whole: bool = False,
) -> EchoSocket:
    """Open a ping socket, tied to a circuit if one is given; SourceError when that one cannot be used.

    `whole` forbids fragments. PermissionError outside of net.ipv4.ping_group_range, OSError without
    the family.
    """
    protocol = socket.IPPROTO_ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP
    sock = socket.socket(family, socket.SOCK_DGRAM, protocol)
    try:
        bind(sock, circuit)
        if whole:
            forbid_fragments(sock)
    except (sdk.SourceError, OSError):
        sock.close()
        raise
    return EchoSocket(sock, _IPV6 if family == socket.AF_INET6 else _IPV4, clock)


class EchoSockets:
    """The daemon's ping sockets; None for a family that this process may not, or cannot, use."""

    whole: ClassVar[bool] = False

    def __init__(self, ipv4: EchoSocket | None, ipv6: EchoSocket | None) -> None:
        self._by_version = {4: ipv4, 6: ipv6}

    @classmethod
    async def open(cls, clock: sdk.Clock) -> EchoSockets:
        """Open what can be opened; warns once, with the remedy, when ping sockets are not permitted."""
        try:
            ipv4 = ping_socket(socket.AF_INET, clock, whole=cls.whole)
        except PermissionError:
            log.warning("ping sockets are not permitted, ICMP probes fall back: %s", _REMEDY)
            return cls(None, None)
        except OSError:
            ipv4 = None
        try:
            return cls(ipv4, ping_socket(socket.AF_INET6, clock, whole=cls.whole))
        except OSError:
            return cls(ipv4, None)

    def of(self, version: int) -> EchoSocket | None:
        """Return the socket of IP version 4 or 6."""
        return self._by_version[version]

    async def close(self) -> None:
        """Close both."""
        for echo_socket in self._by_version.values():
            if echo_socket is not None:
                echo_socket.close()


class WholeEchoSockets(EchoSockets):
    """The same, for packets that nobody may cut into fragments: too big ones are refused, with the MTU."""

    whole = True


async def train_of_its_own(
    address: str, train: Train, clock: sdk.Clock, circuit: sdk.Circuit, *, whole: bool
) -> Sequence[Echo]:
    """Send a train to an IPv6 address by a socket that is tied to a circuit, and closed again.

    The shared one will not do: IPv6 ping sockets ignore the address in IPV6_PKTINFO (seen on Linux 6.18;
    IPv4 and UDP heed it).
    """
    echo_socket = ping_socket(socket.AF_INET6, clock, circuit, whole=whole)
    try:
        return await echo_socket.train(address, train)
    finally:
        echo_socket.close()
