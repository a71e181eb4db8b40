"""What a trace's packets add up to: hops, where loss begins, and how the way ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median_low

from probes.path_answer import Answer, Kind, Packet


class HopState(StrEnum):
    """How a hop behaves."""

    OK = "ok"
    LOSSY = "lossy"
    """Packets are lost on the way to it: every later hop lacks answers too."""
    LIMITED = "limited"
    """It leaves packets unanswered that later hops answer all: it saves on answers, nothing is lost."""
    SILENT = "silent"
    """It never answers, and later hops do."""


class End(StrEnum):
    """How a way ends."""

    TARGET = "target"
    SILENCE = "silence"
    """Nobody answers after the last hop that did."""
    REFUSAL = "refusal"
    """A router, or this host, says that it goes no further."""
    LOOP = "loop"
    """Packets come by the same router again."""
    HOP_LIMIT = "hop_limit"
    """As many hops as may be asked have answered, and none of them was the target."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop: who answered there (most often first; nobody: empty), and how many of how many packets.

    `loss_ratio` is what is lost up to there at most: the smallest share of unanswered packets of this
    hop and all later ones, because what reached a later hop was not lost here.
    """

    number: int
    addresses: tuple[str, ...]
    sent: int
    answered: int
    trips_seconds: tuple[float, ...]
    kernel: bool
    loss_ratio: float

    @property
    def unanswered_ratio(self) -> float:
        """Share of packets that this hop did not answer, for whatever reason."""
        return 1 - self.answered / self.sent

    @property
    def median_seconds(self) -> float | None:
        """The median round trip (the lower of two); None when the hop never answered."""
        return median_low(self.trips_seconds) if self.trips_seconds else None

    @property
    def state(self) -> HopState:
        """How the hop behaves."""
        if not self.answered:
            return HopState.SILENT
        if self.loss_ratio > 0:
            return HopState.LOSSY
        return HopState.LIMITED if self.answered < self.sent else HopState.OK


@dataclass(frozen=True, slots=True)
class Way:
    """The hops of one flow, up to the last that answered, and how it ends; `refusal` says by whose word."""

    hops: tuple[Hop, ...]
    end: End
    refusal: Answer | None = None

    @property
    def addresses(self) -> tuple[tuple[str, ...], ...]:
        """Who answered at each hop."""
        return tuple(hop.addresses for hop in self.hops)

    @property
    def loss_begins(self) -> int:
        """Number of the first hop that packets are lost on the way to; 0: nothing is lost."""
        return next((hop.number for hop in self.hops if hop.loss_ratio > 0), 0)


def way_of(packets: Sequence[Packet], max_hops: int) -> Way:
    """Return what the packets of one flow found."""
    target = min((p.hop_limit for p in packets if _is(p, Kind.TARGET)), default=0)
    refused = [p for p in packets if _is(p, Kind.REFUSED, Kind.TOO_BIG)]
    last = target or max((p.hop_limit for p in packets if p.answer is not None), default=0)
    if refused and not target:
        last = min(p.hop_limit for p in refused)
    hops = _hops([p for p in packets if p.hop_limit <= last], last)
    if target:
        return Way(hops, End.TARGET)
    if refused:
        refusal = refused[0].answer
        if len(hops) > 1 and set(hops[-1].addresses) <= set(hops[-2].addresses):
            hops = hops[:-1]  # the router before refuses to pass packets on: there is no further hop
        return Way(hops, End.REFUSAL, refusal)
    if loops([hop.addresses for hop in hops]):
        return Way(hops, End.LOOP)
    return Way(hops, End.HOP_LIMIT if hops and last >= max_hops else End.SILENCE)


def loops(addresses: Sequence[tuple[str, ...]]) -> bool:
    """Tell whether packets come by a router again: at two hops with another in between, or at three.

    Two in a row do not count: some routers pass on a packet whose hop limit has ended.
    """
    places: dict[str, list[int]] = {}
    for place, (address, *_others) in ((at, hop) for at, hop in enumerate(addresses) if hop):
        places.setdefault(address, []).append(place)
    return any(
        any(addresses[between] for between in range(found[0] + 1, found[-1]))
        for found in places.values()
        if len(found) > 1
    )


def _is(packet: Packet, *kinds: Kind) -> bool:
    return packet.answer is not None and packet.answer.kind in kinds


def _hops(packets: Sequence[Packet], last: int) -> tuple[Hop, ...]:
    asked = [[p for p in packets if p.hop_limit == number] for number in range(1, last + 1)]
    found: list[Hop] = []
    loss_ratio = 1.0
    for number, group in reversed(list(enumerate(asked, 1))):
        answered = [p for p in group if p.answer is not None]
        loss_ratio = min(loss_ratio, 1 - len(answered) / len(group)) if group else loss_ratio
        found.append(_hop(number, len(group), answered, loss_ratio))
    return tuple(reversed(found))


def _hop(number: int, sent: int, answered: Sequence[Packet], loss_ratio: float) -> Hop:
    addresses = Counter(p.answer.address for p in answered if p.answer is not None)
    trips = [trip for trip in (p.round_trip for p in answered) if trip is not None]
    return Hop(
        number,
        tuple(address for address, _ in addresses.most_common()),
        max(sent, 1),
        len(answered),
        tuple(trip.seconds for trip in trips),
        bool(trips) and all(trip.kernel for trip in trips),
        loss_ratio,
    )
