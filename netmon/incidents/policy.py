"""How many bad minutes open an incident, how many good ones close it, and when a thing counts as flapping."""

from __future__ import annotations

from dataclasses import dataclass

from netmon.incidents.incident import Badness


@dataclass(frozen=True, slots=True)
class Limit:
    """`least` minutes of the last `of` were at least this bad."""

    badness: Badness
    least: int
    of: int


@dataclass(frozen=True, slots=True)
class Policy:
    """When incidents of one kind of thing open and close.

    The flap score grows by one at each turn between good and bad, and halves in `half_life_minutes`.
    At `flapping_score` a thing flaps: its incident stays open until the score is below `calm_score`,
    above which a closed incident is opened again instead of a new one.
    """

    limits: tuple[Limit, ...] = (
        Limit(Badness.DOWN, 2, 3),
        Limit(Badness.UNSEEN, 3, 4),
        Limit(Badness.DEGRADED, 4, 6),
    )
    close_after: int = 5
    flapping_score: float = 4.0
    calm_score: float = 1.0
    half_life_minutes: float = 10.0

    @property
    def longest(self) -> int:
        """How many minutes must be remembered."""
        return max(limit.of for limit in self.limits)


AT_ONCE = Policy(limits=(Limit(Badness.DEGRADED, 1, 1),), close_after=2)
"""For rules, which have their own `for`."""
