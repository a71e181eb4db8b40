"""What tests have cost each circuit this calendar month, kept in the store."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from netmon.clock import Clock
from netmon.store.interface import History

_STATE_KEY = "byte_ledger"


class MonthlyLedger:
    """Counts bytes per circuit and UTC month; `save()` makes the counts survive a crash."""

    def __init__(self, clock: Clock, caps: Mapping[str, int]) -> None:
        self._clock = clock
        self._caps = dict(caps)
        self._month = ""
        self._spent: Counter[str] = Counter()

    def spend(self, circuit: str, size_bytes: int) -> None:
        """Note bytes that were sent or received on a circuit's account."""
        self._turn_over()
        self._spent[circuit] += size_bytes

    def spent(self, circuit: str) -> int:
        """Return what was spent this month, in bytes."""
        self._turn_over()
        return self._spent[circuit]

    def left(self, circuit: str) -> int | None:
        """Return bytes left this month; None when the circuit has no cap."""
        cap = self._caps.get(circuit)
        return None if cap is None else max(0, cap - self.spent(circuit))

    def set_caps(self, caps: Mapping[str, int]) -> None:
        """Take the caps of a new configuration; what was spent stays."""
        self._caps = dict(caps)

    async def load(self, history: History) -> None:
        """Go on from what the store remembers."""
        self._turn_over()
        saved = json.loads(await history.read_state(_STATE_KEY) or "{}")
        if saved.get("month") == self._month:
            self._spent.update(saved.get("spent", {}))

    async def save(self, history: History) -> None:
        """Keep the counts durably."""
        self._turn_over()
        await history.write_state(_STATE_KEY, json.dumps({"month": self._month, "spent": self._spent}))

    def _turn_over(self) -> None:
        month = datetime.fromtimestamp(self._clock.wall_ns() / 1e9, UTC).strftime("%Y-%m")
        if month != self._month:
            self._month, self._spent = month, Counter()
