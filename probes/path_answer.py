"""What the network says about one traced packet."""

from __future__ import annotations

import asyncio
import errno
from dataclasses import dataclass, field
from enum import StrEnum

from probes.error_queue import ORIGIN_ICMP, ORIGIN_ICMP6, ORIGIN_LOCAL, NetworkError
from probes.timestamping import Arrival, Departure, RoundTrip, round_trip

# ICMP type and code. RFC 792: 11/0 = hop limit (TTL) exceeded, 3/4 = too big and not to be fragmented;
# RFC 4443 §3: 3/0 = hop limit exceeded, 2/0 = too big.
_HOP_LIMIT = {(ORIGIN_ICMP, 11, 0), (ORIGIN_ICMP6, 3, 0)}
_TOO_BIG = {(ORIGIN_ICMP, 3, 4), (ORIGIN_ICMP6, 2, 0)}


class Kind(StrEnum):
    """What an answer means."""

    HOP = "hop"
    """A router on the way: the packet's hop limit ended there."""
    TARGET = "target"
    """The target itself."""
    TOO_BIG = "too_big"
    """A router, or this host: the packet does not fit the next link."""
    REFUSED = "refused"
    """A router, or this host: it goes no further, for the reason that the ICMP type and code give."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Who answered (empty: this host), what, and when. `mtu_bytes` is 0 unless a TOO_BIG names one."""

    kind: Kind
    address: str
    arrival: Arrival
    mtu_bytes: int = 0
    error: NetworkError | None = None


@dataclass(slots=True, eq=False)
class Packet:
    """One packet under way, or answered. `known_trip` is set where the kernel timed both ends itself."""

    hop_limit: int
    tag: bytes = b""
    answered: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    departure: Departure | None = None
    answer: Answer | None = None
    known_trip: RoundTrip | None = None

    @property
    def round_trip(self) -> RoundTrip | None:
        """Return the time to the answer; None without one."""
        if self.known_trip is not None or self.departure is None or self.answer is None:
            return self.known_trip
        return round_trip(self.departure, self.answer.arrival)

    def settle(self, answer: Answer) -> None:
        """Take the first answer; a second one is a duplicate."""
        if self.answer is None:
            self.answer = answer
        if not self.answered.done():
            self.answered.set_result(None)


def answer_of(error: NetworkError) -> Answer:
    """Return what an ICMP error, or this host's own refusal, says about a packet."""
    notice = error.notice
    said = (notice.origin, notice.icmp_type, notice.icmp_code)
    if said in _HOP_LIMIT:
        return Answer(Kind.HOP, notice.offender, error.arrival)
    if said in _TOO_BIG or (notice.origin == ORIGIN_LOCAL and notice.error == errno.EMSGSIZE):
        return Answer(Kind.TOO_BIG, notice.offender, error.arrival, notice.info, error)
    if same_host(notice.offender, error.address):
        # A closed port, or a firewall of the target's own: in any case that is as far as it goes.
        return Answer(Kind.TARGET, notice.offender, error.arrival)
    return Answer(Kind.REFUSED, notice.offender, error.arrival, error=error)


def same_host(one: str, other: str) -> bool:
    """Compare addresses; only one of them may say by which interface a link-local one is reached."""
    return one == other or one.partition("%")[0] == other.partition("%")[0]
