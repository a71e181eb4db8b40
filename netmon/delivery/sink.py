"""What a pump asks of a place that data goes to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from netmon.model import Record


class Sink(ABC):
    """One receiver of the history. Sending the same lines twice must be harmless."""

    name: str
    """Its label in metrics and logs."""
    batch_lines: int
    """How many lines one request carries at most."""

    @property
    def cursor(self) -> str:
        """Name of its place in the store; another receiver has another, and so gets the whole history."""
        return self.name

    @abstractmethod
    def encode(self, record: Record) -> Sequence[bytes]:
        """Return the record's lines: each the smallest thing that can be refused; none: nothing to send."""

    @property
    def left_out_total(self) -> int:
        """Values that the sink's format cannot hold, since the start."""
        return 0

    @abstractmethod
    async def send(self, lines: Sequence[bytes]) -> None:
        """Send lines, within a deadline of the sink's own; return when they are the receiver's.

        Otherwise raise RetryLater, Parked, TooLarge or Rejected (netmon.errors), and nothing else.
        """

    @abstractmethod
    async def close(self) -> None:
        """Give back connections and threads."""
