"""How far a sink has got: what was acknowledged, and what is surely safe."""

from __future__ import annotations

from collections import deque

from netmon.store.interface import Position

_REWINDS = 5
"""Times that the same records are sent again in doubt; a line that breaks every ten seconds must not
stop all progress."""
_CHEAP_RECORDS = 10_000
"""So many may be sent again as often as that does not keep the place from getting further."""


class Place:
    """A position, and `settled` some seconds behind it.

    A server that acknowledges from memory may have lost the last seconds when it comes back after a
    crash. So the place goes back to what was settled whenever nobody answered for a while; sending
    again is harmless.
    """

    def __init__(self, settle_seconds: float, start: Position = 0) -> None:
        self.position = self.settled = start
        self._settle_seconds = settle_seconds
        self._acknowledged: deque[tuple[float, Position]] = deque()
        self._in_doubt = self._shaky = False
        self._rewinds = 0
        self._furthest: Position = 0

    @property
    def doubtful(self) -> bool:
        """Tell whether nobody answered since something was reached."""
        return self._in_doubt

    def doubt(self) -> None:
        """Note that nobody answered."""
        self._in_doubt = self._shaky = True

    def reached(self, now_seconds: float) -> None:
        """Note that everything up to `position` was acknowledged; goes back once after a doubt."""
        self._acknowledged.append((now_seconds, self.position))
        if self._in_doubt:
            self._go_back()
        self._in_doubt = False

    def settle(self, now_seconds: float) -> bool:
        """Move `settled`, unless in doubt; tell whether it moved."""
        if self._in_doubt:
            return False
        before, limit = self.settled, now_seconds - self._settle_seconds
        while self._acknowledged and self._acknowledged[0][0] <= limit:
            self.settled = self._acknowledged.popleft()[1]
        moved = self.settled > before
        if moved:
            self._rewinds = self._rewinds if self._shaky else 0
            self._shaky = False
        return moved

    def _go_back(self) -> None:
        if self._rewinds >= _REWINDS:
            return
        further = self.position > self._furthest and self.position - self.settled <= _CHEAP_RECORDS
        self._rewinds += not further
        self._furthest = max(self._furthest, self.position)
        self.position = self.settled
        self._acknowledged.clear()
