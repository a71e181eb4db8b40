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
    """What came of the runs for one target by one circuit, counted once: the rules look at it many times.

    `runs` are those in which anything was sent, `good` whether it gave what was asked for in one of them,
    `heard` whether anything came in its name. `diverted` is how many went by another circuit, or who knows
    how. Packets are runs where nobody counts packets.
    """

    key: TargetKey
    probe: WatchedProbe
    planned: int
    runs: int = 0
    good: bool = False
    heard: bool = False
    no_way: bool = False
    """Whether this machine itself never had a way to it."""
    sent: int = 0
    received: int = 0
    outcome: Outcome | None = None
    """How the last run ended."""
    trips_seconds: Sequence[float] = ()
    """All round trips that are known, shortest first."""
    diverted: int = 0

    @property
    def host(self) -> str:
        """The host that is asked: two ports of one are one witness."""
        return host_of(self.key.target)

    @property
    def silent(self) -> bool:
        """Tell whether it was asked often enough, and nothing came at all."""
        return not self.heard and enough(self.runs, self.planned)

    @property
    def bad(self) -> bool:
        """Tell whether it was asked often enough, and never gave what was asked for."""
        return not self.good and enough(self.runs, self.planned)

    @property
    def lost(self) -> int:
        """Packets that were not answered."""
        return self.sent - self.received

    @property
    def loss_ratio(self) -> float | None:
        """Share that was lost; None when nothing was sent."""
        return self.lost / self.sent if self.sent else None


def tally(
    key: TargetKey, probe: WatchedProbe, planned: int, samples: Sequence[Sample], diverted: int = 0
) -> Tally:
    """Count samples; beside a bandwidth test only whether they were answered."""
    asked = [sample for sample in samples if sample.asked]
    calm = [sample for sample in samples if not sample.under_test]
    return Tally(
        key,
        probe,
        planned,
        runs=len(asked),
        good=any(sample.good for sample in samples),
        heard=any(sample.heard for sample in samples),
        no_way=not asked and any(sample.outcome is Outcome.UNREACHABLE for sample in samples),
        sent=sum([sample.sent for sample in calm]),
        received=sum([sample.received for sample in calm]),
        outcome=samples[-1].outcome if samples else None,
        trips_seconds=sorted([trip for sample in calm for trip in sample.trips_seconds]),
        diverted=diverted,
    )


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
