"""How many messages a day may go one by one, and when what was held back is told in one."""

from __future__ import annotations

from dataclasses import dataclass, field

DAY_MS = 86_400_000
_FIRST_MS = 300_000
"""A storm calms down first: then one summary holds all of it."""
_NEXT_MS = 3_600_000
_TITLES = 5


@dataclass(slots=True)
class Budget:
    """A day begins with its first message. A clock that is set back begins a new one."""

    most: int
    began_ms: int = 0
    spent: int = 0
    held: int = 0
    held_since_ms: int = 0
    summed_ms: int = 0
    titles: list[str] = field(default_factory=list)
    """The first ones that were held back, pages before all others."""
    pages: int = 0
    """How many of the titles are of pages."""

    def take(self, now_ms: int) -> bool:
        """Take one message out of the budget; False when it is used up."""
        if not 0 <= now_ms - self.began_ms < DAY_MS:
            self.began_ms, self.spent = now_ms, 0
        if self.spent >= self.most:
            return False
        self.spent += 1
        return True

    def hold(self, title: str, now_ms: int, *, page: bool = False) -> None:
        """Count one that is told in the summary only."""
        if not self.held:
            self.held_since_ms = now_ms
        self.held += 1
        self.titles.insert(self.pages if page else len(self.titles), title)
        self.pages = min(_TITLES, self.pages + page)
        del self.titles[_TITLES:]

    def due(self, now_ms: int) -> bool:
        """Tell whether the summary is to be sent now: after five minutes, then hourly if no page waits."""
        if not self.held:
            return False
        waited, apart = now_ms - self.held_since_ms, now_ms - self.summed_ms
        pause = _FIRST_MS if self.pages else _NEXT_MS
        return waited < 0 or (waited >= _FIRST_MS and not 0 <= apart < pause)

    def summed(self, now_ms: int) -> None:
        """Note that the summary was sent."""
        self.held, self.titles, self.pages, self.summed_ms = 0, [], 0, now_ms
