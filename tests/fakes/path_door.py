"""A door onto an imagined path: what happens to a packet is one function of its hop limit and size."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from probes.path_answer import Answer, Kind, Packet
from probes.timestamping import Arrival, Departure

RTT_SECONDS = 0.01


def hop(address: str) -> Answer:
    return Answer(Kind.HOP, address, Arrival(0, 0))


def target(address: str = "target") -> Answer:
    return Answer(Kind.TARGET, address, Arrival(0, 0))


def too_big(address: str, mtu_bytes: int) -> Answer:
    return Answer(Kind.TOO_BIG, address, Arrival(0, 0), mtu_bytes)


def refused(address: str) -> Answer:
    return Answer(Kind.REFUSED, address, Arrival(0, 0))


@dataclass
class ImaginedDoor:
    """Asks `network` for the answer to each packet and gives it after a while; None is silence."""

    network: Callable[[int, int], Answer | None]
    alone: bool = False
    bare: bool = False
    """Answers quote nothing: one of several packets under way cannot be found again."""
    sent: list[Packet] = field(default_factory=list)

    def send(self, hop_limit: int, size_bytes: int = 0) -> Packet:
        packet = Packet(hop_limit, departure=Departure(0, 0))
        self.sent.append(packet)
        answer = self.network(hop_limit, size_bytes)
        if answer is not None:
            asyncio.get_running_loop().call_later(RTT_SECONDS, self._answer, packet, answer)
        return packet

    def _answer(self, packet: Packet, answer: Answer) -> None:
        if self.bare and not self.alone:
            self.alone = True
        else:
            packet.settle(answer)

    def drain(self) -> None:
        pass

    def close(self) -> None:
        pass


def answered(hop_limit: int, answer: Answer | None) -> Packet:
    """Return a packet whose fate is settled; for a running loop."""
    packet = Packet(hop_limit)
    if answer is not None:
        packet.settle(answer)
    return packet
