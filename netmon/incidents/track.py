"""One thing's last minutes: k of n bad ones, m good ones, and how much it flaps."""

from __future__ import annotations

from collections import deque

from netmon.incidents.incident import Badness
from netmon.incidents.policy import Policy
from netmon.model import Stamp


class Track:
    """Fed with each minute of a thing, once, in order. None says that nobody knows: it counts for nothing."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._window: deque[tuple[Stamp, Badness | None]] = deque(maxlen=policy.longest)
        self._good_run = 0
        self._good_since: Stamp | None = None
        self.score = 0.0
        self.last: Badness | None = None
        """The last minute that is known."""
        self.now: Badness | None = None
        """The last minute, known or not."""
        self.seen_good = False

    def follow(self, policy: Policy) -> None:
        """Judge by another policy from now on."""
        self._policy = policy
        self._window = deque(self._window, maxlen=policy.longest)

    def feed(self, began: Stamp, badness: Badness | None) -> None:
        """Take the minute that began then."""
        self._window.append((began, badness))
        self.score *= 0.5 ** (1 / self._policy.half_life_minutes)
        self.now = badness
        if badness is None:
            return
        if self.last is not None and bool(badness) != bool(self.last):
            self.score += 1
        self.last = badness
        if badness:
            self._good_run, self._good_since = 0, None
        else:
            self.seen_good = True
            self._good_run += 1
            self._good_since = self._good_since or began

    @property
    def bad(self) -> bool:
        """Tell whether the last minute was bad."""
        return bool(self.now)

    @property
    def flapping(self) -> bool:
        """Tell whether it comes and goes."""
        return self.score >= self._policy.flapping_score

    @property
    def restless(self) -> bool:
        """Tell whether it came and went so lately that its next trouble is the same one."""
        return self.score >= self._policy.calm_score

    def ripe(self) -> Stamp | None:
        """Return when it began, when it has been bad often enough; None when it has not."""
        began = [
            at for limit in self._policy.limits if (at := self._first(limit.badness, limit.least, limit.of))
        ]
        return min(began, key=lambda stamp: stamp.boottime_ns, default=None)

    def _first(self, floor: Badness, least: int, of: int) -> Stamp | None:
        """Return the first of the bad minutes, and of those just before it that were less bad."""
        minutes = list(self._window)
        start = max(0, len(minutes) - of)
        found = [at for at in range(start, len(minutes)) if (minutes[at][1] or Badness.GOOD) >= floor]
        if len(found) < least:
            return None
        first = found[0]
        while first and minutes[first - 1][1]:
            first -= 1
        return minutes[first][0]

    def calm(self, *, held: bool) -> Stamp | None:
        """Return since when it is good, when that is long enough; `held`: it flapped, and must calm down."""
        if self._good_run < self._policy.close_after or (held and self.restless):
            return None
        return self._good_since

    def begin_at(self, first: Stamp, minutes: int) -> None:
        """Count good minutes from this one on, of which there are so many: before it was another time."""
        if self._good_run > minutes:
            self._good_run, self._good_since = minutes, first

    def turn_page(self) -> None:
        """Forget the minutes of an incident that is closed; how restless it is stays."""
        self._window.clear()
