"""What a lane asks of a way to tell somebody."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import StrEnum

from netmon.notices.message import Message

Ticket = str
"""What a channel gave for a message, to ask later what became of it."""


class Receipt(StrEnum):
    """What became of a message that a channel took."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class Channel(ABC):
    """One way. What it is sent twice must be harmless, or it must find out by itself (`again`)."""

    name: str
    """Its label in metrics and logs."""
    every_step = False
    """True for programs, which want each step of an incident; people hear of what is new to them."""
    has_budget = True
    """False where the receiver has a budget of its own."""
    refresh_seconds: float | None = None
    """For receivers of states: how often `refresh` is called, beside each change. None: it takes messages."""

    @abstractmethod
    async def send(self, message: Message, *, again: bool = False) -> Sequence[Ticket]:
        """Send it within a deadline of the channel's own; return tickets to ask by, none if none are given.

        `again`: it may have been sent before; a channel that can, asks. Raises DeliveryError alone.
        """

    @abstractmethod
    async def reach(self) -> str:
        """Find out whether it could take a message, and send none; return in words what was found.

        Raises DeliveryError.
        """

    async def receipt(self, ticket: Ticket) -> Receipt:
        """Return what became of a message; raises DeliveryError."""
        del ticket
        return Receipt.DELIVERED

    async def refresh(self, standing: Sequence[Message]) -> None:
        """Tell the receiver again what goes on, and what ended just now; raises DeliveryError."""
        del standing

    @abstractmethod
    async def close(self) -> None:
        """Give back connections and threads."""
