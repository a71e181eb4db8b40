"""What a pump asks of a place that data goes to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from netmon.model import Record
from netmon.store.interface import Position


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

    @property
    def left_out_total(self) -> int:
        """Values that the sink's format cannot hold, since the start."""
        return 0

    @property
    def hung_up(self) -> bool:
        """Tell whether the receiver ended its connection without a word: it may have crashed since.

        One that acknowledges from memory has then forgotten what it took last.
        """
        return False

    @abstractmethod
    def encode(self, record: Record) -> Sequence[bytes]:
        """Return the record's lines: each the smallest thing that can be refused; none: nothing to send."""

    def encode_past(self, record: Record) -> Sequence[bytes]:
        """Return the lines of a record that is sent after newer ones."""
        return self.encode(record)

    async def resume(self, position: Position) -> Position:
        """Return where to go on, given what the store remembers; a sink that knows better says so."""
        return position

    async def recognises(self, history: str) -> bool:
        """Tell whether what it knows better is of the history of this name; a sink without memory agrees."""
        del history
        return True

    async def begin_again(self, position: Position) -> Position:
        """Learn that what it knows better is of another history; return where this one goes on."""
        return position

    @abstractmethod
    async def send(self, lines: Sequence[bytes]) -> None:
        """Send lines, within a deadline of the sink's own; return when they are the receiver's.

        Otherwise raise RetryLater, Parked, TooLarge or Rejected (netmon.errors), and nothing else.
        """

    async def complete(self, position: Position) -> None:
        """Learn that all lines up to a position were sent; raises RetryLater or Parked to be told again."""
        del position

    async def welcomes(self, wall_ms: int) -> bool:
        """Tell whether data of this moment are taken after newer ones; raises RetryLater or Parked."""
        del wall_ms
        return False

    async def too_old(self, wall_ms: int) -> bool:
        """Tell whether data of this moment are refused for their age alone; raises RetryLater or Parked."""
        del wall_ms
        return False

    @abstractmethod
    async def close(self) -> None:
        """Give back connections and threads."""
