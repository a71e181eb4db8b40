"""One target in one minute: how often it was asked, and what came back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from netmon.model import Outcome
from netmon.verdict.evidence import host_of
from netmon.verdict.sample import Sample, TargetKey
from netmon.verdict.slots import Slot
from netmon.verdict.view import WatchedProbe

ENOUGH_RATIO = 0.8
"""Share of the planned probes from which a minute counts as measured."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The samples of one target by one circuit. `diverted` is how many went by another, or who knows how."""

    key: TargetKey
    probe: WatchedProbe
    planned: int
    samples: tuple[Sample, ...]
    diverted: int = 0

    @property
    def host(self) -> str:
        """The host that is asked: two ports of one are one witness."""
        return host_of(self.key.target)

    @property
    def runs(self) -> int:
        """How often it was asked."""
        return sum(1 for sample in self.samples if sample.asked)

    @property
    def good(self) -> bool:
        """Tell whether it gave what was asked for, once at least."""
        return any(sample.good for sample in self.samples)

    @property
    def heard(self) -> bool:
        """Tell whether anything came in its name."""
        return any(sample.heard for sample in self.samples)

    @property
    def silent(self) -> bool:
        """Tell whether it was asked often enough, and nothing came at all."""
        return enough(self.runs, self.planned) and not self.heard

    @property
    def no_way(self) -> bool:
        """Tell whether this machine itself had no way to it."""
        return self.runs > 0 and all(s.outcome is Outcome.UNREACHABLE for s in self.samples if s.asked)

    @property
    def bad(self) -> bool:
        """Tell whether it was asked often enough, and never gave what was asked for."""
        return enough(self.runs, self.planned) and not self.good

    @property
    def outcome(self) -> Outcome | None:
        """How the last run ended."""
        return self.samples[-1].outcome if self.samples else None

    @property
    def sent(self) -> int:
        """Packets, or runs where packets are not counted."""
        return sum(sample.sent for sample in self.samples)

    @property
    def lost(self) -> int:
        """Those that were not answered."""
        return self.sent - sum(sample.received for sample in self.samples)

    @property
    def loss_ratio(self) -> float | None:
        """Share that was lost; None when nothing was sent."""
        return self.lost / self.sent if self.sent else None

    @property
    def trips_seconds(self) -> Sequence[float]:
        """All round trips that are known, shortest first."""
        return sorted(trip for sample in self.samples for trip in sample.trips_seconds)


def planned_runs(probe: WatchedProbe, slot: Slot) -> int:
    """Return how often a target is to be asked in a slot; 0 for one that is not due in each."""
    return int(slot.seconds // probe.every_seconds)


def enough(runs: int, planned: int) -> bool:
    """Tell whether a minute was measured. Runs begin at random moments, so that one may fall beside it."""
    return runs >= max(1, min(planned - 1, ceil(planned * ENOUGH_RATIO)))


def coverage_ratio(tallies: Iterable[Tally]) -> float | None:
    """Return the share of planned probes that were really sent; None when none was planned."""
    planned = sent = 0
    for tally in tallies:
        planned += tally.planned
        sent += min(tally.runs, tally.planned)
    return sent / planned if planned else None


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Return the nearest-rank percentile of values in order; None of none."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else None
