"""A history in memory: what is accepted becomes readable at commit, as in the real one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netmon.model import Record
from netmon.store.interface import Entry, History, Position


class MemoryHistory(History):
    """Keeps everything; `cursors`, `quarantined` and `committed` are there to be looked at."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.committed: list[Entry] = []
        self.cursors: dict[str, Position] = {}
        self.quarantined: list[tuple[str, Position, str, str]] = []
        self.states: dict[str, str] = {}
        self._accepted: list[Record] = []
        self.accept(list(records))
        self._flush()

    def accept(self, records: Sequence[Record]) -> None:
        self._accepted += records

    async def commit(self) -> Position:
        return self._flush()

    def _flush(self) -> Position:
        for record in self._accepted:
            self.committed.append(Entry(len(self.committed) + 1, record))
        self._accepted = []
        return len(self.committed)

    async def after(self, position: Position, limit: int) -> Sequence[Entry]:
        return self.committed[position : position + limit]

    async def cursor(self, name: str) -> Position:
        return self.cursors.get(name, 0)

    async def advance(self, name: str, position: Position) -> None:
        self.cursors[name] = position

    async def quarantine(self, name: str, position: Position, line: str, reason: str) -> None:
        self.quarantined.append((name, position, line, reason))

    async def read_state(self, key: str) -> str | None:
        return self.states.get(key)

    async def write_state(self, key: str, value: str) -> None:
        self.states[key] = value

    async def expire(self, *_limits: float) -> int:
        return 0
