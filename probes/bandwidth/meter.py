"""What a test may cost, and what it has cost so far: the ledger is told as bytes flow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from netmon import sdk


@dataclass(slots=True)
class Meter:
    """The purse of one test: IP bytes of both directions, up to `most_bytes`.

    Each byte is spent on the circuit's ledger when it is seen, so that a crash has not tested for nothing.
    """

    ledger: sdk.ByteLedger
    circuit: str
    most_bytes: int
    tell: Callable[[str], None] = sdk.no_trace
    spent_bytes: int = field(default=0, init=False)

    def note_total(self, size_bytes: int) -> int:
        """Note the total so far; return what it has grown by."""
        grown_bytes = max(size_bytes - self.spent_bytes, 0)
        self.spend(grown_bytes)
        return grown_bytes

    def spend(self, size_bytes: int) -> None:
        """Note bytes that were sent or received."""
        self.spent_bytes += size_bytes
        if self.circuit:
            self.ledger.spend(self.circuit, size_bytes)

    def allows(self, size_bytes: int = 1) -> bool:
        """Tell whether so many bytes more may be spent."""
        if self.spent_bytes + size_bytes > self.most_bytes:
            return False
        left_bytes = self.ledger.left(self.circuit) if self.circuit else None
        return left_bytes is None or left_bytes >= size_bytes
