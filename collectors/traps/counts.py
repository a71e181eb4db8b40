"""What the receiver counts, declared once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from netmon import sdk

TRAPS: Final = "traps"


class Reason(StrEnum):
    """Why a datagram became no event of its own."""

    RATE = "rate"
    """Its device had sent too many."""
    ALL = "all"
    """All sources together had sent too many."""
    STRANGER = "stranger"
    """No configured device has its address: told once an hour, otherwise only counted."""
    COMMUNITY = "community"
    USER = "user"
    """No such SNMPv3 user, or not at that user's security level."""
    DIGEST = "digest"
    """Not signed with the user's key, or not encrypted with it."""
    TIME = "time"
    """Outside the SNMPv3 time window: old, played back, or from an engine that lost its boots."""
    REPEATED = "repeated"
    GARBLED = "garbled"
    QUEUE = "queue"
    KERNEL = "kernel"


RECEIVED: Final = sdk.counter(
    "netmon_traps_received_total", "Datagrams that were read from the socket for notifications."
)
TOLD: Final = sdk.counter("netmon_traps_told_total", "Notifications that became events.")
ACKNOWLEDGED: Final = sdk.counter(
    "netmon_informs_acknowledged_total", "Informs that were acknowledged, repeated ones included."
)
POLLS: Final = sdk.counter(
    "netmon_traps_polls_total", "Polls of devices that were asked for at once because of a notification."
)
DROPPED: Final = {
    reason: sdk.counter(
        "netmon_traps_dropped_total",
        "Datagrams that became no event, by reason; kernel: its buffer was full, so they were never read.",
        reason=str(reason),
    )
    for reason in Reason
}
TRAPS_METRICS: Final = (RECEIVED, TOLD, ACKNOWLEDGED, POLLS, *DROPPED.values())


@dataclass(slots=True)
class Counts:
    """The numbers behind those metrics, since the source was opened."""

    received: int = 0
    told: int = 0
    acknowledged: int = 0
    polls: int = 0
    dropped: Counter[Reason] = field(default_factory=Counter)

    def columns(self) -> tuple[tuple[int], ...]:
        """Return them as a reading's columns, for one row."""
        dropped = tuple(self.dropped[reason] for reason in Reason)
        return tuple((n,) for n in (self.received, self.told, self.acknowledged, self.polls, *dropped))
