"""What tests have cost each circuit this calendar month, kept in the store."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from netmon.clock import Clock
from netmon.store.interface import History

_STATE_KEY = "byte_ledger"
_MONTHS_KEPT = 14


class MonthlyLedger:
    """Counts bytes per circuit and UTC month; `save()` makes the counts survive a crash.

    What is reserved counts as spent from the start, so that a process killed in the middle of a test has
    spent all that the test might have cost: the cap then holds for certain, if a little early.

    Every month has its own counts, because a box without a clock battery boots in some past month: what
    it spends there must not replace what the true month has spent.
    """

    def __init__(self, clock: Clock, caps: Mapping[str, int]) -> None:
        self._clock = clock
        self._caps = dict(caps)
        self._spent: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._saved = ""
        self._history: History | None = None
        self._held: Counter[str] = Counter()
        """What is left of reservations, by circuit: counted as spent, and not spent yet."""

    def spend(self, circuit: str, size_bytes: int) -> None:
        """Note bytes that were sent or received on a circuit's account."""
        of_reserve = min(size_bytes, self._held[circuit])
        self._held[circuit] -= of_reserve
        self._spent[self._month()][circuit] += size_bytes - of_reserve

    def spent(self, circuit: str) -> int:
        """Return what was spent this month, in bytes, with what is reserved now."""
        return self._spent[self._month()][circuit]

    def left(self, circuit: str) -> int | None:
        """Return bytes left this month; None when the circuit has no cap."""
        cap = self._caps.get(circuit)
        return None if cap is None else max(0, cap - self.spent(circuit) + self._held[circuit])

    @asynccontextmanager
    async def reserve(self, circuit: str, size_bytes: int) -> AsyncIterator[None]:
        """Hold bytes while something is going to be spent; what was not is given back at the end.

        One holder at a time for each circuit. StoreError when they cannot be held durably: nothing is.
        """
        month = self._month()
        self._spent[month][circuit] += size_bytes
        self._held[circuit] += size_bytes
        try:
            await self._keep()
            yield
        finally:
            self._spent[month][circuit] -= self._held.pop(circuit, 0)
            await self._keep()

    async def _keep(self) -> None:
        if self._history is not None:
            await self.save(self._history)

    def set_caps(self, caps: Mapping[str, int]) -> None:
        """Take the caps of a new configuration; what was spent stays."""
        self._caps = dict(caps)

    async def load(self, history: History) -> None:
        """Go on from what the store remembers; reservations are kept there from now on."""
        self._history = history
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
