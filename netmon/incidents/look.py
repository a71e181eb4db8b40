"""What one minute says of one thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netmon.incidents.incident import Badness, Severity, Thing
from netmon.model import Fault, Json, SlotState, Stamp
from netmon.verdict.faults import HIDDEN

_SEEN_GONE = frozenset({Fault.LAN, Fault.CPE, Fault.POWER, Fault.LINE, Fault.APPLIANCE})


@dataclass(frozen=True, slots=True)
class Look:
    """`badness` None: nobody knows. `began` None: with this minute.

    `severity` None: to be decided; a rule brings its own, and the channels that it names.
    """

    thing: Thing
    badness: Badness | None
    fault: Fault = Fault.NONE
    sentence: str = ""
    facts: tuple[str, ...] = ()
    began: Stamp | None = None
    severity: Severity | None = None
    notify: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """A minute of a circuit or of the site, as it was decided."""

    state: SlotState
    degraded: bool
    fault: Fault
    sentence: str = ""
    facts: tuple[str, ...] = ()
    beside: tuple[Said, ...] = ()

    @classmethod
    def of(cls, state: SlotState, fault: Fault, words: Mapping[str, Json], *, degraded: bool) -> Said:
        """Return a minute with the words that its fact has for it."""
        beside = tuple(cls._beside(one) for one in _many(words.get("beside")) if isinstance(one, Mapping))
        if words.get("fault") != fault or words.get("state") != state:
            return cls(state, degraded, fault, beside=beside)
        return cls(state, degraded, fault, str(words.get("sentence", "")), texts(words.get("facts")), beside)

    @classmethod
    def _beside(cls, words: Mapping[str, Json]) -> Said:
        fault = Fault(str(words.get("fault")))
        return cls(SlotState.UP, False, fault, str(words.get("sentence", "")), texts(words.get("facts")))

    def look(self, thing: Thing, *, only: bool, seen_good: bool) -> Look:
        """Return whether people get out by it. `only`: it is the site, or its one line.

        A thing that never was well is not watched as it should be, which is no incident.
        """
        badness = self._badness(only=only, seen_good=seen_good)
        return Look(thing, badness, self.fault, self.sentence, self.facts)

    def _badness(self, *, only: bool, seen_good: bool) -> Badness | None:
        if self.state is SlotState.DOWN:
            return Badness.DOWN
        if self.state is SlotState.UP:
            if self.sentence == HIDDEN:
                return Badness.UNSEEN
            return Badness.DEGRADED if self.degraded else Badness.GOOD
        if self.fault is Fault.LINE or (only and self.fault in _SEEN_GONE):
            return Badness.UNSEEN
        return Badness.UNSEEN if only and seen_good else None


def texts(data: Json) -> tuple[str, ...]:
    """Return a list of texts as it is in a fact; empty for anything else."""
    return tuple(str(one) for one in _many(data))


def _many(data: Json) -> Sequence[Json]:
    return () if isinstance(data, str) or not isinstance(data, Sequence) else data
