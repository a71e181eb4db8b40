"""What tests have cost each circuit this calendar month, kept in the store."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime

from netmon.clock import Clock
from netmon.store.interface import History

_STATE_KEY = "byte_ledger"
_MONTHS_KEPT = 14


class MonthlyLedger:
    """Counts bytes per circuit and UTC month; `save()` makes the counts survive a crash.

    Every month has its own counts, because a box without a clock battery boots in some past month: what
    it spends there must not replace what the true month has spent.
    """

    def __init__(self, clock: Clock, caps: Mapping[str, int]) -> None:
        self._clock = clock
        self._caps = dict(caps)
        self._spent: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._saved = ""

    def spend(self, circuit: str, size_bytes: int) -> None:
        """Note bytes that were sent or received on a circuit's account."""
        self._spent[self._month()][circuit] += size_bytes

    def spent(self, circuit: str) -> int:
        """Return what was spent this month, in bytes."""
        return self._spent[self._month()][circuit]

    def left(self, circuit: str) -> int | None:
        """Return bytes left this month; None when the circuit has no cap."""
        cap = self._caps.get(circuit)
        return None if cap is None else max(0, cap - self.spent(circuit))

    def set_caps(self, caps: Mapping[str, int]) -> None:
        """Take the caps of a new configuration; what was spent stays."""
        self._caps = dict(caps)

    async def load(self, history: History) -> None:
        """Go on from what the store remembers."""
        self._saved = await history.read_state(_STATE_KEY) or "{}"
        for month, spent in json.loads(self._saved).items():
            self._spent[month].update(spent)

    async def save(self, history: History) -> None:
        """Keep the counts of the last months durably, if they have changed."""
        newest = sorted(month for month, spent in self._spent.items() if spent)[-_MONTHS_KEPT:]
        text = json.dumps({month: self._spent[month] for month in newest}, sort_keys=True)
        if text != self._saved:
            await history.write_state(_STATE_KEY, text)
            self._saved = text

    def _month(self) -> str:
        return datetime.fromtimestamp(self._clock.wall_ns() / 1e9, UTC).strftime("%Y-%m")
