"""Where a device is asked, and how patiently."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import NamedTuple

from netmon import sdk


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a device is asked: a numeric address and a port."""

    family: socket.AddressFamily
    place: tuple[str, int]
    other_source: bool = False

    def sent(self, source: tuple[str, int]) -> bool:
        """Tell whether a datagram from there may be this peer's."""
        # IPv6 sources carry flow and scope as well.
        return self.other_source or source == self.place or source[:2] == self.place


def peer_at(address: str, port: int, *, other_source: bool = False) -> Peer:
    """Return the peer of a numeric IPv4 or IPv6 address; a name is UNRESOLVED."""
    try:
        # Numeric only, so this asks no resolver; it brings the address into the form that recvfrom has.
        found = socket.getaddrinfo(address, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)
    except OSError as error:
        raise sdk.SourceError(sdk.Outcome.UNRESOLVED, f"{address} is not an address") from error
    family, _, _, _, place = found[0]
    return Peer(family, (str(place[0]), port), other_source)


class Patience(NamedTuple):
    """How long to wait for each try, and how many tries."""

    try_seconds: float
    tries: int = 1
