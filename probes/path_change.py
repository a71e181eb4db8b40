"""Notice that traffic goes another way: once per change, and ever more rarely while the way flaps."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import zip_longest

from probes.path_hops import End, Way

_SIGHTINGS, _SIGHTINGS_MAX = 2, 32
_MEMORY_SECONDS = 3600.0

Addresses = tuple[tuple[str, ...], ...]
"""Who answered at each hop; an empty one is not known."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a way; `complete` when it leads to the target."""

    hops: Addresses
    complete: bool

    def same_as(self, other: Known) -> bool:
        """Tell whether both may be the same way: no hop known in both differs, nor does the length."""
        if any(
            one and two and not set(one) & set(two) for one, two in zip(self.hops, other.hops, strict=False)
        ):
            return False
        if self.complete and other.complete:
            return len(self.hops) == len(other.hops)
        shorter_is_complete = self.complete if len(self.hops) < len(other.hops) else other.complete
        return len(self.hops) == len(other.hops) or not shorter_is_complete

    def with_more_from(self, other: Known) -> Known:
        """Return the same way with hops filled in that only the other sighting knows."""
        hops = tuple(one or two for one, two in zip_longest(self.hops, other.hops, fillvalue=()))
        return Known(hops, self.complete or other.complete)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of way: from, to, and how many there were in the hour before."""

    old: Known
    new: Known
    earlier_in_hour: int


@dataclass(slots=True)
class WayMemory:
    """Remembers the way of one flow.

    A new way counts when it was seen twice in a row; for each change of the last hour it takes twice as
    many sightings (32 at most), so that a way that flaps is a handful of events and not hundreds.
    """

    settled: Known | None = None
    _candidate: Known | None = None
    _sightings: int = 0
    _changed_at: deque[float] = field(default_factory=lambda: deque(maxlen=8))

    def see(self, way: Way, now_seconds: float) -> Change | None:
        """Take what one trace found; return the change that it confirms."""
        seen = Known(way.addresses, way.end is End.TARGET)
        if self.settled is None:
            self.settled = seen
        elif self.settled.same_as(seen):
            self.settled = self.settled.with_more_from(seen)
            self._candidate = None
        elif self._candidate is not None and self._candidate.same_as(seen):
            self._candidate = self._candidate.with_more_from(seen)
            self._sightings += 1
        else:
            self._candidate, self._sightings = seen, 1
        return self._confirmed(now_seconds)

    def _confirmed(self, now_seconds: float) -> Change | None:
        while self._changed_at and now_seconds - self._changed_at[0] > _MEMORY_SECONDS:
            self._changed_at.popleft()
        earlier = len(self._changed_at)
        needed = min(_SIGHTINGS << earlier, _SIGHTINGS_MAX)
        if self._candidate is None or self.settled is None or self._sightings < needed:
            return None
        change = Change(self.settled, self._candidate, earlier)
        self._changed_at.append(now_seconds)
        self.settled, self._candidate = self._candidate, None
        return change
